import { h } from '../core/dom.js';
import { clientCertificate } from './clientCertificate.js';
import { checkField, selectField, textField } from './form.js';

const secret = { autocomplete: 'new-password', spellcheck: 'false' };
const plain = { spellcheck: 'false' };

/**
 * How requests prove to the receiver who sends them: a choice, and the fields of what was chosen.
 * @param {Pick<SubscriptionValues, 'authentication' | 'tokenHint' | 'clientCertificate' | 'urlIsSecret'>} current
 * @param {boolean} isNew
 */
export function credentials(current, isNew) {
  const before = current.authentication;
  const kind = selectField({
    name: 'authentication',
    label: 'Authentication',
    options: [
      ['bearer', 'Bearer token'],
      ['basic', 'User name and password'],
      ['header', 'A header of the receiver’s own'],
      ['oauth2', 'OAuth 2.0 client credentials'],
      ['managedIdentity', 'Managed identity'],
      ['none', 'None: the URL is enough'],
    ],
    value: before?.type ?? 'bearer',
  });
  const again = isNew ? '' : ' Leave empty to keep the current one.';
  const fields = {
    bearer: {
      token: textField({
        name: 'token',
        label: isNew ? 'Token' : 'New token',
        type: 'password',
        attributes: secret,
        hint: isNew
          ? 'Sent with each event as “Authorization: Bearer …”. It is not shown again.'
          : `Leave empty to keep the current one${current.tokenHint ? `, which ends in ${current.tokenHint}` : ''}. A URL with another scheme, host, port or path requires the token again.`,
      }),
    },
    basic: {
      username: textField({ name: 'authentication.username', label: 'User name', value: before?.username ?? '', attributes: plain }),
      password: textField({
        name: 'authentication.password',
        label: 'Password',
        type: 'password',
        attributes: secret,
        hint: `Write-only.${again}`,
      }),
    },
    header: {
      name: textField({
        name: 'authentication.name',
        label: 'Header',
        value: before?.name ?? '',
        attributes: plain,
        hint: 'Such as X-Api-Key.',
      }),
      value: textField({
        name: 'authentication.value',
        label: 'Value',
        type: 'password',
        attributes: secret,
        hint: `The whole value, such as “Splunk 1234…”. Write-only.${again}`,
      }),
    },
    oauth2: {
      tokenUrl: textField({
        name: 'authentication.tokenUrl',
        label: 'Token URL',
        type: 'url',
        value: before?.tokenUrl ?? '',
        attributes: plain,
      }),
      clientId: textField({ name: 'authentication.clientId', label: 'Client id', value: before?.clientId ?? '', attributes: plain }),
      clientSecret: textField({
        name: 'authentication.clientSecret',
        label: 'Client secret',
        type: 'password',
        attributes: secret,
        hint: `Write-only.${again}`,
      }),
      scope: textField({ name: 'authentication.scope', label: 'Scope', value: before?.scope ?? '', attributes: plain, hint: 'Optional.' }),
      clientAuthentication: selectField({
        name: 'authentication.clientAuthentication',
        label: 'Client authentication',
        options: [
          ['basic', 'In a header'],
          ['body', 'In the form'],
        ],
        value: before?.clientAuthentication ?? 'basic',
        hint: 'How the token endpoint expects the client id and secret.',
      }),
      audience: textField({
        name: 'authentication.audience',
        label: 'Audience',
        value: before?.audience ?? '',
        attributes: plain,
        hint: 'Optional.',
      }),
    },
    managedIdentity: {
      resource: textField({
        name: 'authentication.resource',
        label: 'Resource',
        value: before?.resource ?? '',
        attributes: plain,
        hint: 'What the token is for. The settings of the app name the resources, and the hosts that may get their tokens.',
      }),
    },
    none: {},
  };
  const certificate = clientCertificate(current);
  const urlIsSecret = checkField({
    name: 'urlIsSecret',
    label: 'The URL is secret',
    checked: current.urlIsSecret ?? kind.value === 'none',
    hint: 'Whoever knows it may post there: nothing but its host is shown again. To show it, enter the URL again.',
  });
  let isChosen = !isNew || current.urlIsSecret !== undefined;
  /** @type {Record<string, Record<string, TextField | SelectField>>} */
  const kinds = fields;
  const optional = ['scope', 'audience', 'clientAuthentication'];
  const secrets = ['token', 'password', 'value', 'clientSecret'];
  kind.input.addEventListener('change', () => {
    show();
    urlIsSecret.input.checked = isChosen ? urlIsSecret.value : kind.value === 'none';
  });
  urlIsSecret.input.addEventListener('change', () => {
    isChosen = true;
  });
  show();
  return {
    fields: [kind, ...Object.values(kinds).flatMap(group => Object.values(group)), urlIsSecret, ...certificate.fields],
    element: h(
      'fieldset',
      { class: 'group' },
      h('legend', {}, 'Credentials'),
      kind.element,
      Object.values(kinds).flatMap(group => Object.values(group).map(field => field.element)),
      urlIsSecret.element,
      certificate.element,
    ),
    token: fields.bearer.token,

    /**
     * Takes the kind of authentication that a receiver needs, with examples of its values.
     * @param {Authentication & { value?: string }} example
     */
    choose(example) {
      kind.input.value = example.type;
      /** @type {Record<string, string | undefined>} */
      const values = { ...example };
      for (const [name, field] of Object.entries(kinds[example.type] ?? {})) {
        // What differs from one customer to another must be entered.
        if (secrets.includes(name) || name === 'tokenUrl') {
          field.input.setAttribute('placeholder', values[name] ?? '');
        } else {
          field.input.value = values[name] ?? (name === 'clientAuthentication' ? 'basic' : '');
        }
      }

      kind.input.dispatchEvent(new Event('change'));
    },

    /** What to send of it; nothing if the current credentials stay. */
    get value() {
      const hides =
        urlIsSecret.value === (current.urlIsSecret ?? (isNew && kind.value === 'none')) ? {} : { urlIsSecret: urlIsSecret.value };
      return { ...authentication(), ...certificate.value, ...hides };
    },
  };

  function authentication() {
    const chosen = kinds[kind.value] ?? {};
    if (isSame(chosen)) {
      return {};
    }

    if (kind.value === 'bearer') {
      return { token: fields.bearer.token.value };
    }

    const values = Object.entries(chosen).map(([name, field]) => [name, secrets.includes(name) ? field.value : field.value.trim()]);
    return { authentication: { type: kind.value, ...Object.fromEntries(values.filter(([, value]) => value !== '')) } };
  }

  /** @param {Record<string, TextField | SelectField>} chosen */
  function isSame(chosen) {
    /** @type {Record<string, string | undefined>} */
    const shown = { ...before };
    return (
      !isNew &&
      kind.value === before?.type &&
      Object.entries(chosen).every(([name, { value }]) => (secrets.includes(name) ? value === '' : value.trim() === (shown[name] ?? '')))
    );
  }

  function show() {
    for (const [type, group] of Object.entries(kinds)) {
      const isShown = type === kind.value;
      for (const [name, field] of Object.entries(group)) {
        field.element.hidden = !isShown;
        field.input.required = isShown && !optional.includes(name) && (isNew || type !== before?.type || !secrets.includes(name));
      }
    }
  }
}
