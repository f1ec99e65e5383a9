import { get, post } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { api } from '../core/paths.js';
import { debounce } from '../core/repeat.js';
import { selectField, textField } from './form.js';
import { problemNotice } from './page.js';

const own = 'template';
const previewDelay = 400;

/**
 * What the body of requests looks like: a choice, the template of what was chosen, and what would be sent, while it is typed.
 * @param {SubscriptionValues} current
 * @param {Template[]} templates
 * @param {EventType[]} types
 * @param {OrganizationId} organization
 * @param {AbortSignal} signal
 */
export function formatPart(current, templates, types, organization, signal) {
  const before = current.format;
  const secretNames = before?.secretNames ?? [];
  const kind = selectField({
    name: 'format',
    label: 'Format',
    options: [
      ['standard', 'As published'],
      ['cloudEvents', 'CloudEvents 1.0'],
      .../** @type {[string, string][]} */ (templates.map(({ name, title }) => [name, title])),
      [own, 'A template of your own'],
    ],
    value: before?.preset ?? before?.type ?? 'standard',
  });
  const body = textField({
    name: 'format.body',
    label: 'Template',
    lines: 12,
    value: before?.body ?? '',
    attributes: { spellcheck: 'false', class: 'code' },
    hint: 'Liquid, with eventName, organizationId, eventId, timestamp, data and secrets. The filter json writes a value as JSON.',
  });
  const secrets = textField({
    name: 'format.secrets',
    label: 'Secrets of the template',
    lines: 2,
    value: secretNames.map(name => `${name}: ***`).join('\n'),
    attributes: { spellcheck: 'false' },
    hint: 'One per line, such as “routingKey: …”. They are not shown again; a change of the format needs them all.',
  });
  const contentType = textField({
    name: 'format.contentType',
    label: 'Content type',
    value: before?.contentType ?? 'application/json',
    attributes: { spellcheck: 'false' },
  });
  const example = selectField({
    name: 'example',
    label: 'Preview with',
    options: types.map(({ name }) => [name, name]),
    value: types.find(({ name }) => current.events.includes(name))?.name ?? 'CaseCreatedEvent',
  });
  const template = h('div', {}, body.element, secrets.element, contentType.element);
  const status = h('p', { role: 'status', class: 'hint' });
  const result = h('div', { class: 'preview' });
  const initial = JSON.stringify(given());
  const refresh = debounce(previewDelay, signal, preview);
  let ownBody = before?.preset ? '' : (before?.body ?? '');
  kind.input.addEventListener('change', () => choose(kind.value));
  body.input.addEventListener('input', () => {
    ownBody = kind.value === own ? body.value : ownBody;
  });
  example.input.addEventListener('change', refresh);
  [body, secrets, contentType].forEach(field => field.input.addEventListener('input', refresh));
  show();
  refresh();
  return {
    fields: [kind, body, secrets, contentType],
    element: h('div', {}, kind.element, h('div', { class: 'beside' }, template, h('div', {}, example.element, status, result))),
    choose,

    /** What was changed, as the API takes it. */
    get changes() {
      const format = given();
      return JSON.stringify(format) === initial ? {} : { format: format.type === 'standard' ? null : format };
    },
  };

  /**
   * Takes a format; of a preset, its template.
   * @param {string} name
   */
  function choose(name) {
    const preset = templates.find(one => one.name === name);
    kind.input.value = name;
    if (preset) {
      body.input.value = preset.body;
      contentType.input.value = preset.contentType;
      secrets.input.value = (preset.secrets ?? []).map(secret => `${secret.name}: `).join('\n');
    } else if (name === own && ownBody) {
      body.input.value = ownBody;
    }

    show();
    refresh();
  }

  function show() {
    const isTemplate = !['standard', 'cloudEvents'].includes(kind.value);
    [template, body.element, secrets.element, contentType.element].forEach(element => {
      element.hidden = !isTemplate;
    });
    body.input.required = isTemplate;
  }

  /** @returns {{ type: string, [member: string]: unknown }} */
  function given() {
    if (kind.value === 'standard' || kind.value === 'cloudEvents') {
      return { type: kind.value };
    }

    return {
      type: 'template',
      body: body.value,
      contentType: contentType.value.trim(),
      ...(kind.value === own ? {} : { preset: kind.value }),
      secrets: secretsOf(secrets.value),
    };
  }

  /** @param {AbortSignal} latest */
  async function preview(latest) {
    const format = given();
    // They are shown as *** whatever they are.
    delete format.secrets;
    try {
      const { body: shown } = await post(api.preview(organization), { format, eventName: example.value }, { signal: latest });
      body.complain('');
      fill(status, `Would be sent as ${shown.contentType}:`);
      fill(result, h('pre', {}, shown.body));
    } catch (error) {
      if (latest.aborted) {
        return;
      }

      const problem = /** @type {{ errors?: Errors }} */ (error).errors?.['format.body'];
      body.complain(problem ? `Template ${problem.join('; ')}.` : '');
      fill(status, problem ? 'The template has to be corrected first.' : '');
      fill(result, problem ? '' : problemNotice(error));
    }
  }
}

/** The templates for known receivers. @param {AbortSignal} signal */
export async function loadTemplates(signal) {
  const { body } = await get(api.templates, { signal });
  return body.items;
}

/**
 * @param {string} text
 * @returns {Record<string, string>}
 */
function secretsOf(text) {
  const lines = text
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean);
  return Object.fromEntries(
    lines.map(line => {
      const colon = line.indexOf(':');
      return colon < 0 ? [line, ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}
