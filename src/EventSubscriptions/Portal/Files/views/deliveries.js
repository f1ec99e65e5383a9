import { get } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { count, duration, fromLocalInput, time, toLocalInput } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { repeat } from '../core/repeat.js';
import { setQuery } from '../core/router.js';
import { clearButton, filters, selectField, textField } from '../parts/form.js';
import { PagedTable } from '../parts/list.js';
import { announce, button, empty, free, link, sectionWith } from '../parts/page.js';
import { answerOf, outcomeOptions, outcomePill, runOf } from '../parts/words.js';

const interval = 2000;
const pageSize = 50;
/** The API doesn't filter by name: more is looked through at once. */
const pageSizeForNames = 500;
const columns = ['Time', 'Event', 'Outcome', 'Answer', 'Attempt', 'Took'];

/**
 * A subscription's deliveries, newest first; new ones appear as they are made.
 * @param {{ organization: string, id: string, query: Record<string, string>, signal: AbortSignal }} options
 */
export function deliveries({ organization, id, query, signal }) {
  const path = api.deliveries(organization, id);
  const fields = [
    selectField({ name: 'outcome', label: 'Outcome', options: [['', 'All'], ...outcomeOptions], value: query.outcome ?? '' }),
    textField({
      name: 'eventName',
      label: 'Event',
      type: 'search',
      value: query.eventName ?? '',
      attributes: { spellcheck: 'false', placeholder: 'Part of its name' },
    }),
    textField({ name: 'eventId', label: 'Event id', type: 'search', value: query.eventId ?? '', attributes: { spellcheck: 'false' } }),
    textField({ name: 'from', label: 'From', type: 'datetime-local', value: toLocalInput(query.from) }),
    textField({ name: 'to', label: 'Until', type: 'datetime-local', value: toLocalInput(query.to) }),
  ];
  const seen = new Set();
  const list = new PagedTable({
    caption: 'Deliveries, newest first',
    columns,
    path,
    pageSize,
    what: 'deliveries',
    more: 'Show older',
    signal,
    keep: isNew,
    row: (attempt, table) =>
      table.row([
        time(attempt.endedAt),
        [link(attempt.eventName, views.delivery(organization, id, attempt.eventId)), h('span', { class: 'aside id' }, attempt.eventId)],
        outcomePill(attempt.outcome),
        free(answerOf(attempt)),
        runOf(attempt),
        duration(attempt.durationMs),
      ]),
    empty: asked =>
      Object.values(asked).some(Boolean)
        ? empty('No attempts match these filters.', 'Change or clear the filters.')
        : empty('Nothing has been sent yet.', 'Send a test event, or wait for the next event: it appears here at once.'),
  });
  let isPaused = false;
  let turn = 0;
  const pause = button('Pause', toggle, { kind: 'quiet', 'aria-pressed': 'false' });
  const status = h('span', { class: 'live' }, 'Live');
  const element = sectionWith('Deliveries', [status, pause, clearButton(fields, load)], filters(fields, load), list.element);
  void load();
  void repeat(interval, signal, poll);
  return element;

  function chosen() {
    const [outcome, eventName, eventId, from, to] = fields.map(field => field.value.trim());
    return { outcome, eventName, eventId, from: fromLocalInput(from), to: fromLocalInput(to) };
  }

  function asked() {
    const { eventName, ...rest } = chosen();
    return eventName ? { ...rest, pageSize: pageSizeForNames } : rest;
  }

  // A page and a poll that are under way at the same time may both bring an attempt.
  /** @param {Attempt} attempt */
  function isNew(attempt) {
    const isSeen = seen.has(keyOf(attempt));
    seen.add(keyOf(attempt));
    return !isSeen && attempt.eventName.toLowerCase().includes(chosen().eventName.toLowerCase());
  }

  async function load() {
    turn++;
    setQuery(chosen());
    seen.clear();
    await list.load(asked());
  }

  async function poll() {
    const current = turn;
    if (isPaused || asked().to) {
      return;
    }

    const { body } = await get(path, { query: { pageSize, ...asked() }, signal });
    if (current !== turn || isPaused) {
      return;
    }

    if (seen.size > 0 && body.continuationToken && !body.items.some(attempt => seen.has(keyOf(attempt)))) {
      // More have come than a page holds: those between would be missing.
      await load();
      return;
    }

    const fresh = body.items.filter(isNew);
    if (fresh.length > 0) {
      list.prepend(fresh);
      announce(`${count(fresh.length, 'new attempt')}.`);
    }
  }

  function toggle() {
    isPaused = !isPaused;
    pause.setAttribute('aria-pressed', `${isPaused}`);
    fill(pause, isPaused ? 'Resume' : 'Pause');
    fill(status, isPaused ? 'Paused' : 'Live');
    status.classList.toggle('off', isPaused);
  }
}

/** @param {Attempt} attempt */
function keyOf({ eventId, run, attempt, at }) {
  return `${eventId} ${run} ${attempt} ${at}`;
}
