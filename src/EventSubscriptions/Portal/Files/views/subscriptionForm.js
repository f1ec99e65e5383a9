import { get, patch, post } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { api, views } from '../core/paths.js';
import { go } from '../core/router.js';
import { advanced } from '../parts/advanced.js';
import { credentials } from '../parts/credentials.js';
import { showSecret } from '../parts/dialog.js';
import { eventPicker } from '../parts/eventPicker.js';
import { checkField, form, refuse, selectField, textField } from '../parts/form.js';
import { formatPart, loadTemplates } from '../parts/format.js';
import { button, heading, link, linkButton, loading, say } from '../parts/page.js';

const masked = '***';

/** @param {View} view */
export async function newSubscription({ outlet, parameters: { organization }, signal }) {
  heading(outlet, 'New subscription', { above: link('Subscriptions', views.subscriptions(organization)) });
  const known = await catalogue(outlet, signal);
  const fields = fieldsOf({ name: '', url: '', events: [], isActive: true }, known, true, organization, signal);
  outlet.append(
    form({
      ...laidOut(fields, receiverField(known.templates, fields)),
      label: 'Create',
      busy: 'Creating…',
      cancel: linkButton('Cancel', views.subscriptions(organization)),
      signal,
      onsubmit: async () => {
        const { body } = await post(api.subscriptions(organization), created(fields), { signal });
        await showSecret({
          title: 'Subscription created',
          text: 'The receiver needs this secret to verify signatures. It is shown only once.',
          label: 'Signing secret',
          secret: body.signingSecret,
          signal,
        });
        go(views.subscription(organization, body.id));
      },
    }),
  );
}

/** @param {View} view */
export async function editSubscription({ outlet, parameters: { organization, id }, signal }) {
  const path = api.subscription(organization, id);
  heading(outlet, 'Edit subscription', { above: link('Back to the subscription', views.subscription(organization, id)) });
  const known = await catalogue(outlet, signal);
  let { body: base, etag } = await get(path, { signal });
  let fields = fieldsOf(base, known, false, organization, signal);
  let initial = statesOf(fields);
  const place = h('div', {});
  outlet.append(place);
  show();

  function show() {
    fill(
      place,
      form({
        ...laidOut(fields),
        label: 'Save',
        busy: 'Saving…',
        cancel: linkButton('Cancel', views.subscription(organization, id)),
        signal,
        onsubmit: save,
        onproblem: problem => (problem.status === 412 ? stale() : null),
      }),
    );
  }

  async function save() {
    const changes = changed(fields, base);
    if (Object.keys(changes).length > 0) {
      await patch(path, changes, { ifMatch: etag, signal });
      say('Saved.');
    }

    go(views.subscription(organization, id));
  }

  function stale() {
    return h(
      'div',
      { class: 'notice warn', role: 'alert' },
      h('p', {}, h('strong', {}, 'Not saved. '), 'The subscription has been changed by someone else since you opened it.'),
      h('p', {}, 'Load the current version: your changes are kept, and saved when you save again.'),
      button('Load the current version', reload),
    );
  }

  async function reload() {
    const typed = allOf(fields).filter(field => initial.get(field.name) !== stateOf(field));
    const { events = null } = changed(fields, base, true);
    ({ body: base, etag } = await get(path, { signal }));
    fields = fieldsOf({ ...base, ...(events ? { events } : {}) }, known, false, organization, signal);
    initial = statesOf(fields);
    for (const mine of typed) {
      const input = allOf(fields).find(field => field.name === mine.name)?.input;
      if (input instanceof HTMLInputElement && input.type === 'checkbox') {
        input.checked = /** @type {HTMLInputElement} */ (mine.input).checked;
      } else if (input) {
        input.value = mine.input.value;
      }

      // A choice may replace what was typed into other fields, which follow it.
      input?.dispatchEvent(new Event('change'));
      input?.dispatchEvent(new Event('input'));
    }

    show();
    fields.name.input.focus();
    say('The current version is loaded, with your changes on top.');
  }
}

/**
 * @param {HTMLElement} outlet
 * @param {AbortSignal} signal
 */
async function catalogue(outlet, signal) {
  const wait = loading('the event types');
  outlet.append(wait);
  const [{ body }, templates] = await Promise.all([get(api.eventTypes, { signal }), loadTemplates(signal)]);
  wait.remove();
  return { types: body.items, templates };
}

/**
 * @param {SubscriptionValues} subscription
 * @param {{ types: EventType[], templates: Template[] }} known
 * @param {boolean} isNew
 * @param {OrganizationId} organization
 * @param {AbortSignal} signal
 */
function fieldsOf(subscription, { types, templates }, isNew, organization, signal) {
  const events = eventPicker(types, subscription.events);
  return {
    name: textField({ name: 'name', label: 'Name', required: true, value: subscription.name, hint: 'For people.' }),
    url: textField({
      name: 'url',
      label: 'URL',
      required: true,
      type: 'url',
      value: subscription.url,
      attributes: { spellcheck: 'false' },
      hint: subscription.url.includes(masked)
        ? 'Events are POSTed here. What *** stands for is hidden: to change the URL, enter it completely.'
        : 'Events are POSTed here.',
    }),
    credentials: credentials(subscription, isNew),
    description: textField({
      name: 'description',
      label: 'Description',
      value: subscription.description ?? '',
      lines: 2,
      hint: 'Optional.',
    }),
    events,
    rateLimitPerSecond: textField({
      name: 'rateLimitPerSecond',
      label: 'Rate limit',
      value: `${subscription.rateLimitPerSecond ?? ''}`,
      attributes: { inputmode: 'numeric' },
      hint: 'Requests per second. Leave empty for no limit; events above the limit wait.',
    }),
    format: formatPart(subscription, templates, types, organization, signal),
    advanced: advanced(subscription, organization, () => events.value, signal),
    isActive: checkField({
      name: 'isActive',
      label: 'Active',
      checked: subscription.isActive,
      hint: 'Events are sent only while it is active.',
    }),
  };
}

/**
 * The choice of a known receiver, which fills in what the receiver needs.
 * @param {Template[]} templates
 * @param {Fields} fields
 */
function receiverField(templates, fields) {
  const any = 'Fills in the credentials and the format that a known receiver needs.';
  const hint = h('span', {}, any);
  const receiver = selectField({
    name: 'receiver',
    label: 'Receiver',
    options: [['', 'Any web server'], .../** @type {[string, string][]} */ (templates.map(({ name, title }) => [name, title]))],
    hint,
  });
  receiver.input.addEventListener('change', () => {
    const template = templates.find(({ name }) => name === receiver.value);
    fields.format.choose(template?.name ?? 'standard');
    fields.credentials.choose(template?.authentication ?? { type: 'bearer' });
    fields.url.input.setAttribute('placeholder', template?.url ?? '');
    fill(hint, template ? [`${template.description} The URL looks like ${template.url}. `, reference(template)] : any);
  });
  return receiver;
}

/** @param {Template} template */
function reference({ title, reference: url }) {
  return url ? h('a', { href: url, rel: 'noreferrer', target: '_blank' }, `Documentation of ${title}`) : null;
}

/**
 * The fields for the form, and how they are laid out.
 * @param {Fields} fields
 * @param {SelectField} [receiver]
 */
function laidOut(fields, receiver) {
  const { credentials: authentication, format, advanced: more, ...simple } = fields;
  return {
    fields: [simple.events, ...allOf(fields)],
    content: [
      step('Where', receiver?.element, simple.name.element, simple.url.element, simple.description.element),
      authentication.element,
      step('What', simple.events.element),
      step('How', format.element, more.element, simple.rateLimitPerSecond.element, simple.isActive.element),
    ],
  };
}

/**
 * All fields but the events, in the order in which they may change one another.
 * @param {Fields} fields
 * @returns {AnyField[]}
 */
function allOf({ credentials: authentication, format, advanced: more, events: _, ...simple }) {
  return [...Object.values(simple), ...authentication.fields, ...format.fields, ...more.fields];
}

/** @param {AnyField} field */
function stateOf({ input }) {
  return input instanceof HTMLInputElement && input.type === 'checkbox' ? input.checked : input?.value;
}

/** @param {Fields} fields */
function statesOf(fields) {
  return new Map(allOf(fields).map(field => [field.name, stateOf(field)]));
}

/**
 * @param {string} name
 * @param {Child[]} content
 */
function step(name, ...content) {
  return h('fieldset', { class: 'group' }, h('legend', {}, name), content);
}

/** @param {Fields} fields */
function created(fields) {
  return {
    name: fields.name.value,
    url: fields.url.value.trim(),
    ...fields.credentials.value,
    events: fields.events.value,
    isActive: fields.isActive.value,
    ...fields.format.changes,
    ...fields.advanced.changes,
    ...(fields.description.value ? { description: fields.description.value } : {}),
    ...(fields.rateLimitPerSecond.value.trim() ? { rateLimitPerSecond: rateOf(fields) } : {}),
  };
}

/**
 * The fields that were changed. If lenient, values that can't be sent are included.
 * @param {Fields} fields
 * @param {Subscription} base
 * @returns {Record<string, any>}
 */
function changed(fields, base, isLenient = false) {
  /** @type {Record<string, any>} */
  const changes = {};
  /** @type {(name: string, value: unknown, before: unknown) => void} */
  const note = (name, value, before) => {
    if (JSON.stringify(value) !== JSON.stringify(before)) {
      changes[name] = value;
    }
  };
  note('name', fields.name.value, base.name);
  note('url', fields.url.value.trim(), base.url);
  Object.assign(changes, fields.credentials.value);
  Object.assign(changes, fields.format.changes);
  Object.assign(changes, fields.advanced.changes);
  note('description', fields.description.value || null, base.description?.replace(/\r\n?/g, '\n') ?? null);
  note('events', [...fields.events.value].sort(), [...base.events].sort());
  if (fields.rateLimitPerSecond.value.trim() !== `${base.rateLimitPerSecond ?? ''}`) {
    changes.rateLimitPerSecond = isLenient ? fields.rateLimitPerSecond.value : rateOf(fields);
  }

  note('isActive', fields.isActive.value, base.isActive);
  if (!isLenient && changes.url?.includes(masked)) {
    throw refuse('url', `must be entered in full: the value masked as ${masked} is not shown`);
  }

  return changes;
}

/** @param {Fields} fields */
function rateOf(fields) {
  const text = fields.rateLimitPerSecond.value.trim();
  if (text === '') {
    return null;
  }

  if (!/^\d{1,9}$/.test(text)) {
    throw refuse('rateLimitPerSecond', 'must be a whole number');
  }

  return Number(text);
}
