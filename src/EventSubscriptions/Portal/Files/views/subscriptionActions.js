import { get, post, remove as removeResource } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { duration } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { go } from '../core/router.js';
import { confirm, openDialog, showSecret } from '../parts/dialog.js';
import { selectField } from '../parts/form.js';
import { button, facts, loading, problemNotice, say, verbatim } from '../parts/page.js';
import { answerOf, outcomePill } from '../parts/words.js';

/**
 * Sends an example and shows the receiver's response.
 * @param {OrganizationId} organization
 * @param {Subscription} subscription
 * @param {AbortSignal} signal
 */
export async function sendTest(organization, subscription, signal) {
  const { body } = await get(api.eventTypes, { signal });
  const wanted = subscription.events[0] === '*' ? body.items.map(type => type.name) : subscription.events;
  await openDialog(`Test “${subscription.name}”`, signal, close => {
    const event = selectField({
      name: 'eventName',
      label: 'Event',
      options: wanted.map(name => [name, name]),
      hint: 'Its example is sent now, even if the subscription is inactive.',
    });
    const result = h('div', { 'aria-live': 'polite' });
    const send = button('Send', run, { kind: 'primary' });
    return [event.element, result, h('div', { class: 'actions' }, button('Close', close), send)];

    async function run() {
      send.disabled = true;
      fill(result, loading('the response'));
      try {
        const { body: attempt } = await post(
          `${api.subscription(organization, subscription.id)}/test`,
          { eventName: event.value },
          { signal },
        );
        fill(result, answer(attempt));
      } catch (error) {
        if (!signal.aborted) {
          fill(result, problemNotice(error));
        }
      } finally {
        send.disabled = false;
      }
    }
  });
}

/**
 * @param {Attempt & { delivered: boolean }} attempt
 * @returns {Child}
 */
function answer(attempt) {
  return [
    h('p', {}, outcomePill(attempt.outcome), ' ', attempt.delivered ? 'Delivered.' : 'Not delivered.'),
    facts([
      ['Answer', answerOf(attempt) || null],
      ['Took', duration(attempt.durationMs)],
    ]),
    attempt.responseSnippet ? verbatim(attempt.responseSnippet, 'Response') : null,
  ];
}

/**
 * Rotates the signing secret of a subscription.
 * @param {OrganizationId} organization
 * @param {Subscription} subscription
 * @param {AbortSignal} signal
 */
export async function rotate(organization, subscription, signal) {
  const overlap = selectField({
    name: 'overlap',
    label: 'The current secret keeps signing for',
    value: '24:00:00',
    options: [
      ['24:00:00', 'a day'],
      ['01:00:00', 'an hour'],
      ['7.00:00:00', 'a week'],
      ['00:00:00', 'no time: it ends now'],
    ],
    hint: 'Both secrets sign until then, so that the receiver can switch without rejecting an event.',
  });
  let secret = '';
  const isDone = await confirm({
    title: `Rotate the secret of “${subscription.name}”?`,
    text: 'A new signing secret is created and shown once.',
    label: 'Rotate',
    kind: 'primary',
    extra: overlap.element,
    signal,
    action: async () => {
      const { body } = await post(
        `${api.subscription(organization, subscription.id)}/rotate-secret`,
        { overlap: overlap.value },
        { signal },
      );
      secret = body.signingSecret;
    },
  });
  if (isDone) {
    await showSecret({
      title: 'New signing secret',
      text: 'Configure it at the receiver. It is shown only once.',
      label: 'Signing secret',
      secret,
      signal,
    });
  }
}

/**
 * Deletes a subscription after its name was typed.
 * @param {OrganizationId} organization
 * @param {Subscription} subscription
 * @param {AbortSignal} signal
 */
export async function remove(organization, subscription, signal) {
  const isDone = await confirm({
    title: `Delete “${subscription.name}”?`,
    text: 'No more events are sent, including scheduled retries. This can’t be undone. To pause, deactivate it instead.',
    label: 'Delete',
    name: subscription.name,
    signal,
    action: () => removeResource(api.subscription(organization, subscription.id), { signal }),
  });
  if (isDone) {
    say(`“${subscription.name}” is deleted.`);
    go(views.subscriptions(organization));
  }
}
