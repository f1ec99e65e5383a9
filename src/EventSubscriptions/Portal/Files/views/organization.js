import { views } from '../core/paths.js';
import { go } from '../core/router.js';
import { session } from '../core/session.js';
import { form, refuse, textField } from '../parts/form.js';
import { heading } from '../parts/page.js';

const highest = 2 ** 31 - 1;

/**
 * Asks for the organization, if the key is valid for all.
 * @param {View} view
 */
export async function chooseOrganization({ outlet, signal }) {
  outlet.classList.add('narrow');
  heading(outlet, 'Choose an organization');
  const id = textField({
    name: 'organizationId',
    label: 'Organization',
    required: true,
    value: `${session.organization ?? ''}`,
    hint: 'Its number. Your key is valid for all organizations; events and subscriptions belong to one.',
    attributes: { inputmode: 'numeric' },
  });
  outlet.append(
    form({
      fields: [id],
      label: 'Open',
      busy: 'Opening…',
      signal,
      onsubmit: async () => {
        const text = id.value.trim();
        if (!/^(0|[1-9]\d*)$/.test(text) || Number(text) > highest) {
          throw refuse('organizationId', `must be a whole number from 0 to ${highest}`);
        }

        go(views.subscriptions(text));
      },
    }),
  );
}
