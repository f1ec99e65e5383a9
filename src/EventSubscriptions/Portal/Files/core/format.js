import { h } from './dom.js';

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const ago = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const whole = new Intl.NumberFormat('en');
const steps = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];

/** A moment in the reader's own time zone; UTC in its tooltip. */
export function time(iso) {
  return h('time', { datetime: iso, title: `${iso} (UTC)` }, dateTime.format(new Date(iso)));
}

/** A moment as its distance from now. */
export function timeAgo(iso) {
  const seconds = Math.round((new Date(iso) - Date.now()) / 1000);
  const [unit, length] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return h('time', { datetime: iso, title: `${dateTime.format(new Date(iso))} · ${iso} (UTC)` }, ago.format(Math.trunc(seconds / length), unit));
}

/** The hour and minute of a moment. */
export function hour(date) {
  return clock.format(date);
}

export function number(value) {
  return whole.format(value);
}

/** `1 attempt`, `2 attempts`. */
export function count(value, one, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** A duration in milliseconds as people say it. */
export function duration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)}\u00a0ms` : `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)}\u00a0s`;
}

/** A share that only says 0 % or 100 % where it is so. */
export function percent(part, all) {
  const share = part / all * 100;
  const rounded = share.toFixed(share > 99 || share < 1 ? 1 : 0);
  return `${share > 99.9 && share < 100 ? '99.9' : share > 0 && share < 0.1 ? '0.1' : rounded.replace(/\.0$/, '')}\u00a0%`;
}

/** What an input of the type `datetime-local` takes for a moment. */
export function toLocalInput(iso) {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? '' : new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The moment that such an input holds, in UTC; empty where it holds none. */
export function fromLocalInput(value) {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}
