import { get } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { button, loading, problemNotice } from './page.js';

const pagesAtOnce = 5;

/**
 * A table that becomes cards on a narrow screen. The roles are explicit, since browsers drop those of a table with another layout.
 * @param {string} caption For screen readers.
 * @param {string[]} columns
 */
export function table(caption, columns) {
  const body = h('tbody', { role: 'rowgroup' });
  return {
    body,
    element: h(
      'table',
      { role: 'table' },
      h('caption', { class: 'visually-hidden' }, caption),
      h(
        'thead',
        { role: 'rowgroup' },
        h(
          'tr',
          { role: 'row' },
          columns.map(column => h('th', { role: 'columnheader', scope: 'col' }, column)),
        ),
      ),
      body,
    ),
    /** @param {Child[]} cells */
    row: cells =>
      h(
        'tr',
        { role: 'row' },
        cells.map((cell, i) => h('td', { role: 'cell', 'data-label': columns[i] }, h('div', {}, cell))),
      ),
    /**
     * A row that a button of another one opens.
     * @param {Child} content
     */
    detailRow: content => h('tr', { role: 'row', class: 'detail' }, h('td', { role: 'cell', colspan: columns.length }, content)),
  };
}

/**
 * A list of the API in a table, page by page.
 * @template T
 */
export class PagedTable {
  #options;
  #table;
  /** @type {string | null} */
  #token = null;
  /** @type {Query} */
  #query = {};
  #turn = 0;
  #state = h('div', {});
  #scroller;

  /**
   *   empty: (query) => Node, signal: AbortSignal, keep?: (item) => boolean }} options
   * @param {ListOptions<T, ReturnType<typeof table>>} options
   */
  constructor(options) {
    this.#options = options;
    this.#table = table(options.caption, options.columns);
    this.#scroller = h('div', { class: 'table', hidden: true }, this.#table.element);
    this.element = h('div', {}, this.#scroller, this.#state);
  }

  /**
   * Starts again with other filters.
   * @param {Query} query
   */
  async load(query) {
    this.#query = query;
    this.#token = null;
    fill(this.#table.body);
    this.#scroller.hidden = true;
    await this.#next(++this.#turn);
  }

  /**
   * Adds items that are newer than all others.
   * @param {T[]} items
   */
  prepend(items) {
    this.#table.body.prepend(...items.flatMap(item => this.#options.row(item, this.#table)));
    this.#scroller.hidden = this.#table.body.childElementCount === 0;
    if (!this.#scroller.hidden && this.#token === null) {
      fill(this.#state);
    }
  }

  /**
   * @param {number} turn
   * @returns {Promise<void>}
   */
  async #next(turn) {
    const { path, pageSize = 50, what, row, keep, signal } = this.#options;
    fill(this.#state, loading(what));
    try {
      let kept = [];
      let pages = 0;
      do {
        const { body } = await get(path, { query: { pageSize, ...this.#query, continuationToken: this.#token }, signal });
        if (turn !== this.#turn) {
          return;
        }

        kept = keep ? body.items.filter(keep) : body.items;
        this.#token = body.continuationToken;
        this.#table.body.append(...kept.flatMap(item => row(item, this.#table)));
      } while (kept.length === 0 && this.#token && ++pages < pagesAtOnce);
      this.#scroller.hidden = this.#table.body.childElementCount === 0;
      fill(this.#state, this.#rest(turn));
    } catch (error) {
      if (!signal.aborted && turn === this.#turn) {
        fill(
          this.#state,
          problemNotice(error, () => this.#next(turn)),
        );
      }
    }
  }

  /**
   * @param {number} turn
   * @returns {Child}
   */
  #rest(turn) {
    if (this.#token === null) {
      return this.#scroller.hidden ? this.#options.empty(this.#query) : null;
    }

    return [
      this.#scroller.hidden ? h('p', {}, 'Nothing found so far; there is more to search.') : null,
      h(
        'p',
        { class: 'more' },
        button(this.#options.more, () => this.#next(turn)),
      ),
    ];
  }
}
