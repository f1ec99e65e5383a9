import { get } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { count, percent, timeAgo } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { forEachOf } from '../core/repeat.js';
import { setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { filters, selectField, textField } from '../parts/form.js';
import { PagedTable } from '../parts/list.js';
import { empty, heading, link, linkButton } from '../parts/page.js';
import { eventsOf, labelsOf, state } from '../parts/words.js';

const atOnce = 4;
const columns = ['Name', 'State', 'Events', 'Last delivery', 'Last 24 hours'];

/**
 * The subscriptions of an organization.
 * @param {View} view
 */
export async function subscriptions({ outlet, parameters: { organization }, query, signal }) {
  heading(outlet, 'Subscriptions', {
    beside: session.may('manage') ? linkButton('New subscription', views.newSubscription(organization), 'primary') : null,
  });
  const figures = new Figures(organization, signal);
  const activity = selectField({
    name: 'isActive',
    label: 'Show',
    options: [
      ['', 'All'],
      ['true', 'Active'],
      ['false', 'Inactive'],
    ],
    value: query.isActive ?? '',
  });
  const fields = [
    activity,
    selectField({
      name: 'health',
      label: 'State',
      options: [
        ['', 'All'],
        ['healthy', 'Healthy'],
        ['failing', 'Failing'],
        ['deactivated', 'Deactivated'],
      ],
      value: query.health ?? '',
    }),
    selectField({
      name: 'sort',
      label: 'Sort by',
      options: [
        ['', 'State, failing first'],
        ['name', 'Name'],
        ['-createdAt', 'Newest first'],
        ['createdAt', 'Oldest first'],
      ],
      value: query.sort ?? '',
    }),
    textField({ name: 'search', label: 'Find', type: 'search', value: query.search ?? '' }),
    textField({ name: 'label', label: 'Label', type: 'search', value: query.label ?? '', attributes: { placeholder: 'key:value' } }),
  ];
  const list = new PagedTable({
    caption: 'Subscriptions',
    columns,
    path: api.subscriptions(organization),
    what: 'subscriptions',
    more: 'Show more',
    signal,
    row: (item, table) => {
      const { last, rate } = figures.add(item);
      return table.row([
        [
          link(item.name, views.subscription(organization, item.id), { class: 'name' }),
          h('span', { class: 'aside url' }, item.url),
          labelsOf(item),
        ],
        state(item),
        eventsOf(item.events),
        last,
        rate,
      ]);
    },
    empty: asked =>
      Object.entries(asked).some(([name, value]) => value && name !== 'sort')
        ? empty('No subscriptions match these filters.', 'Change or clear the filters.')
        : empty(
            'There are no subscriptions yet.',
            session.may('manage')
              ? 'Create one with a URL that accepts POST requests and the events to send.'
              : 'A key with the role manage can create one.',
          ),
  });
  outlet.append(filters(fields, load), list.element);
  await load();

  async function load() {
    const asked = Object.fromEntries(fields.map(field => [field.name, field.value.trim()]));
    setQuery(asked);
    await list.load({ ...asked, sort: asked.sort || 'health' });
  }
}

/** The figures of deliveries in the list. They are loaded after the list, a few subscriptions at a time. */
class Figures {
  #organization;
  #signal;
  /** @type {Cells[]} */
  #waiting = [];
  #isRunning = false;

  /**
   * @param {OrganizationId} organization
   * @param {AbortSignal} signal
   */
  constructor(organization, signal) {
    this.#organization = organization;
    this.#signal = signal;
  }

  /**
   * @param {Subscription} subscription
   * @returns {Cells}
   */
  add({ id }) {
    const cells = { id, last: h('span', {}, '…'), rate: h('span', {}, '…') };
    this.#waiting.push(cells);
    queueMicrotask(() => void this.#run());
    return cells;
  }

  async #run() {
    if (this.#isRunning) {
      return;
    }

    this.#isRunning = true;
    await forEachOf(this.#waiting.splice(0), atOnce, cells => this.#fill(cells));
    this.#isRunning = false;
    if (this.#waiting.length > 0) {
      void this.#run();
    }
  }

  /** @param {Cells} cells */
  async #fill({ id, last, rate }) {
    try {
      const [{ body: newest }, { body: statistics }] = await Promise.all([
        get(api.deliveries(this.#organization, id), { query: { pageSize: 1 }, signal: this.#signal }),
        get(api.statistics(this.#organization), { query: { subscriptionId: id }, signal: this.#signal }),
      ]);
      fill(last, newest.items[0] ? timeAgo(newest.items[0].at) : 'Never');
      fill(rate, rateOf(statistics));
    } catch {
      if (!this.#signal.aborted) {
        fill(last, 'Not known');
        fill(rate, 'Not known');
      }
    }
  }
}

/**
 * @param {Statistics} statistics
 * @returns {Child}
 */
function rateOf({ total: { attempts, outcomes } }) {
  const made = attempts - outcomes.skipped;
  return made === 0
    ? 'No attempts'
    : [`${percent(outcomes.delivered, made)} delivered `, h('span', { class: 'aside' }, `of ${count(made, 'attempt')}`)];
}
