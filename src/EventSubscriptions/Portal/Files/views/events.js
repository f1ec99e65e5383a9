import { get, remove } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { count, fromLocalInput, time, timeAgo, toLocalInput } from '../core/format.js';
import { indented, memberText } from '../core/jsonText.js';
import { api, views } from '../core/paths.js';
import { repeat } from '../core/repeat.js';
import { go, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { confirm } from '../parts/dialog.js';
import { clearButton, filters, selectField, textField } from '../parts/form.js';
import { PagedTable, table } from '../parts/list.js';
import { button, empty, facts, heading, link, loading, retitle, say, section, verbatim } from '../parts/page.js';
import { eventSources, outcomePill } from '../parts/words.js';

const interval = 3000;
const columns = ['Time', 'Event', 'Source', 'Id'];
const deliveryColumns = ['Subscription', 'Outcome', 'Attempts', 'Last attempt', 'Next attempt'];

/**
 * The archived events of an organization, newest first.
 * @param {View} view
 */
export async function events({ outlet, parameters: { organization }, query, signal }) {
  heading(outlet, 'Events');
  const id = textField({ name: 'eventId', label: 'Open by id', type: 'search', attributes: { spellcheck: 'false' } });
  const fields = [
    textField({ name: 'eventName', label: 'Event', type: 'search', value: query.eventName ?? '', attributes: { spellcheck: 'false' } }),
    selectField({ name: 'source', label: 'Source', options: [['', 'All'], ...Object.entries(eventSources)], value: query.source ?? '' }),
    textField({ name: 'from', label: 'From', type: 'datetime-local', value: toLocalInput(query.from) }),
    textField({ name: 'to', label: 'Until', type: 'datetime-local', value: toLocalInput(query.to) }),
  ];
  const list = new PagedTable({
    caption: 'Events, newest first',
    columns,
    path: api.events(organization),
    what: 'events',
    more: 'Show older',
    signal,
    row: (item, parts) =>
      parts.row([
        time(item.publishedAt),
        link(item.eventName, views.event(organization, item.id)),
        item.source ? eventSources[item.source] : '–',
        h('code', {}, item.id),
      ]),
    empty: asked =>
      Object.values(asked).some(Boolean)
        ? empty('No events match these filters.', 'Change or clear the filters. The name must match exactly.')
        : empty('No events are archived.', 'Every event that is published appears here, and stays until its retention period ends.'),
  });
  outlet.append(h('div', { class: 'bar' }, filters([...fields, id], load), clearButton(fields, load)), list.element);
  await load();

  async function load() {
    if (id.value.trim()) {
      go(views.event(organization, id.value.trim()));
      return;
    }

    const [eventName, source, from, to] = fields.map(field => field.value.trim());
    const asked = { eventName, source, from: fromLocalInput(from), to: fromLocalInput(to) };
    setQuery(asked);
    await list.load(asked);
  }
}

/**
 * One event: its payload and its delivery to each subscription.
 * @param {View} view
 */
export async function event({ outlet, parameters: { organization, eventId }, signal }) {
  const beside = h('div', { class: 'actions' });
  const title = heading(outlet, 'Event', { above: link('Events', views.events(organization)), beside });
  const about = h('div', {}, loading('the event'));
  const deliveries = h('div', {});
  outlet.append(about, deliveries);
  let shown = '';
  await refresh();
  await repeat(interval, signal, refresh);

  async function refresh() {
    const { body, text } = await get(api.event(organization, eventId), { signal });
    if (text !== shown) {
      shown = text;
      show(body, body.payload ? memberText(text, 'payload') : null);
    }
  }

  /**
   * @param {ArchivedEvent} found
   * @param {string | null} payload
   */
  function show(found, payload) {
    retitle(title, found.eventName);
    if (!session.may('manage') || found.payloadRemovedAt) {
      fill(beside);
    } else if (beside.childElementCount === 0) {
      fill(beside, button('Remove payload', ask, { kind: 'danger' }));
    }

    fill(
      about,
      facts([
        ['Event id', h('code', {}, found.id)],
        ['Published', time(found.publishedAt)],
        ['Source', found.source ? eventSources[found.source] : null],
        ['Payload removed', found.payloadRemovedAt ? time(found.payloadRemovedAt) : null],
      ]),
      section(
        'Payload',
        payload
          ? verbatim(indented(payload), 'Payload')
          : h('p', { class: 'aside' }, found.payloadRemovedAt ? 'The payload was removed.' : 'The payload requires the role analyst.'),
      ),
    );
    fill(deliveries, section('Deliveries', tableOf(found.deliveries)));
  }

  /** @param {EventDelivery[]} items */
  function tableOf(items) {
    if (items.length === 0) {
      return empty(
        'The event was sent to no subscription.',
        'No current subscription matched it when it was published. A replay can still send it.',
      );
    }

    const { element, body, row } = table('Deliveries', deliveryColumns);
    body.append(
      ...items.map(item =>
        row([
          link(item.subscriptionName, views.delivery(organization, item.subscriptionId, eventId)),
          item.outcome ? outcomePill(item.outcome) : 'Not attempted yet',
          count(item.attempts, 'attempt'),
          item.lastAttemptAt ? timeAgo(item.lastAttemptAt) : '–',
          item.waiting ? time(item.waiting.until) : '–',
        ]),
      ),
    );
    return h('div', { class: 'table' }, element);
  }

  async function ask() {
    const isDone = await confirm({
      title: 'Remove the payload?',
      text: 'It is removed from the archive for good. Attempts that are already queued carry their own copy and may still be sent; backups keep theirs. Later retries are dead-lettered.',
      label: 'Remove',
      kind: 'danger',
      signal,
      action: () => remove(`${api.event(organization, eventId)}/payload`, { signal }),
    });
    if (isDone) {
      say('The payload was removed.');
      await refresh();
    }
  }
}
