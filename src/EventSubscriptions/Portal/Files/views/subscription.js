import { get, patch } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { time } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { repeat } from '../core/repeat.js';
import { session } from '../core/session.js';
import { drawLastDay } from '../parts/chart.js';
import { certificateOf } from '../parts/clientCertificate.js';
import { button, facts, heading, link, linkButton, loading, retitle, say, section } from '../parts/page.js';
import { authenticationOf, eventsOf, formatOf, labelsOf, state } from '../parts/words.js';
import { deliveries } from './deliveries.js';
import { remove, rotate, sendTest } from './subscriptionActions.js';

const stateInterval = 5000;

/**
 * One subscription: its state, its operations, and its deliveries.
 * @param {View} view
 */
export async function subscription({ outlet, parameters: { organization, id }, query, signal }) {
  const path = api.subscription(organization, id);
  const actions = h('div', { class: 'actions' });
  const title = heading(outlet, 'Subscription', { above: link('Subscriptions', views.subscriptions(organization)), beside: actions });
  const about = h('div', { class: 'card' }, loading('the subscription'));
  const chart = h('div', {});
  outlet.append(about);
  let changes = 0;
  let current = (await get(path, { signal })).body;
  show();
  outlet.append(section('The last 24 hours', chart), deliveries({ organization, id, query, signal }));
  void drawLastDay(chart, organization, id, signal);
  await repeat(stateInterval, signal, refresh);

  async function refresh() {
    const before = changes;
    const { body } = await get(path, { signal });

    // What was read before a change that was made meanwhile is old.
    if (before === changes && JSON.stringify(body) !== JSON.stringify(current)) {
      current = body;
      show();
    }
  }

  function show() {
    if (title.textContent !== current.name) {
      retitle(title, current.name);
    }

    fill(
      about,
      h('p', { class: 'lead' }, state(current)),
      current.description ? h('p', { class: 'description' }, current.description) : null,
      facts([
        ['URL', h('span', { class: 'url' }, current.url)],
        ['Events', h('span', { title: current.events.join('\n') }, eventsOf(current.events))],
        ['Authentication', authenticationOf(current)],
        ['Client certificate', certificateOf(current.clientCertificate)],
        ['Format', formatOf(current)],
        ['Headers', current.headerNames ? current.headerNames.join(', ') : null],
        ['Filter', current.filter ? h('code', {}, JSON.stringify(current.filter)) : null],
        ['Retry schedule', current.retrySchedule ? current.retrySchedule.join(', ') : null],
        ['Deadline', current.deadline ?? null],
        ['Rate limit', current.rateLimitPerSecond ? `${current.rateLimitPerSecond}` : 'no limit'],
        ['Labels', labelsOf(current)],
        ['External id', current.externalId ? h('code', {}, current.externalId) : null],
        ['Changed', time(current.updatedAt)],
        ['Id', h('code', {}, current.id)],
      ]),
      h('p', {}, link('Audit log', views.auditLog(organization, { subscriptionId: id }))),
    );
    offer();
  }

  // The buttons stay where they are while the state is refreshed, so that none loses the focus.
  function offer() {
    if (!session.may('manage')) {
      fill(
        actions,
        h('p', { class: 'aside' }, `Your key’s role is ${session.caller?.role}: it can read; changes require the role manage.`),
      );
      return;
    }

    const shown = actions.dataset.isActive;
    if (shown === `${current.isActive}`) {
      return;
    }

    actions.dataset.isActive = `${current.isActive}`;
    const hadFocus = actions.contains(document.activeElement);
    const toggle = button(current.isActive ? 'Deactivate' : 'Activate', toggleActivity, { kind: current.isActive ? '' : 'primary' });
    fill(
      actions,
      button('Send test event', () => sendTest(organization, current, signal)),
      toggle,
      linkButton('Edit', views.editSubscription(organization, id)),
      linkButton('Replay', views.replays(organization, id)),
      button('Rotate secret', () => rotate(organization, current, signal)),
      button('Delete', () => remove(organization, current, signal), { kind: 'danger' }),
    );
    if (hadFocus) {
      toggle.focus();
    }
  }

  /** @param {{ target: HTMLButtonElement }} event */
  async function toggleActivity(event) {
    event.target.disabled = true;
    changes++;
    try {
      current = (await patch(path, { isActive: !current.isActive }, { signal })).body;
      changes++;
      show();
      say(current.isActive ? 'Active: events are sent from now on.' : 'Inactive: no events are sent until it is activated again.');
    } catch (error) {
      if (!signal.aborted) {
        say(/** @type {Error} */ (error).message);
      }
    } finally {
      event.target.disabled = false;
    }
  }
}
