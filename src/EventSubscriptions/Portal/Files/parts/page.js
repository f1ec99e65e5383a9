import { fill, h, newId } from '../core/dom.js';
import { Problem } from '../core/api.js';

const titles = { 403: 'Not allowed.', 404: 'Not found.', 409: 'Not possible now.' };
const product = 'Event Subscriptions';

/** Begins a view: its heading, what belongs beside it, and the document's title. Returns the heading, which takes the focus after a navigation. */
export function heading(outlet, title, { above, beside } = {}) {
  const element = h('h1', { tabindex: '-1' }, title);
  document.title = `${title} · ${product}`;
  outlet.append(above ? h('p', { class: 'above' }, above) : '', h('div', { class: 'heading' }, element, beside ? h('div', { class: 'actions' }, beside) : null));
  return element;
}

/** Changes a view's heading once it is known better. */
export function retitle(element, title) {
  fill(element, title);
  document.title = `${title} · ${product}`;
}

export function button(label, onclick, { kind = '', ...properties } = {}) {
  return h('button', { type: 'button', class: kind, onclick, ...properties }, label);
}

export function link(label, href, properties) {
  return h('a', { href, ...properties }, label);
}

/** A link that looks like a button. */
export function linkButton(label, href, kind = '') {
  return h('a', { href, class: `button ${kind}` }, label);
}

/** A section with a heading. */
export function section(title, ...children) {
  return sectionWith(title, null, ...children);
}

/** A section with a heading, and what belongs beside that. */
export function sectionWith(title, beside, ...children) {
  const id = newId('section');
  const heading = h('h2', { id }, title);
  return h('section', { 'aria-labelledby': id }, beside ? h('div', { class: 'heading' }, heading, h('div', { class: 'actions' }, beside)) : heading, children);
}

/** Says that something is on its way. */
export function loading(what) {
  return h('p', { class: 'loading' }, `Loading ${what}…`);
}

/** Says that there is nothing, and what to do next. */
export function empty(title, ...advice) {
  return h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, title), advice.map(line => h('p', {}, line)));
}

/** What went wrong, for people. With `retry` there is a button that does it again. */
export function problemNotice(error, retry) {
  const fields = Object.entries(error.errors ?? {});
  return h(
    'div', { class: 'notice bad', role: 'alert' },
    h('p', {}, h('strong', {}, error instanceof Problem ? titleOf(error.status) : 'This page failed.'), ' ', error.message),
    fields.length > 0 ? h('ul', {}, fields.map(([name, messages]) => h('li', {}, `${name} ${messages.join('; ')}`))) : null,
    retry ? button('Try again', retry) : null);
}

function titleOf(status) {
  return titles[status] ?? (status >= 500 ? 'The app has a problem.' : status === 0 ? 'No answer.' : 'Not accepted.');
}

/** A word with a colour: `good`, `bad`, `warn` or `off`. */
export function pill(word, tone) {
  return h('span', { class: `pill ${tone}` }, word);
}

/** A text of any length and without blanks, perhaps: it may be broken anywhere. */
export function free(text) {
  return h('span', { class: 'free' }, text);
}

/** Names with their values. Values that are null are left out. */
export function facts(entries) {
  return h('dl', { class: 'facts' }, entries
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

/** A text as it is, with its line breaks; it can be scrolled with the keyboard. */
export function verbatim(text, label) {
  return h('pre', { tabindex: '0', role: 'group', 'aria-label': label }, text);
}

export function json(value, label) {
  return verbatim(JSON.stringify(value, null, 2), label);
}

const announcer = h('div', { class: 'visually-hidden', 'aria-live': 'polite' });
const toast = h('div', { class: 'toast', role: 'status' });
let toastTimer;

/** Where what happens is told. */
export const live = [announcer, toast];

/** Tells screen readers alone. */
export function announce(text) {
  announcer.textContent = text;
}

/** Tells everybody, for a few seconds. */
export function say(text) {
  toast.textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => fill(toast), 6000);
}
