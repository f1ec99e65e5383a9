import { Problem } from '../core/api.js';
import { fill, h, newId } from '../core/dom.js';
import { button, problemNotice } from './page.js';

/**
 * A text of one line or more, with a label, a hint and room for an error. The API's errors use `name`.
 * @param {{ name: string, label: string, hint?: Child, type?: string, value?: string, required?: boolean, lines?: number, attributes?:
 *   Properties }} options
 * @returns {TextField}
 */
export function textField({ name, label, hint, type = 'text', value = '', required = false, lines, attributes }) {
  const input = lines
    ? h('textarea', { rows: lines, required, ...attributes }, value)
    : h('input', { type, value, required, autocomplete: 'off', ...attributes });
  return field({ name, label, hint, input });
}

/**
 * One of several options.
 * @param {{ name: string, label: string, hint?: Child, options: [string, string][], value?: string, attributes?: Properties }} options
 * @returns {SelectField}
 */
export function selectField({ name, label, hint, options, value = '', attributes }) {
  const input = h(
    'select',
    attributes,
    options.map(([option, text]) => h('option', { value: option, selected: option === value }, text)),
  );
  return field({ name, label, hint, input });
}

/**
 * Yes or no.
 * @param {{ name: string, label: string, hint?: Child, checked?: boolean }} options
 * @returns {CheckField}
 */
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

/**
 * @template {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Input
 * @param {{ name: string, label: string, hint?: Child, input: Input }} options
 * @returns {Field<string, Input>}
 */
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

/**
 * @param {HTMLElement} input
 * @param {Child} hint
 */
function notes(input, hint) {
  const error = h('p', { class: 'error', id: newId('error') });
  const help = hint ? h('p', { class: 'hint', id: newId('hint') }, hint) : null;
  input.setAttribute('aria-describedby', [help?.id, error.id].filter(Boolean).join(' '));
  return { error, describe: [help, error] };
}

/**
 * @param {HTMLElement} input
 * @param {HTMLElement} error
 * @param {string} text
 */
function complain(input, error, text) {
  fill(error, text);
  input.setAttribute('aria-invalid', `${Boolean(text)}`);
}

/**
 * A form. The API's errors of a field are shown at the field, others above the button, and the first invalid field gets the focus.
 * `content` replaces the fields' elements if they are not simply one below the other. `onproblem` may return a notice of its own.
 * @param {{ fields: AnyField[], content?: Child[], label: string, busy: string, cancel?: Node, signal: AbortSignal,
 * onsubmit: () => Promise<unknown>, onproblem?: (problem: any) => Node | null }} options
 */
export function form({ fields, content, label, busy, cancel, onsubmit, onproblem, signal }) {
  const problems = h('div', {});
  const submit = h('button', { type: 'submit', class: 'primary' }, label);
  return h(
    'form',
    { novalidate: true, onsubmit: send },
    content ?? fields.map(field => field.element),
    problems,
    h('div', { class: 'actions' }, submit, cancel),
  );

  /** @param {Event} event */
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

  /** The field of an error: that of its name, or the one with the longest name that it is a part of. @param {string} name */
  function ownerOf(name) {
    return fields
      .filter(
        field => !field.element.hidden && (name === field.name || [`${field.name}[`, `${field.name}.`].some(part => name.startsWith(part))),
      )
      .sort((a, b) => b.name.length - a.name.length)[0];
  }

  /** @param {any} error */
  function show(error) {
    /** @type {Errors} */
    const rest = {};
    let first;
    for (const [name, messages] of Object.entries(error.errors ?? {})) {
      const owner = ownerOf(name);
      if (owner) {
        owner.complain(sentence(name === owner.name ? owner.label : name, messages));
        owner.element.closest('details')?.setAttribute('open', '');
        first ??= owner;
      } else {
        rest[name] = messages;
      }
    }

    fill(
      problems,
      onproblem?.(error) ??
        problemNotice(error instanceof Problem ? new Problem({ ...error, detail: error.message, errors: rest }) : error),
    );
    (first?.input ?? problems.querySelector('button'))?.focus();
  }
}

/**
 * A problem with a field that the API needn't be asked about.
 * @param {string} name
 * @param {string} message
 */
export function refuse(name, message) {
  return new Problem({ status: 400, detail: 'Correct one field first.', errors: { [name]: [message] } });
}

/**
 * @param {string} subject
 * @param {string[]} messages
 */
function sentence(subject, messages) {
  return `${subject} ${messages.join('; ')}.`;
}

/**
 * Filters above a list. A change counts when it is made or, for the event `input`, with each letter: not again when the field is left,
 * since that
 * may be for a click on the list.
 * @param {AnyField[]} fields
 * @param {() => unknown} onchange
 */
export function filters(fields, onchange, event = 'change') {
  return h(
    'form',
    { class: 'filters', role: 'search', onsubmit: submitted => submitted.preventDefault(), [`on${event}`]: () => onchange() },
    fields.map(field => field.element),
  );
}

/**
 * A button that clears filters.
 * @param {AnyField[]} fields
 * @param {() => unknown} onchange
 */
export function clearButton(fields, onchange) {
  return button(
    'Clear filters',
    () => {
      fields.forEach(field => {
        field.input.value = '';
      });
      onchange();
    },
    { kind: 'quiet' },
  );
}
