import { get } from '../core/api.js';
import { fill, h, svg } from '../core/dom.js';
import { duration, hour, number } from '../core/format.js';
import { api } from '../core/paths.js';
import { repeat } from '../core/repeat.js';
import { loading, problemNotice } from './page.js';

const hours = 24;
const interval = 10_000;
/** @type {[Series, string][]} */
const series = [
  ['delivered', 'Delivered'],
  ['failed', 'Failed'],
  ['throttled', 'Throttled or gone'],
  ['skipped', 'Skipped'],
];
const width = 720;
const height = 120;

/**
 * Draws the outcomes and response times of the last 24 hours, hour by hour, and again while the page is open.
 * @param {HTMLElement} place
 * @param {OrganizationId} organization
 * @param {string | null} subscriptionId Of one subscription, or of the organization.
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export async function drawLastDay(place, organization, subscriptionId, signal) {
  fill(place, loading('the last 24 hours'));
  let shown = '';
  try {
    await refresh();
  } catch (error) {
    if (!signal.aborted) {
      fill(
        place,
        problemNotice(error, () => drawLastDay(place, organization, subscriptionId, signal)),
      );
    }

    return;
  }

  await repeat(interval, signal, refresh);

  async function refresh() {
    const { body, text } = await get(api.statistics(organization), { query: { subscriptionId }, signal });
    if (text !== shown) {
      shown = text;
      fill(
        place,
        body.total.attempts === 0
          ? h('p', { class: 'aside' }, 'No attempts in the last 24 hours. New ones are counted within 10 seconds.')
          : draw(body.items.slice(-hours).map(bucketOf)),
      );
    }
  }
}

/**
 * @param {StatisticsPeriod} period
 * @returns {Bucket}
 */
function bucketOf({ from, outcomes, latencyP50Ms, latencyP95Ms }) {
  return {
    start: new Date(from),
    delivered: outcomes.delivered,
    failed: outcomes.failed,
    throttled: outcomes.throttled + outcomes.gone,
    skipped: outcomes.skipped,
    median: latencyP50Ms ?? null,
    slowest: latencyP95Ms ?? null,
  };
}

/** @param {Bucket[]} buckets */
function draw(buckets) {
  const most = Math.max(...buckets.map(bucket => series.reduce((sum, [name]) => sum + bucket[name], 0)));
  const slowest = Math.max(...buckets.map(bucket => bucket.slowest ?? 0), 1);
  return h(
    'div',
    { class: 'charts' },
    figure(
      'Attempts per hour',
      number(most),
      buckets,
      bars(buckets, most),
      series.filter(([name]) => buckets.some(bucket => bucket[name] > 0)),
    ),
    figure('Response time', duration(slowest), buckets, lines(buckets, slowest), [
      ['median', 'Median'],
      ['slowest', '95 % were faster'],
    ]),
    h('details', {}, h('summary', {}, 'Show as a table'), asTable(buckets)),
  );
}

/**
 * @param {string} title
 * @param {string} highest
 * @param {Bucket[]} buckets
 * @param {Child[]} drawing
 * @param {[string, string][]} legend
 */
function figure(title, highest, buckets, drawing, legend) {
  const labels = [0, 6, 12, 18].map(i => h('span', {}, hour(buckets[i].start)));
  return h(
    'figure',
    {},
    h(
      'figcaption',
      {},
      title,
      h(
        'ul',
        { class: 'legend' },
        legend.map(([name, label]) => h('li', {}, h('span', { class: `swatch ${name}` }), label)),
      ),
    ),
    h(
      'div',
      { class: 'plot' },
      h('div', { class: 'scale', 'aria-hidden': 'true' }, h('span', {}, highest), h('span', {}, '0')),
      svg(
        'svg',
        {
          viewBox: `0 0 ${width} ${height}`,
          preserveAspectRatio: 'none',
          role: 'img',
          'aria-label': `${title}, at most ${highest}. The table below has the numbers.`,
        },
        drawing,
      ),
      h('div', { class: 'times', 'aria-hidden': 'true' }, labels, h('span', {}, 'now')),
    ),
  );
}

/**
 * @param {Bucket[]} buckets
 * @param {number} most
 */
function bars(buckets, most) {
  const step = width / hours;
  return buckets.flatMap((bucket, i) => {
    let top = height;
    return series
      .filter(([name]) => bucket[name] > 0)
      .map(([name]) => {
        const tall = Math.max((bucket[name] / most) * height, 1);
        top -= tall;
        return svg('rect', { class: name, x: i * step + 3, y: top, width: step - 6, height: tall });
      });
  });
}

/**
 * @param {Bucket[]} buckets
 * @param {number} slowest
 */
function lines(buckets, slowest) {
  const step = width / hours;
  return /** @type {const} */ (['slowest', 'median']).flatMap(name => {
    const points = buckets.map((bucket, i) => {
      const value = bucket[name];
      return value === null ? null : /** @type {[number, number]} */ ([i * step + step / 2, height - 2 - (value / slowest) * (height - 8)]);
    });
    return [
      svg('path', { class: name, d: pathThrough(points), 'vector-effect': 'non-scaling-stroke' }),
      // A point without neighbours has no line to be on.
      ...points.map((point, i) =>
        point && !points[i - 1] && !points[i + 1]
          ? svg('path', { class: `${name} dot`, d: `M${point[0]} ${point[1]}h0.01`, 'vector-effect': 'non-scaling-stroke' })
          : null,
      ),
    ];
  });
}

/** @param {([number, number] | null)[]} points */
function pathThrough(points) {
  return points.map((point, i) => (point ? `${points[i - 1] ? 'L' : 'M'}${point[0].toFixed(1)} ${point[1].toFixed(1)}` : '')).join('');
}

/** @param {Bucket[]} buckets */
function asTable(buckets) {
  const columns = ['Hour', ...series.map(([, label]) => label), 'Median', '95 % faster than'];
  return h(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'The last 24 hours as a table' },
    h(
      'table',
      { class: 'plain' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map(column => h('th', { scope: 'col' }, column)),
        ),
      ),
      h(
        'tbody',
        {},
        buckets
          .filter(bucket => series.some(([name]) => bucket[name] > 0))
          .reverse()
          .map(bucket =>
            h(
              'tr',
              {},
              h('td', {}, hour(bucket.start)),
              series.map(([name]) => h('td', {}, number(bucket[name]))),
              h('td', {}, bucket.median === null ? '–' : duration(bucket.median)),
              h('td', {}, bucket.slowest === null ? '–' : duration(bucket.slowest)),
            ),
          ),
      ),
    ),
  );
}
