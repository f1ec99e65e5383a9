import { Problem } from '../core/api.js';
import { fill, h, newId } from '../core/dom.js';
import { button, problemNotice } from './page.js';

/**
 * One line or more of text, with a label, a hint and room for what is wrong with it.
 * @param {{ name: string, label: string, hint?: any, type?: string, value?: string, required?: boolean, lines?: number, attributes?: object }} options
 *   `name` is the member of the request that the API's errors name.
 */
export function textField({ name, label, hint, type = 'text', value = '', required = false, lines, attributes }) {
  const input = lines
    ? h('textarea', { rows: lines, required, ...attributes }, value)
    : h('input', { type, value, required, autocomplete: 'off', ...attributes });
  return field({ name, label, hint, input });
}

/** One of a few. @param {{ name: string, label: string, hint?: any, options: [string, string][], value?: string }} options */
export function selectField({ name, label, hint, options, value = '', attributes }) {
  const input = h('select', attributes, options.map(([option, text]) => h('option', { value: option, selected: option === value }, text)));
  return field({ name, label, hint, input });
}

/** Yes or no. */
export function checkField({ name, label, hint, checked = false }) {
  const input = h('input', { type: 'checkbox', id: newId('field'), checked });
  const { error, describe } = notes(input, hint);
  return {
    name,
    label,
    input,
    element: h('div', { class: 'field check' }, h('div', {}, input, h('label', { for: input.id }, label)), describe),
    get value() {
      return input.checked;
    },
    complain: text => complain(input, error, text),
  };
}

function field({ name, label, hint, input }) {
  input.id = newId('field');
  const { error, describe } = notes(input, hint);
  return {
    name,
    label,
    input,
    element: h('div', { class: 'field' }, h('label', { for: input.id }, label), input, describe),
    get value() {
      return input.value;
    },
    complain: text => complain(input, error, text),
  };
}

function notes(input, hint) {
  const error = h('p', { class: 'error', id: newId('error') });
  const help = hint ? h('p', { class: 'hint', id: newId('hint') }, hint) : null;
  input.setAttribute('aria-describedby', [help?.id, error.id].filter(Boolean).join(' '));
  return { error, describe: [help, error] };
}

function complain(input, error, text) {
  fill(error, text);
  input.setAttribute('aria-invalid', Boolean(text));
}

/**
 * A form. What the API says of a field is shown at the field, the rest above the button, and the first wrong field gets the focus.
 * @param {{ fields: object[], content?: any[], label: string, busy: string, cancel?: Node, onsubmit: Function, onproblem?: (problem: Problem) => Node | null }} options
 *   `content` in the place of the fields' elements where they are not simply one below the other. `onproblem` may make a notice of its own.
 */
export function form({ fields, content, label, busy, cancel, onsubmit, onproblem, signal }) {
  const problems = h('div', {});
  const submit = h('button', { type: 'submit', class: 'primary' }, label);
  return h(
    'form', { novalidate: true, onsubmit: send },
    content ?? fields.map(field => field.element),
    problems,
    h('div', { class: 'actions' }, submit, cancel));

  async function send(event) {
    event.preventDefault();
    if (submit.disabled) {
      return;
    }

    fields.forEach(field => field.complain(''));
    fill(problems);
    if (!complete()) {
      return;
    }

    submit.disabled = true;
    fill(submit, busy);
    try {
      await onsubmit();
    } catch (error) {
      if (!signal.aborted) {
        show(error);
      }
    } finally {
      submit.disabled = false;
      fill(submit, label);
    }
  }

  function complete() {
    const missing = fields.filter(field => field.input?.required && !field.value.trim());
    missing.forEach(field => field.complain(`${field.label} is needed.`));
    missing[0]?.input.focus();
    return missing.length === 0;
  }

  function show(error) {
    const rest = {};
    let first;
    for (const [name, messages] of Object.entries(error.errors ?? {})) {
      const owner = fields.find(field => name === field.name || name.startsWith(`${field.name}[`));
      if (owner) {
        owner.complain(sentence(owner.label, name, messages));
        first ??= owner;
      } else {
        rest[name] = messages;
      }
    }

    fill(problems, onproblem?.(error) ?? problemNotice(error instanceof Problem ? new Problem({ ...error, detail: error.message, errors: rest }) : error));
    (first?.input ?? problems.querySelector('button'))?.focus();
  }
}

/** Marks a field as wrong without asking the API. */
export function refuse(name, message) {
  return new Problem({ status: 400, detail: 'Correct one field first.', errors: { [name]: [message] } });
}

function sentence(label, name, messages) {
  const subject = name.includes('[') ? name : label;
  return `${subject} ${messages.join('; ')}.`;
}

/** Filters above a list. A change is told when it is made or, for the event `input`, with each letter: not again when the field is left, since that may be for a click on the list. */
export function filters(fields, onchange, event = 'change') {
  return h(
    'form', { class: 'filters', role: 'search', onsubmit: submitted => submitted.preventDefault(), [`on${event}`]: () => onchange() },
    fields.map(field => field.element));
}

/** A button that empties filters. */
export function clearButton(fields, onchange) {
  return button('Clear filters', () => {
    fields.forEach(field => { field.input.value = ''; });
    onchange();
  }, { kind: 'quiet' });
}
