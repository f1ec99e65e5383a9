import { fill, h, newId } from '../core/dom.js';
import { button, problemNotice, say } from './page.js';

/**
 * Opens a dialog. It is closed when the view is left.
 * @param {string} title
 * @param {AbortSignal} signal The view's.
 * @param {(close: () => void) => Child} content
 * @returns {Promise<void>} Ends when the dialog is closed.
 */
export function openDialog(title, signal, content) {
  /** @type {PromiseWithResolvers<void>} */
  const closed = Promise.withResolvers();
  const id = newId('dialog');
  const dialog = h('dialog', {
    'aria-labelledby': id,
    onclose: () => {
      signal.removeEventListener('abort', close);
      dialog.remove();
      closed.resolve();
    },
  });
  function close() {
    dialog.close();
  }

  signal.addEventListener('abort', close, { once: true });
  fill(dialog, h('h2', { id }, title), content(close));
  document.body.append(dialog);
  dialog.showModal();
  return closed.promise;
}

/**
 * Asks for a confirmation. If there is a name, it must be typed first. The dialog shows what the action throws.
 * @param {{ title: string, text: string, label: string, kind?: string, name?: string, extra?: Node, signal: AbortSignal, action: () =>
 *   Promise<unknown> }} question
 * @returns {Promise<boolean>} Whether it was done.
 */
export async function confirm({ title, text, label, kind = 'danger', name, extra, signal, action }) {
  let done = false;
  await openDialog(title, signal, close => {
    const problems = h('div', {});
    const go = button(label, act, { kind });
    const typed = name === undefined ? null : h('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', oninput: check });
    async function act() {
      go.disabled = true;
      fill(problems);
      try {
        await action();
        done = true;
        close();
      } catch (error) {
        if (!signal.aborted) {
          fill(problems, problemNotice(error));
          check();
        }
      }
    }

    function check() {
      go.disabled = typed !== null && typed.value.trim() !== name?.trim();
    }

    check();
    return [
      h('p', {}, text),
      extra,
      typed ? h('label', { class: 'field' }, h('span', {}, 'Type ', h('strong', {}, name), ' to confirm'), typed) : null,
      problems,
      h('div', { class: 'actions' }, button('Cancel', close), go),
    ];
  });
  return done;
}

/**
 * Shows a secret once. It is gone when the dialog is closed.
 * @param {{ title: string, text: string, label: string, secret: string, signal: AbortSignal }} options
 */
export async function showSecret({ title, text, label, secret, signal }) {
  /** @type {HTMLInputElement} */
  const box = h('input', {
    type: 'text',
    readonly: true,
    value: secret,
    class: 'secret',
    spellcheck: 'false',
    autocomplete: 'off',
    onfocus: () => box.select(),
  });
  await openDialog(title, signal, close => [
    h('p', {}, text),
    h('label', { class: 'field' }, h('span', {}, label), box),
    h(
      'div',
      { class: 'actions' },
      button('Copy', () => copy(box, label)),
      button('I have stored it', close, { kind: 'primary' }),
    ),
  ]);
  box.value = '';
  box.removeAttribute('value');
}

/**
 * @param {HTMLInputElement} box
 * @param {string} label
 */
async function copy(box, label) {
  try {
    await navigator.clipboard.writeText(box.value);
    say(`${label} copied.`);
  } catch {
    // Browsers allow it over https and on this machine only.
    box.focus();
    say('The browser does not allow copying here. The text is selected: press Ctrl+C or ⌘C.');
  }
}
