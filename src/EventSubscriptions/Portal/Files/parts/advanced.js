import { post } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { count } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { debounce } from '../core/repeat.js';
import { refuse, textField } from './form.js';
import { link, problemNotice } from './page.js';

const masked = '***';
const trialDelay = 800;

/** Strings, so that they are skipped, and numbers. */
const number = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * What most subscriptions don't need: headers, a filter with a trial on past events, the retry schedule and the deadline.
 * @param {SubscriptionValues} current
 * @param {OrganizationId} organization
 * @param {() => string[]} events
 * @param {AbortSignal} signal
 */
export function advanced(current, organization, events, signal) {
  const before = {
    headers: (current.headerNames ?? []).map(name => `${name}: ${masked}`).join('\n'),
    filter: current.filter ? JSON.stringify(current.filter, null, 2) : '',
    retrySchedule: (current.retrySchedule ?? []).join(', '),
    deadline: current.deadline ?? '',
  };
  const headers = textField({
    name: 'headers',
    label: 'Headers',
    lines: 2,
    value: before.headers,
    attributes: { spellcheck: 'false' },
    hint: `One per line, such as “X-Environment: production”. Values are not shown again; ${masked} keeps one.`,
  });
  const filter = textField({
    name: 'filter',
    label: 'Filter',
    lines: 4,
    value: before.filter,
    attributes: { spellcheck: 'false' },
    hint: 'JSON: only events that match are sent, such as { "data.severity": { "$gte": 7 } }.',
  });
  const retrySchedule = textField({
    name: 'retrySchedule',
    label: 'Retry schedule',
    value: before.retrySchedule,
    hint: 'Delays after failed attempts as hh:mm:ss, separated by commas. Leave empty for that of the app.',
  });
  const deadline = textField({
    name: 'deadline',
    label: 'Deadline',
    value: before.deadline,
    hint: 'The time limit of an attempt, 00:00:01 to 00:01:00. Leave empty for that of the app.',
  });
  const fields = [headers, filter, retrySchedule, deadline];
  const result = h('div', { role: 'status' });
  filter.input.addEventListener('input', debounce(trialDelay, signal, tryFilter));
  return {
    fields,
    element: h(
      'details',
      { class: 'group', open: Object.values(before).some(Boolean) },
      h('summary', {}, 'Filter, headers and retries'),
      filter.element,
      result,
      headers.element,
      retrySchedule.element,
      deadline.element,
    ),

    /** What was changed, as the API takes it. */
    get changes() {
      return {
        ...(headers.value.trim() === before.headers ? {} : { headers: headersOf(headers.value, current.headerNames ?? []) }),
        ...(filter.value.trim() === before.filter ? {} : { filter: filterOf(filter.value) }),
        ...(retrySchedule.value.trim() === before.retrySchedule
          ? {}
          : { retrySchedule: retrySchedule.value.trim() ? retrySchedule.value.split(',').map(text => text.trim()) : null }),
        ...(deadline.value.trim() === before.deadline ? {} : { deadline: deadline.value.trim() || null }),
      };
    },
  };

  /** @param {AbortSignal} latest */
  async function tryFilter(latest) {
    fill(result, h('p', { class: 'hint' }, filter.value.trim() ? 'Reading past events…' : ''));
    try {
      const wanted = filterOf(filter.value);
      filter.complain('');
      if (wanted === null) {
        return;
      }

      const { body } = await post(
        api.filterTest(organization),
        { filter: wanted, ...(events().length > 0 ? { events: events() } : {}) },
        { signal: latest },
      );
      const scope = body.isComplete ? 'archived' : 'newest archived';
      fill(
        result,
        h('p', {}, `It accepts ${count(body.matched, 'event')} of the ${body.examined} ${scope} ones.`),
        h(
          'ul',
          {},
          body.examples.map((/** @type {{ id: string, eventName: string }} */ example) =>
            h('li', {}, link(`${example.eventName} ${example.id}`, views.event(organization, example.id))),
          ),
        ),
      );
    } catch (error) {
      if (!latest.aborted) {
        const errors = Object.entries(/** @type {{ errors?: Errors }} */ (error).errors ?? {});
        filter.complain(errors.map(([name, messages]) => `${name} ${messages.join('; ')}.`).join(' '));
        fill(result, errors.length > 0 ? '' : problemNotice(error));
      }
    }
  }
}

/** @param {string} text */
function isLossy(text) {
  const value = Number(text);
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** @param {string} text */
function filterOf(text) {
  const lossy = (text.match(number) ?? []).find(part => !part.startsWith('"') && isLossy(part));
  if (lossy) {
    throw refuse('filter', `has the number ${lossy}, which a browser can’t keep: change the filter with the API`);
  }

  try {
    return text.trim() === '' ? null : JSON.parse(text);
  } catch (error) {
    throw refuse('filter', `must be JSON: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * The changes of headers: null for those that were removed.
 * @param {string} text
 * @param {string[]} before
 */
function headersOf(text, before) {
  /** @type {Record<string, string | null>} */
  const changes = Object.fromEntries(before.map(name => [name, null]));
  for (const line of text
    .split('\n')
    .map(part => part.trim())
    .filter(Boolean)) {
    const colon = line.indexOf(':');
    if (colon < 1) {
      throw refuse('headers', 'must be lines with a name, a colon and a value');
    }

    const [name, value] = [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    if (value === masked && before.includes(name)) {
      delete changes[name];
    } else {
      changes[name] = value;
    }
  }

  return changes;
}
