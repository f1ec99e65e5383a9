import { fill, h, newId } from '../core/dom.js';
import { Problem } from '../core/api.js';

/** @type {Record<number, string>} */
const titles = { 403: 'Not allowed.', 404: 'Not found.', 409: 'Not possible now.' };
const product = 'Event Subscriptions';

/**
 * Starts a view: its heading, what belongs beside it, and the document's title. Returns the heading, which takes the focus after a
 * navigation.
 * @param {HTMLElement} outlet
 * @param {string} title
 * @param {{ above?: Child, beside?: Child }} options
 */
export function heading(outlet, title, { above, beside } = {}) {
  const element = h('h1', { tabindex: '-1' }, title);
  document.title = `${title} · ${product}`;
  outlet.append(
    above ? h('p', { class: 'above' }, above) : '',
    h('div', { class: 'heading' }, element, beside ? h('div', { class: 'actions' }, beside) : null),
  );
  return element;
}

/**
 * Changes a view's heading as soon as more is known.
 * @param {HTMLElement} element
 * @param {string} title
 */
export function retitle(element, title) {
  fill(element, title);
  document.title = `${title} · ${product}`;
}

/**
 * @param {Child} label
 * @param {(event: any) => unknown} onclick
 * @param {Properties & { kind?: string }} options
 */
export function button(label, onclick, { kind = '', ...properties } = {}) {
  return h('button', { type: 'button', class: kind, onclick, ...properties }, label);
}

/**
 * @param {Child} label
 * @param {string} href
 * @param {Properties} [properties]
 */
export function link(label, href, properties) {
  return h('a', { href, ...properties }, label);
}

/**
 * A link that looks like a button.
 * @param {string} label
 * @param {string} href
 */
export function linkButton(label, href, kind = '') {
  return h('a', { href, class: `button ${kind}` }, label);
}

/**
 * A section with a heading.
 * @param {string} title
 * @param {...Child} children
 */
export function section(title, ...children) {
  return sectionWith(title, null, ...children);
}

/**
 * A section with a heading, and what belongs beside it.
 * @param {string} title
 * @param {Child} beside
 * @param {...Child} children
 */
export function sectionWith(title, beside, ...children) {
  const id = newId('section');
  const heading = h('h2', { id }, title);
  return h(
    'section',
    { 'aria-labelledby': id },
    beside ? h('div', { class: 'heading' }, heading, h('div', { class: 'actions' }, beside)) : heading,
    children,
  );
}

/**
 * Shows that something is being loaded.
 * @param {string} what
 */
export function loading(what) {
  return h('p', { class: 'loading' }, `Loading ${what}…`);
}

/**
 * Shows that there is nothing, and what to do next.
 * @param {string} title
 * @param {...Child} advice
 */
export function empty(title, ...advice) {
  return h(
    'div',
    { class: 'empty' },
    h('p', { class: 'empty-title' }, title),
    advice.map(line => h('p', {}, line)),
  );
}

/**
 * A problem. With `retry` there is a button that tries again.
 * @param {any} error
 * @param {() => unknown} [retry]
 */
export function problemNotice(error, retry) {
  const fields = Object.entries(error.errors ?? {});
  return h(
    'div',
    { class: 'notice bad', role: 'alert' },
    h('p', {}, h('strong', {}, error instanceof Problem ? titleOf(error.status) : 'This page failed.'), ' ', error.message),
    fields.length > 0
      ? h(
          'ul',
          {},
          fields.map(([name, messages]) => h('li', {}, `${name} ${messages.join('; ')}`)),
        )
      : null,
    retry ? button('Try again', retry) : null,
  );
}

/** @param {number} status */
function titleOf(status) {
  return titles[status] ?? (status >= 500 ? 'The app has a problem.' : status === 0 ? 'No response.' : 'Not accepted.');
}

/**
 * A word with a colour.
 * @param {string} word
 * @param {Tone} tone
 */
export function pill(word, tone) {
  return h('span', { class: `pill ${tone}` }, word);
}

/**
 * A text of any length, perhaps without blanks: it may be broken anywhere.
 * @param {Child} text
 */
export function free(text) {
  return h('span', { class: 'free' }, text);
}

/**
 * Names and values. Null values are left out.
 * @param {[string, Child][]} entries
 */
export function facts(entries) {
  return h(
    'dl',
    { class: 'facts' },
    entries
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  );
}

/**
 * A text with its line breaks. It can be scrolled with the keyboard.
 * @param {string} text
 * @param {string} label
 */
export function verbatim(text, label) {
  return h('pre', { tabindex: '0', role: 'group', 'aria-label': label }, text);
}

/**
 * @param {unknown} value
 * @param {string} label
 */
export function json(value, label) {
  return verbatim(JSON.stringify(value, null, 2), label);
}

const announcer = h('div', { class: 'visually-hidden', 'aria-live': 'polite' });
const toast = h('div', { class: 'toast', role: 'status' });
/** @type {ReturnType<typeof setTimeout> | undefined} */
let toastTimer;

/** Where announcements are shown. */
export const live = [announcer, toast];

/**
 * Announces a text to screen readers alone.
 * @param {string} text
 */
export function announce(text) {
  announcer.textContent = text;
}

/**
 * Shows a text for a few seconds.
 * @param {string} text
 */
export function say(text) {
  toast.textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => fill(toast), 6000);
}
