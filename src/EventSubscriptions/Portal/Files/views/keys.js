import { post, remove } from '../core/api.js';
import { h } from '../core/dom.js';
import { fromLocalInput, time, timeAgo } from '../core/format.js';
import { api } from '../core/paths.js';
import { session } from '../core/session.js';
import { confirm, openDialog, showSecret } from '../parts/dialog.js';
import { form, refuse, selectField, textField } from '../parts/form.js';
import { PagedTable } from '../parts/list.js';
import { button, empty, free, heading, say } from '../parts/page.js';

const columns = ['Name', 'Role', 'Organization', 'Created', 'Expires', 'Last used', 'Revoke'];
/** @type {[Role, string][]} */
const roles = [
  ['read', 'read: reads everything but payloads, replays and keys'],
  ['analyst', 'analyst: sees payloads too'],
  ['publish', 'publish: publishes events, and sees event types'],
  ['manage', 'manage: reads, publishes and changes'],
  ['admin', 'admin: also manages keys and custom event types'],
];

/**
 * The API keys.
 * @param {View} view
 */
export async function keys({ outlet, signal }) {
  heading(outlet, 'Keys', { beside: button('New key', create, { kind: 'primary' }) });
  const list = new PagedTable({
    caption: 'Keys',
    columns,
    path: api.keys,
    what: 'keys',
    more: 'Show more',
    signal,
    row: (key, table) =>
      table.row([
        [free(key.name), h('span', { class: 'id aside' }, key.id)],
        key.role,
        key.organizationId === undefined ? 'All' : `${key.organizationId}`,
        time(key.createdAt),
        key.expiresAt ? time(key.expiresAt) : 'Never',
        key.lastUsedAt ? timeAgo(key.lastUsedAt) : 'Never',
        button('Revoke', () => revoke(key), { kind: 'quiet', 'aria-label': `Revoke “${key.name}”` }),
      ]),
    empty: () =>
      empty('No keys yet.', 'Issue one per person and program, with the least role it needs, and keep the admin key for emergencies.'),
  });
  outlet.append(list.element);
  await list.load({});

  async function create() {
    let issued = /** @type {(Key & { key: string }) | null} */ (null);
    await openDialog('New key', signal, close => {
      const fields = fieldsOf();
      return form({
        fields,
        label: 'Create',
        busy: 'Creating…',
        cancel: button('Cancel', close),
        signal,
        onsubmit: async () => {
          issued = (await post(api.keys, requestOf(fields), { signal })).body;
          close();
        },
      });
    });
    if (issued) {
      await showSecret({
        title: `The key “${issued.name}”`,
        text: 'Copy it now: it is shown only once.',
        label: 'Key',
        secret: issued.key,
        signal,
      });
      await list.load({});
    }
  }

  /** @param {Key} key */
  async function revoke(key) {
    const isDone = await confirm({
      title: `Revoke “${key.name}”?`,
      text: 'The key stops working within a few seconds. This can’t be undone.',
      label: 'Revoke',
      name: key.name,
      signal,
      action: () => remove(api.key(key.id), { signal }),
    });
    if (isDone) {
      say(`“${key.name}” is revoked.`);
      await list.load({});
    }
  }
}

function fieldsOf() {
  return [
    textField({ name: 'name', label: 'Name', required: true, hint: 'Who uses it, as shown in the audit log. Must be unique.' }),
    selectField({ name: 'role', label: 'Role', options: roles }),
    session.isBound
      ? textField({
          name: 'organizationId',
          label: 'Organization',
          value: `${session.organization}`,
          attributes: { readonly: true },
          hint: 'Your key can only issue keys for its organization.',
        })
      : textField({
          name: 'organizationId',
          label: 'Organization',
          attributes: { inputmode: 'numeric' },
          hint: 'Its number. Empty for all organizations.',
        }),
    textField({ name: 'expiresAt', label: 'Expires', type: 'datetime-local', hint: 'Leave empty for a key that never expires.' }),
  ];
}

/** @param {AnyField[]} fields */
function requestOf(fields) {
  const [name, role, organization, expiry] = fields.map(field => field.value.trim());
  if (organization && !/^\d{1,10}$/.test(organization)) {
    throw refuse('organizationId', 'must be a whole number');
  }

  return {
    name,
    role,
    ...(organization ? { organizationId: Number(organization) } : {}),
    ...(expiry ? { expiresAt: fromLocalInput(expiry) } : {}),
  };
}
