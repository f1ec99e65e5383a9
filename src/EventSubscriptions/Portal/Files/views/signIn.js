import { identify } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { session } from '../core/session.js';
import { form, refuse, textField } from '../parts/form.js';
import { heading } from '../parts/page.js';

/**
 * Asks for the key, once per tab.
 * @param {{ outlet: HTMLElement, signal: AbortSignal, reason?: string, done: () => void }} options
 */
export function signIn({ outlet, signal, reason, done }) {
  outlet.classList.add('narrow');
  heading(outlet, 'Sign in');
  const key = textField({
    name: 'key',
    label: 'Key',
    type: 'password',
    required: true,
    hint: 'An API key of this app. The local host prints its admin key at the first start. The key is kept until you sign out or close this tab.',
    attributes: { autocomplete: 'off', spellcheck: 'false' },
  });
  const notice = h('div', {});
  if (reason) {
    fill(notice, h('p', { class: 'notice bad', role: 'alert' }, reason));
  }

  outlet.append(
    notice,
    form({
      fields: [key],
      label: 'Sign in',
      busy: 'Signing in…',
      signal,
      onsubmit: async () => {
        const text = key.value.trim();
        const caller = await identify(text, signal);
        if (!caller) {
          throw refuse('key', 'is unknown, expired or revoked');
        }

        key.input.value = '';
        session.signIn(text, caller);
        done();
      },
    }),
  );
  key.input.focus();
}
