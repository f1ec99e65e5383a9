import { h } from './dom.js';

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const ago = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const whole = new Intl.NumberFormat('en');
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const steps = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/**
 * A time in the reader's time zone; its tooltip has UTC.
 * @param {string} iso
 */
export function time(iso) {
  return h('time', { datetime: iso, title: `${iso} (UTC)` }, dateTime.format(new Date(iso)));
}

/**
 * A time as its distance from now.
 * @param {string} iso
 */
export function timeAgo(iso) {
  const seconds = Math.round((new Date(iso).getTime() - Date.now()) / 1000);
  const [unit, length] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return h(
    'time',
    { datetime: iso, title: `${dateTime.format(new Date(iso))} · ${iso} (UTC)` },
    ago.format(Math.trunc(seconds / length), unit),
  );
}

/**
 * The hour and minute of a time.
 * @param {Date} date
 */
export function hour(date) {
  return clock.format(date);
}

/** @param {number} value */
export function number(value) {
  return whole.format(value);
}

/**
 * `1 attempt`, `2 attempts`.
 * @param {number} value
 * @param {string} one
 */
export function count(value, one, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/**
 * A duration in milliseconds or seconds.
 * @param {number} milliseconds
 */
export function duration(milliseconds) {
  return milliseconds < 1000
    ? `${Math.round(milliseconds)}\u00a0ms`
    : `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)}\u00a0s`;
}

/**
 * A share; 0 % and 100 % only if it is exactly that.
 * @param {number} part
 * @param {number} all
 */
export function percent(part, all) {
  const share = (part / all) * 100;
  const rounded = share.toFixed(share > 99 || share < 1 ? 1 : 0);
  return `${share > 99.9 && share < 100 ? '99.9' : share > 0 && share < 0.1 ? '0.1' : rounded.replace(/\.0$/, '')}\u00a0%`;
}

/**
 * The value of an input of the type `datetime-local` for a time.
 * @param {string} [iso]
 */
export function toLocalInput(iso) {
  const date = new Date(iso ?? '');
  return Number.isNaN(date.getTime()) ? '' : new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/**
 * The time of such an input, in UTC; empty if it has none.
 * @param {string} value
 */
export function fromLocalInput(value) {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}
