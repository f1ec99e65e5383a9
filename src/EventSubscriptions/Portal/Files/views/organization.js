import { get } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { count, number, timeAgo } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { repeat } from '../core/repeat.js';
import { go } from '../core/router.js';
import { session } from '../core/session.js';
import { form, refuse, textField } from '../parts/form.js';
import { table } from '../parts/list.js';
import { empty, heading, link, loading, pill, section } from '../parts/page.js';

const highest = 2 ** 31 - 1;
const interval = 10_000;
const mostShown = 100;
const columns = ['Organization', 'State', 'Subscriptions', 'Last 24 hours', 'Relay'];

/**
 * The organizations and how they are doing, for admins; others are asked for the organization, if their key is valid for all.
 * @param {View} view
 */
export async function chooseOrganization({ outlet, signal }) {
  if (!session.may('admin')) {
    outlet.classList.add('narrow');
    heading(outlet, 'Choose an organization');
    outlet.append(chooser(signal));
    return;
  }

  heading(outlet, 'Organizations');
  const place = h('div', {}, loading('the organizations'));
  outlet.append(place, section('Choose an organization', h('div', { class: 'short' }, chooser(signal))));
  await refresh();
  await repeat(interval, signal, refresh);

  async function refresh() {
    const [list, health] = await Promise.all([
      get(api.organizations, { query: { pageSize: mostShown }, signal }),
      // An unhealthy app has no Relay state; the rest is shown all the same.
      get(api.health, { signal }).catch(() => null),
    ]);
    fill(place, listOf(list.body.items, list.body.continuationToken !== null, health?.body.relay ?? []));
  }
}

/**
 * @param {OrganizationSummary[]} items
 * @param {boolean} isPartial
 * @param {RelaySubscriber[]} relay
 * @returns {Child}
 */
function listOf(items, isPartial, relay) {
  if (items.length === 0) {
    return empty('No organization has subscriptions yet.', 'Open one by its number, and create a subscription.');
  }

  const failing = items.filter(item => item.failingSince).length;
  const { element, body, row } = table('Organizations', columns);
  body.append(
    ...items.map(({ id, subscriptions, failingSince, delivered, failed }) =>
      row([
        link(`Organization ${id}`, views.overview(id), { class: 'name' }),
        failingSince ? [pill('Failing', 'bad'), h('span', { class: 'aside' }, ' since ', timeAgo(failingSince))] : pill('Healthy', 'good'),
        [
          `${number(subscriptions.active)} active`,
          subscriptions.failing > 0 ? `, ${number(subscriptions.failing)} failing` : '',
          subscriptions.deactivated > 0 ? `, ${number(subscriptions.deactivated)} deactivated` : '',
        ],
        `${number(delivered)} delivered, ${number(failed)} failed`,
        relayOf(relay.filter(subscriber => subscriber.organizationId === id)),
      ]),
    ),
  );
  return [
    h(
      'p',
      { class: 'lead' },
      failing === 0 ? pill('All is well', 'good') : pill('Needs attention', 'bad'),
      failing === 0 ? ' No subscription is failing.' : ` ${count(failing, 'organization')} with failing subscriptions.`,
    ),
    h('div', { class: 'table' }, element),
    isPartial ? h('p', { class: 'aside' }, `The first ${mostShown} are shown, failing ones first. Open others by their number.`) : null,
  ];
}

/** @param {RelaySubscriber[]} subscribers */
function relayOf(subscribers) {
  return subscribers.length === 0
    ? '–'
    : subscribers.some(subscriber => subscriber.state === 'failing')
      ? pill('Failing', 'bad')
      : `${Math.max(...subscribers.map(subscriber => subscriber.lagSeconds ?? 0))} s behind`;
}

/** @param {AbortSignal} signal */
function chooser(signal) {
  const id = textField({
    name: 'organizationId',
    label: 'Organization',
    required: true,
    value: `${session.organization ?? ''}`,
    hint: 'Its number. Your key is valid for all organizations; events and subscriptions belong to one.',
    attributes: { inputmode: 'numeric' },
  });
  return form({
    fields: [id],
    label: 'Open',
    busy: 'Opening…',
    signal,
    onsubmit: async () => {
      const text = id.value.trim();
      if (!/^(0|[1-9]\d*)$/.test(text) || Number(text) > highest) {
        throw refuse('organizationId', `must be a whole number from 0 to ${highest}`);
      }

      go(views.overview(text));
    },
  });
}
