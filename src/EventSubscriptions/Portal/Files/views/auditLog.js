import { get } from '../core/api.js';
import { fill, h, hidden } from '../core/dom.js';
import { duration, fromLocalInput, time, toLocalInput } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { clearButton, filters, selectField, textField } from '../parts/form.js';
import { PagedTable } from '../parts/list.js';
import { button, empty, facts, free, heading, link, linkButton, verbatim } from '../parts/page.js';
import { auditTypes } from '../parts/words.js';

const mostInShort = 2;
const settingsKey = 'settings';
const longestInShort = 60;
const untold = ['id', 'replay', 'url', 'token', 'signingSecret'];
const columns = ['Time', 'Type', 'Subscription', 'By', 'Summary', 'Details'];

/**
 * An organization's audit log.
 * @param {View} view
 */
export async function auditLog({ outlet, parameters: { organization }, query, signal }) {
  heading(outlet, 'Audit log', {
    beside: session.may('admin') && !session.isBound ? linkButton('Entries without an organization', views.systemAuditLog()) : null,
  });
  const names = new SubscriptionNames();
  const subscription = selectField({
    name: 'subscriptionId',
    label: 'Subscription',
    value: query.subscriptionId ?? '',
    options: query.subscriptionId
      ? [
          ['', 'All'],
          [query.subscriptionId, query.subscriptionId],
        ]
      : [['', 'All']],
  });
  void names.load(organization, subscription.input, signal);
  await show({ outlet, organization, query, signal, subscription, names });
}

/**
 * Entries without an organization: unbound keys, and events whose organization could not be read.
 * @param {View} view
 */
export async function systemAuditLog({ outlet, query, signal }) {
  heading(outlet, 'Audit log of the app', {
    above:
      session.organization !== null
        ? link(`Audit log of organization ${session.organization}`, views.auditLog(session.organization))
        : null,
  });
  await show({ outlet, organization: null, query, signal });
}

/** @param {Omit<View, 'parameters'> & { organization: string | null, subscription?: SelectField, names?: SubscriptionNames }} options */
async function show({ outlet, organization, query, signal, subscription, names }) {
  const fields = [
    selectField({ name: 'type', label: 'Type', options: [['', 'All'], ...Object.entries(auditTypes)], value: query.type ?? '' }),
    ...(subscription ? [subscription] : []),
    textField({ name: 'from', label: 'From', type: 'datetime-local', value: toLocalInput(query.from) }),
    textField({ name: 'to', label: 'Until', type: 'datetime-local', value: toLocalInput(query.to) }),
  ];
  const list = new PagedTable({
    caption: 'Audit log, newest first',
    columns,
    path: api.auditLog(organization),
    what: 'the audit log',
    more: 'Show older',
    signal,
    row: (entry, table) => rowOf(entry, table, organization, names),
    empty: asked =>
      Object.values(asked).some(Boolean)
        ? empty('No entries match these filters.', 'Change or clear the filters.')
        : empty('No entries yet.', 'All failures and changes appear here.'),
  });
  outlet.append(h('div', { class: 'bar' }, filters(fields, load), clearButton(fields, load)), list.element);
  await load();

  async function load() {
    const values = Object.fromEntries(fields.map(field => [field.name, field.value]));
    const asked = { ...values, from: fromLocalInput(values.from), to: fromLocalInput(values.to) };
    setQuery(asked);
    await list.load(asked);
  }
}

/** The names of subscriptions. The log has their ids alone; it shows these until the names are loaded. */
class SubscriptionNames {
  /** @type {Map<string, string>} */
  #names = new Map();
  /** @type {[HTMLElement, string][]} */
  #waiting = [];

  /**
   * @param {OrganizationId} organization
   * @param {HTMLSelectElement} select
   * @param {AbortSignal} signal
   */
  async load(organization, select, signal) {
    try {
      const { body } = await get(api.subscriptions(organization), { query: { pageSize: 1000 }, signal });
      this.#names = new Map(body.items.map(item => [item.id, item.name]));
      const chosen = select.value;
      select.append(...body.items.filter(({ id }) => id !== chosen).map(({ id, name }) => h('option', { value: id }, name)));
      this.#waiting.forEach(([element, id]) => fill(element, this.#names.get(id) ?? id));
      if (chosen) {
        fill(select.selectedOptions[0], this.#names.get(chosen) ?? chosen);
      }
    } catch {
      // The ids will do.
    }
  }

  /** @param {string} id */
  of(id) {
    const element = h('span', { class: 'free' }, this.#names.get(id) ?? id);
    this.#waiting.push([element, id]);
    return element;
  }
}

/**
 * @param {AuditEntry} entry
 * @param {TableParts} table
 * @param {string | null} organization
 * @param {SubscriptionNames} [names]
 */
function rowOf(entry, table, organization, names) {
  const what = auditTypes[entry.type] ?? entry.type;
  /**
   * @param {string} verb
   * @returns {Child}
   */
  const labelled = verb => [verb, hidden(` the details of “${what}”`)];
  const toggle = button(
    labelled('Show'),
    () => {
      const isOpen = toggle.getAttribute('aria-expanded') === 'true';
      toggle.setAttribute('aria-expanded', `${!isOpen}`);
      fill(toggle, labelled(isOpen ? 'Show' : 'Hide'));
      detail.hidden = isOpen;
    },
    { kind: 'quiet', 'aria-expanded': 'false' },
  );
  const detail = table.detailRow(detailsOf(entry, organization));
  detail.hidden = true;
  return [
    table.row([
      time(entry.timestamp),
      what,
      subscriptionOf(entry, organization, names),
      [free(whoOf(entry)), entry.actorId ? h('span', { class: 'id aside', title: entry.actorId }, shortId(entry.actorId)) : null],
      free(summaryOf(entry)),
      toggle,
    ]),
    detail,
  ];
}

/**
 * @param {AuditEntry} entry
 * @param {string | null} organization
 * @param {SubscriptionNames} [names]
 */
function subscriptionOf({ subscriptionId: id }, organization, names) {
  return id && organization ? link(names?.of(id) ?? id, views.subscription(organization, id)) : (id ?? '–');
}

// The audit log names the first key by its setting. Entries of older versions have no id.
/** @param {AuditEntry} entry */
function whoOf(entry) {
  return entry.actorId === settingsKey || entry.actor === 'Access__AdminKey' ? 'The admin key' : (entry.actor ?? '–');
}

// A name may be any other's; the end of an id is random.
/** @param {string} id */
function shortId(id) {
  return id === settingsKey ? 'of the settings' : `…${id.slice(-6)}`;
}

/** @param {AuditEntry} entry */
function summaryOf(entry) {
  return (
    entry.error?.detail ?? entry.eventName ?? (changesInShort(entry.changes ?? {}) || Object.keys(entry.changes ?? {}).join(', ') || '–')
  );
}

/** @param {Changes} changes */
function changesInShort(changes) {
  const telling = Object.entries(changes).filter(([name]) => !untold.includes(name));
  const texts = telling.map(([name, { from, to }]) => {
    const before = shortened(textOf(from));
    const after = shortened(textOf(to));
    return from === null || from === undefined ? `${name}: ${after}` : `${name}: ${before} → ${after}`;
  });
  return texts.length > mostInShort ? `${texts.slice(0, mostInShort).join('; ')} and ${texts.length - mostInShort} more` : texts.join('; ');
}

/** @param {string} text */
function shortened(text) {
  return text.length > longestInShort ? `${text.slice(0, longestInShort)}…` : text;
}

/**
 * @param {AuditEntry} entry
 * @param {string | null} organization
 * @returns {Child}
 */
function detailsOf(entry, organization) {
  return [
    entry.error?.hint ? h('p', {}, h('strong', {}, 'What to do: '), entry.error.hint) : null,
    facts([
      ['Error', entry.error ? `${entry.error.kind}: ${entry.error.detail}` : null],
      ['URL', entry.url ? h('span', { class: 'url' }, entry.url) : null],
      ['Event', entry.eventName],
      [
        'Event id',
        entry.eventId && entry.subscriptionId && organization
          ? link(entry.eventId, views.delivery(organization, entry.subscriptionId, entry.eventId))
          : entry.eventId,
      ],
      ['Attempt', entry.attempt],
      ['Status', entry.statusCode],
      ['Key', entry.actorId ? h('code', {}, entry.actorId) : null],
      ['Took', entry.durationMs === undefined ? null : duration(entry.durationMs)],
      ['Entry', h('code', {}, entry.id)],
    ]),
    entry.responseSnippet ? [h('h3', {}, 'Response'), verbatim(entry.responseSnippet, 'Response')] : null,
    entry.changes ? [h('h3', {}, 'What changed'), changesOf(entry.changes)] : null,
  ];
}

/** @param {Changes} changes */
function changesOf(changes) {
  return h(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'What changed' },
    h(
      'table',
      { class: 'plain' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ['Field', 'Before', 'After'].map(name => h('th', { scope: 'col' }, name)),
        ),
      ),
      h(
        'tbody',
        {},
        Object.entries(changes).map(([name, { from, to }]) =>
          h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, textOf(from)), h('td', {}, textOf(to))),
        ),
      ),
    ),
  );
}

/** @param {unknown} value */
function textOf(value) {
  return value === null || value === undefined ? '–' : Array.isArray(value) ? value.join(', ') : `${value}`;
}
