import { get, post, remove as removeResource } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { duration } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { go } from '../core/router.js';
import { confirm, openDialog, showSecret } from '../parts/dialog.js';
import { selectField } from '../parts/form.js';
import { button, facts, loading, problemNotice, say, verbatim } from '../parts/page.js';
import { answerOf, outcomePill } from '../parts/words.js';

/** Sends an example and shows what the receiver answered. */
export async function sendTest(organization, subscription, signal) {
  const { body } = await get(api.eventTypes, { signal });
  const wanted = subscription.events[0] === '*' ? body.items.map(type => type.name) : subscription.events;
  await openDialog(`Test “${subscription.name}”`, signal, close => {
    const event = selectField({
      name: 'eventName', label: 'Event', options: wanted.map(name => [name, name]), hint: 'Its example from the catalogue is sent now, active or not.',
    });
    const result = h('div', { 'aria-live': 'polite' });
    const send = button('Send', run, { kind: 'primary' });
    return [event.element, result, h('div', { class: 'actions' }, button('Close', close), send)];

    async function run() {
      send.disabled = true;
      fill(result, loading('the answer'));
      try {
        const { body: attempt } = await post(`${api.subscription(organization, subscription.id)}/test`, { eventName: event.value }, { signal });
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

function answer(attempt) {
  return [
    h('p', {}, outcomePill(attempt.outcome), ' ', attempt.delivered ? 'The receiver has taken it.' : 'The receiver has not taken it.'),
    facts([
      ['Answer', answerOf(attempt) || null],
      ['Took', duration(attempt.durationMs)],
    ]),
    attempt.responseSnippet ? verbatim(attempt.responseSnippet, 'What the receiver answered') : null,
  ];
}

/** Gives a subscription another signing secret. */
export async function rotate(organization, subscription, signal) {
  const overlap = selectField({
    name: 'overlap',
    label: 'The secret in use goes on signing for',
    value: '24:00:00',
    options: [['24:00:00', 'a day'], ['01:00:00', 'an hour'], ['7.00:00:00', 'a week'], ['00:00:00', 'no time: it ends now']],
    hint: 'Both secrets sign until then, so that the receiver can change over without missing an event.',
  });
  let secret;
  const isDone = await confirm({
    title: `Rotate the secret of “${subscription.name}”?`,
    text: 'A new signing secret is made and shown once.',
    label: 'Rotate',
    kind: 'primary',
    extra: overlap.element,
    signal,
    action: async () => {
      const { body } = await post(`${api.subscription(organization, subscription.id)}/rotate-secret`, { overlap: overlap.value }, { signal });
      secret = body.signingSecret;
    },
  });
  if (isDone) {
    await showSecret({
      title: 'The new signing secret',
      text: 'Give it to the receiver. It is shown now and never again.',
      label: 'Signing secret',
      secret,
      signal,
    });
  }
}

/** Deletes a subscription once its name was typed. */
export async function remove(organization, subscription, signal) {
  const isDone = await confirm({
    title: `Delete “${subscription.name}”?`,
    text: 'Events are no longer sent there, those that wait to be tried again neither. This can’t be undone. To stop for a while, deactivate it.',
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
