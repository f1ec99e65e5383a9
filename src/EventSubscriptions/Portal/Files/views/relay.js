import { get } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { duration, timeAgo } from '../core/format.js';
import { api } from '../core/paths.js';
import { repeat } from '../core/repeat.js';
import { table } from '../parts/list.js';
import { empty, heading, loading, pill } from '../parts/page.js';

const interval = 5000;
/** @type {Record<string, [string, Tone]>} */
const states = { waiting: ['Not polled yet', 'off'], healthy: ['Healthy', 'good'], failing: ['Failing', 'bad'] };

/**
 * The Relay subscribers: when each was last polled, and its lag.
 * @param {View} view
 */
export async function relay({ outlet, signal }) {
  heading(outlet, 'Relay');
  const place = h('div', {}, loading('the subscribers of Relay'));
  outlet.append(
    h('p', { class: 'aside' }, 'The events of each configured Relay subscriber are polled and published to its organization.'),
    place,
  );
  await show();
  await repeat(interval, signal, show);

  async function show() {
    const { body } = await get(api.health, { signal });
    const subscribers = body.relay ?? [];
    fill(
      place,
      subscribers.length === 0
        ? empty(
            'No Relay subscriber is configured.',
            'Add one in the app’s settings: Relay__Subscribers__0__SubscriberId, …__ApiKey and …__OrganizationId. It appears here after the next start.',
          )
        : tableOf(subscribers),
    );
  }
}

/** @param {RelaySubscriber[]} subscribers */
function tableOf(subscribers) {
  const { element, body, row } = table('Relay subscribers', ['Subscriber', 'Organization', 'State', 'Last successful poll', 'Lag']);
  body.append(
    ...subscribers.map(subscriber => {
      const [word, tone] = states[subscriber.state] ?? [subscriber.state, 'off'];
      return row([
        h('code', {}, subscriber.subscriberId),
        `${subscriber.organizationId}`,
        [
          pill(word, tone),
          subscriber.error ? [h('p', {}, subscriber.error.detail), h('p', { class: 'aside' }, subscriber.error.hint ?? '')] : null,
        ],
        subscriber.lastSuccessfulPollAt ? timeAgo(subscriber.lastSuccessfulPollAt) : 'Never',
        subscriber.lagSeconds === null || subscriber.lagSeconds === undefined ? '–' : lagOf(subscriber.lagSeconds),
      ]);
    }),
  );
  return h('div', { class: 'table' }, element);
}

/** @param {number} seconds */
function lagOf(seconds) {
  return seconds < 120
    ? duration(seconds * 1000)
    : seconds < 7200
      ? `${Math.round(seconds / 60)} minutes`
      : `${Math.round(seconds / 3600)} hours`;
}
