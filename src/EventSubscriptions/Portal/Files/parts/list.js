import { get } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { button, loading, problemNotice } from './page.js';

const pagesAtOnce = 5;

/**
 * A table that turns into cards where the screen is narrow. The roles are said, since browsers forget them when a table is laid out otherwise.
 * @param {string} caption For screen readers.
 * @param {string[]} columns
 */
export function table(caption, columns) {
  const body = h('tbody', { role: 'rowgroup' });
  return {
    body,
    element: h(
      'table', { role: 'table' },
      h('caption', { class: 'visually-hidden' }, caption),
      h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map(column => h('th', { role: 'columnheader', scope: 'col' }, column)))),
      body),
    row: cells => h('tr', { role: 'row' }, cells.map((cell, i) => h('td', { role: 'cell', 'data-label': columns[i] }, h('div', {}, cell)))),
    /** A row that a button of another one opens. */
    detailRow: content => h('tr', { role: 'row', class: 'detail' }, h('td', { role: 'cell', colspan: columns.length }, content)),
  };
}

/** A list of the API, page by page, in a table. */
export class PagedTable {
  #options;
  #table;
  #token = null;
  #query = {};
  #turn = 0;
  #state = h('div', {});
  #scroller;

  /**
   * @param {{ caption: string, columns: string[], path: string, pageSize?: number, what: string, more: string, row: (item, table) => Node | Node[],
   *   empty: (query) => Node, signal: AbortSignal, keep?: (item) => boolean }} options
   */
  constructor(options) {
    this.#options = options;
    this.#table = table(options.caption, options.columns);
    this.#scroller = h('div', { class: 'table', hidden: true }, this.#table.element);
    this.element = h('div', {}, this.#scroller, this.#state);
  }

  /** Begins again, with other filters. */
  async load(query) {
    this.#query = query;
    this.#token = null;
    fill(this.#table.body);
    this.#scroller.hidden = true;
    await this.#next(++this.#turn);
  }

  /** Adds what is newer than all that is shown. */
  prepend(items) {
    this.#table.body.prepend(...items.flatMap(item => this.#options.row(item, this.#table)));
    this.#scroller.hidden = this.#table.body.childElementCount === 0;
    if (!this.#scroller.hidden && this.#token === null) {
      fill(this.#state);
    }
  }

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
        fill(this.#state, problemNotice(error, () => this.#next(turn)));
      }
    }
  }

  #rest(turn) {
    if (this.#token === null) {
      return this.#scroller.hidden ? this.#options.empty(this.#query) : null;
    }

    return [
      this.#scroller.hidden ? h('p', {}, 'Nothing found so far; there is more to search.') : null,
      h('p', { class: 'more' }, button(this.#options.more, () => this.#next(turn))),
    ];
  }
}
