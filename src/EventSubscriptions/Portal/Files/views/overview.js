import { get } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { count, time, timeAgo } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { repeat } from '../core/repeat.js';
import { drawLastDay } from '../parts/chart.js';
import { empty, heading, link, loading, pill, section } from '../parts/page.js';
import { auditTypes, state } from '../parts/words.js';

const interval = 5000;
const mostFailures = 5;
const mostSubscriptions = 1000;

/**
 * How an organization is doing: what is failing now, the latest failures with what to do, and the last 24 hours.
 * @param {View} view
 */
export async function overview({ outlet, parameters: { organization }, signal }) {
  heading(outlet, `Organization ${organization}`);
  const subscriptions = h('div', {}, loading('the subscriptions'));
  const failures = h('div', {}, loading('the latest failures'));
  const chart = h('div', {});
  outlet.append(section('Subscriptions', subscriptions), section('Latest failures', failures), section('The last 24 hours', chart));
  void drawLastDay(chart, organization, null, signal);
  let shown = '';
  await refresh();
  await repeat(interval, signal, refresh);

  async function refresh() {
    const [all, failed, deadLettered] = await Promise.all([
      get(api.subscriptions(organization), { query: { pageSize: mostSubscriptions }, signal }),
      get(api.auditLog(organization), { query: { type: 'delivery.failed', pageSize: mostFailures }, signal }),
      get(api.auditLog(organization), { query: { type: 'delivery.deadLettered', pageSize: mostFailures }, signal }),
    ]);
    const newest = [...failed.body.items, ...deadLettered.body.items]
      .sort((a, b) => b.timestamp.localeCompare(a.timestamp))
      .slice(0, mostFailures);
    const text = JSON.stringify([all.body, newest]);
    if (text !== shown) {
      shown = text;
      fill(subscriptions, summaryOf(organization, all.body.items, all.body.continuationToken !== null));
      fill(failures, failuresOf(organization, newest, all.body.items));
    }
  }
}

/**
 * @param {OrganizationId} organization
 * @param {Subscription[]} all
 * @param {boolean} isPartial
 * @returns {Child}
 */
function summaryOf(organization, all, isPartial) {
  const failing = all.filter(item => item.isActive && item.health.state === 'failing');
  const deactivated = all.filter(item => !item.isActive && item.health.reason);
  const broken = [...failing, ...deactivated];
  const active = all.filter(item => item.isActive).length;
  const of = isPartial ? `of the first ${count(all.length, 'subscription')}` : `of ${count(all.length, 'subscription')}`;
  if (all.length === 0) {
    return empty('There are no subscriptions yet.', link('Go to the subscriptions', views.subscriptions(organization)));
  }

  return [
    broken.length === 0
      ? h('p', { class: 'lead' }, pill('All is well', 'good'), ` ${count(active, 'subscription')} active, ${of}; none is failing.`)
      : h(
          'p',
          { class: 'lead' },
          pill('Needs attention', 'bad'),
          ` ${[
            failing.length > 0 ? `${failing.length} failing` : null,
            deactivated.length > 0 ? `${deactivated.length} deactivated by the app` : null,
          ]
            .filter(Boolean)
            .join(', ')}, ${of}.`,
        ),
    broken.length === 0
      ? null
      : h(
          'ul',
          { class: 'cards' },
          broken.map(item =>
            h(
              'li',
              { class: 'card' },
              link(item.name, views.subscription(organization, item.id), { class: 'name' }),
              h('p', {}, state(item)),
            ),
          ),
        ),
    h('p', {}, link('All subscriptions', views.subscriptions(organization))),
  ];
}

/**
 * @param {OrganizationId} organization
 * @param {AuditEntry[]} entries
 * @param {Subscription[]} subscriptions
 * @returns {Child}
 */
function failuresOf(organization, entries, subscriptions) {
  if (entries.length === 0) {
    return h('p', { class: 'aside' }, 'There are no failures in the audit log.');
  }

  const names = new Map(subscriptions.map(item => [item.id, item.name]));
  return [
    h(
      'ul',
      { class: 'cards' },
      entries.map(({ type, timestamp, subscriptionId: id, eventId, eventName, error }) =>
        h(
          'li',
          { class: 'card' },
          h('p', { class: 'lead' }, auditTypes[type] ?? type, ' ', timeAgo(timestamp)),
          id ? h('p', {}, 'To ', link(names.get(id) ?? id, views.subscription(organization, id))) : null,
          h('p', {}, error?.detail ?? ''),
          error?.hint ? h('p', {}, h('strong', {}, 'What to do: '), error.hint) : null,
          h(
            'p',
            { class: 'aside' },
            id && eventId ? link(eventName ?? eventId, views.delivery(organization, id, eventId)) : (eventName ?? ''),
            ' ',
            time(timestamp),
          ),
        ),
      ),
    ),
    h('p', {}, link('Audit log', views.auditLog(organization))),
  ];
}
