import { fill, h, newId } from '../core/dom.js';
import { button, problemNotice, say } from './page.js';

/**
 * Opens a dialog. It goes when it is closed, and when the view is left.
 * @param {string} title
 * @param {AbortSignal} signal The view's.
 * @param {(close: Function) => any[]} content What it holds.
 * @returns {Promise<void>} Ends when the dialog is closed.
 */
export function openDialog(title, signal, content) {
  const closed = Promise.withResolvers();
  const id = newId('dialog');
  const dialog = h('dialog', { 'aria-labelledby': id, onclose: () => {
    signal.removeEventListener('abort', close);
    dialog.remove();
    closed.resolve();
  } });
  function close() {
    dialog.close();
  }

  signal.addEventListener('abort', close, { once: true });
  dialog.append(h('h2', { id }, title), ...[content(close)].flat(Infinity).filter(Boolean));
  document.body.append(dialog);
  dialog.showModal();
  return closed.promise;
}

/**
 * Asks before something is done.
 * @param {{ title: string, text: string, label: string, kind?: string, name?: string, extra?: Node, signal: AbortSignal, action: Function }} question
 *   With `name`, that must be typed first. `action` does it; what it throws is shown in the dialog.
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
      go.disabled = typed !== null && typed.value.trim() !== name.trim();
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

/** Shows a secret the one time that it is known. It is nowhere once the dialog is closed. */
export async function showSecret({ title, text, label, secret, signal }) {
  let box;
  await openDialog(title, signal, close => {
    box = h('input', { type: 'text', readonly: true, value: secret, class: 'secret', spellcheck: 'false', autocomplete: 'off', onfocus: () => box.select() });
    return [
      h('p', {}, text),
      h('label', { class: 'field' }, h('span', {}, label), box),
      h('div', { class: 'actions' }, button('Copy', () => copy(box, label)), button('I have stored it', close, { kind: 'primary' })),
    ];
  });
  box.value = '';
  box.removeAttribute('value');
}

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
