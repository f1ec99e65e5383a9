import { h } from '../core/dom.js';
import { time } from '../core/format.js';
import { checkField, textField } from './form.js';

/**
 * What a subscription shows in TLS handshakes: a certificate and its key, both of which are sent together.
 * @param {{ clientCertificate?: ClientCertificate | null }} current
 * @returns {CertificateFields}
 */
export function clientCertificate({ clientCertificate: before }) {
  const has = Boolean(before?.subject);
  const attributes = { spellcheck: 'false', autocomplete: 'off' };
  const certificate = textField({
    name: 'clientCertificate',
    label: 'Client certificate',
    lines: 3,
    value: before?.certificate ?? '',
    attributes,
    hint: has
      ? ['PEM. Leave empty to keep ', certificateOf(before), '.']
      : 'PEM, optionally followed by its intermediates. Only for receivers that want mutual TLS.',
  });
  const privateKey = textField({
    name: 'clientCertificate.privateKey',
    label: 'Private key',
    lines: 3,
    value: before?.privateKey ?? '',
    attributes,
    hint: 'PEM, without a password. It is not shown again.',
  });
  const removal = checkField({ name: 'clientCertificate.remove', label: 'Remove the client certificate', checked: before === null });
  removal.element.hidden = !has && before !== null;
  return {
    fields: [certificate, privateKey, removal],
    element: h(
      'details',
      { class: 'group', open: before !== undefined },
      h('summary', {}, 'Client certificate (mutual TLS)'),
      certificate.element,
      privateKey.element,
      removal.element,
    ),

    /** What to send of it; nothing if the current one stays. */
    get value() {
      const given = { certificate: certificate.value.trim(), privateKey: privateKey.value.trim() };
      if (given.certificate || given.privateKey) {
        return { clientCertificate: given };
      }

      return removal.value ? { clientCertificate: null } : {};
    },
  };
}

/**
 * A client certificate for people.
 * @param {ClientCertificate | null | undefined} certificate
 */
export function certificateOf(certificate) {
  return certificate
    ? h('span', { title: certificate.thumbprint }, `${certificate.subject}, expires `, time(certificate.expiresAt ?? ''))
    : null;
}
