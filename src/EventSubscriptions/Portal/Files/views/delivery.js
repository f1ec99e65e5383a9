import { get, getPages, post } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { indented, memberText } from '../core/jsonText.js';
import { count, duration, time } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { repeat } from '../core/repeat.js';
import { session } from '../core/session.js';
import { button, empty, facts, heading, link, loading, problemNotice, retitle, say, section, verbatim } from '../parts/page.js';
import { answerOf, outcomePill, runOf } from '../parts/words.js';

const interval = 3000;
const mostPages = 5;

/**
 * The delivery of one event to one subscription: the payload, and every attempt with its response.
 * @param {View} view
 */
export async function delivery({ outlet, parameters: { organization, id, eventId }, signal }) {
  const beside = h('div', { class: 'actions' });
  const title = heading(outlet, 'Delivery', { above: link('Back to the subscription', views.subscription(organization, id)), beside });
  const sent = h('div', {}, loading('the delivery'));
  const attempts = h('div', {});
  outlet.append(sent, attempts);
  let shown = '';
  await refresh();
  await repeat(interval, signal, refresh);

  async function refresh() {
    const found = session.may('analyst') ? await withPayload() : await withoutPayload(organization, id, eventId, signal);
    const text = JSON.stringify(found);
    if (text !== shown) {
      shown = text;
      show(found);
    }
  }

  async function withPayload() {
    const { body, text } = await get(api.delivery(organization, id, eventId), { signal });
    return { ...body, payload: body.payload ? memberText(text, 'payload') : null };
  }

  /** @param {{ eventName?: string, attempts: Attempt[], payload?: string | null }} found */
  function show({ eventName, attempts: all, payload }) {
    retitle(title, eventName ?? 'Delivery');
    if (all.length === 0) {
      fill(sent, empty('Delivery not found.', 'It may be older than the retention.'));
      return;
    }

    if (session.may('manage') && payload && beside.childElementCount === 0) {
      fill(beside, button('Resend', resend, { kind: 'primary' }));
    }

    fill(
      sent,
      facts([
        ['Event id', h('code', {}, eventId)],
        ['Attempts', count(all.length, 'attempt')],
      ]),
      section(
        'Payload',
        payload
          ? verbatim(indented(payload), 'Payload')
          : h(
              'p',
              { class: 'aside' },
              session.may('analyst') ? 'The payload is no longer archived, or it was a test.' : 'The payload requires the role analyst.',
            ),
      ),
    );
    fill(attempts, section('Attempts, newest first', h('ol', { class: 'attempts' }, all.map(entry))));
  }

  /** @param {{ target: HTMLButtonElement }} event */
  async function resend(event) {
    const { target } = event;
    target.disabled = true;
    try {
      await post(`${api.delivery(organization, id, eventId)}/resend`, {}, { signal });
      say('Queued. The attempt appears here in a moment.');
    } catch (error) {
      if (!signal.aborted) {
        fill(attempts.querySelector('.notice') ?? attempts.insertBefore(h('div', {}), attempts.firstChild), problemNotice(error));
      }
    } finally {
      target.disabled = false;
    }
  }
}

/**
 * For keys that may not see payloads: the same attempts from the list.
 * @param {string} organization
 * @param {string} id
 * @param {string} eventId
 * @param {AbortSignal} signal
 */
async function withoutPayload(organization, id, eventId, signal) {
  const { items: attempts } = await getPages(api.deliveries(organization, id), mostPages, { query: { eventId, pageSize: 1000 }, signal });
  return { eventName: attempts[0]?.eventName, attempts, payload: null };
}

/** @param {Attempt} attempt */
function entry(attempt) {
  return h(
    'li',
    { class: 'card' },
    h('p', { class: 'lead' }, outcomePill(attempt.outcome), ' ', time(attempt.at)),
    facts([
      ['Attempt', runOf(attempt)],
      ['Answer', answerOf(attempt) || null],
      ['Took', duration(attempt.durationMs)],
      ['Next attempt', attempt.nextAttemptAt ? time(attempt.nextAttemptAt) : null],
    ]),
    attempt.responseSnippet ? verbatim(attempt.responseSnippet, 'Response') : null,
  );
}
