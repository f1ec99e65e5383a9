import { get, JsonText, put, remove } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { count } from '../core/format.js';
import { indented, memberText } from '../core/jsonText.js';
import { api, views } from '../core/paths.js';
import { go, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { confirm, openDialog } from '../parts/dialog.js';
import { grouped, matches, parametersOf, sourceOf } from '../parts/eventPicker.js';
import { filters, form, refuse, textField } from '../parts/form.js';
import { button, empty, facts, heading, json, link, loading, say, section, verbatim } from '../parts/page.js';

/**
 * The catalogue of event types.
 * @param {View} view
 */
export async function eventTypes({ outlet, query, signal }) {
  heading(outlet, 'Event types', {
    beside: mayEdit() ? button('New event type', () => edit(null, '', null, signal), { kind: 'primary' }) : null,
  });
  const wait = loading('the event types');
  outlet.append(wait);
  const { body } = await get(api.eventTypes, { signal });
  wait.remove();
  const search = textField({ name: 'search', label: 'Find an event', type: 'search', value: query.search ?? '' });
  const found = h('p', { class: 'hint', role: 'status' });
  const list = h('div', {});
  outlet.append(filters([search], show, 'input'), found, list);
  show();

  function show() {
    setQuery({ search: search.value });
    const types = body.items.filter(type => matches(type, search.value));
    fill(found, `${count(types.length, 'event type')}.`);
    fill(
      list,
      types.length === 0
        ? empty('No matching event types.', 'Search for fewer words. Names, categories and descriptions are searched.')
        : grouped(types).map(([source, categories]) =>
            section(
              source,
              categories.map(([category, members]) => [
                h('h3', {}, category),
                h(
                  'ul',
                  { class: 'cards' },
                  members.map(type =>
                    h(
                      'li',
                      { class: 'card' },
                      link(type.name, views.eventType(type.name), { class: 'name' }),
                      h('p', {}, type.description),
                    ),
                  ),
                ),
              ]),
            ),
          ),
    );
  }
}

/**
 * One event type: its parameters, an example and the schema.
 * @param {View} view
 */
export async function eventType({ outlet, parameters: { name }, signal }) {
  const beside = h('div', { class: 'actions' });
  heading(outlet, name, { above: link('Event types', views.eventTypes()), beside });
  const place = h('div', {}, loading('the event type'));
  outlet.append(place);
  await show();

  async function show() {
    const { body: type, text, etag } = await get(api.eventType(name), { signal });
    const example = memberText(text, 'example') ?? '';
    if (type.source === 'custom' && mayEdit()) {
      fill(
        beside,
        button('Edit', async () => {
          if (await edit(type, memberText(example, 'data') ?? '', etag, signal)) {
            await show();
          }
        }),
        button('Delete', () => removeType(type, signal), { kind: 'danger' }),
      );
    }

    fill(
      place,
      h('p', {}, type.description),
      facts([
        ['Source', sourceOf(type)],
        ['Category', type.category],
      ]),
      section('Parameters', h('p', { class: 'aside' }, 'The fields of “data”.'), parametersOf(type)),
      section('Example', verbatim(indented(example), 'Example')),
      section('Schema', json(type.schema, 'Schema')),
    );
  }
}

/** Event types belong to all organizations. */
function mayEdit() {
  return session.may('admin') && !session.isBound;
}

/**
 * Adds a custom event type, or replaces one. Returns whether it was saved.
 * @param {EventType | null} type
 * @param {string} example Its example as received: JSON.parse alters numbers.
 * @param {string | null} ifMatch The version that was shown.
 * @param {AbortSignal} signal
 */
async function edit(type, example, ifMatch, signal) {
  const fields = [
    textField({
      name: 'name',
      label: 'Name',
      required: true,
      value: type?.name ?? '',
      attributes: { readonly: type !== null, spellcheck: 'false' },
    }),
    textField({ name: 'category', label: 'Category', required: true, value: type?.category ?? '' }),
    textField({ name: 'description', label: 'Description', required: true, lines: 2, value: type?.description ?? '' }),
    textField({
      name: 'parameters',
      label: 'Parameters',
      lines: 8,
      value: JSON.stringify(type?.parameters ?? [{ name: 'id', type: 'string', required: true, description: '' }], null, 2),
      hint: 'JSON. Types are string, number, boolean, object and null, with [] for arrays and | between alternatives.',
      attributes: { spellcheck: 'false' },
    }),
    textField({
      name: 'example',
      label: 'Example',
      required: true,
      lines: 5,
      value: indented(example || '{"id":"1"}'),
      hint: 'JSON: the “data” of an event.',
      attributes: { spellcheck: 'false' },
    }),
  ];
  let saved = '';
  await openDialog(type ? `Edit ${type.name}` : 'New event type', signal, close =>
    form({
      fields,
      label: 'Save',
      busy: 'Saving…',
      cancel: button('Cancel', close),
      signal,
      onsubmit: async () => {
        const [name, category, description, parameters, data] = fields.map(field => field.value.trim());
        const others = JSON.stringify({ category, description, parameters: parsed('parameters', parameters) });
        parsed('example', data);
        await put(api.eventType(name), new JsonText(`${others.slice(0, -1)},"example":${data}}`), { ifMatch, signal });
        saved = name;
        close();
      },
    }),
  );
  if (saved) {
    say('Saved. Other instances of the app know the event type within 5 seconds.');
    go(views.eventType(saved));
  }

  return saved !== '';
}

/**
 * @param {string} name
 * @param {string} text
 */
function parsed(name, text) {
  try {
    return JSON.parse(text || '[]');
  } catch (error) {
    throw refuse(name, `must be JSON: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * @param {EventType} type
 * @param {AbortSignal} signal
 */
async function removeType(type, signal) {
  const isDone = await confirm({
    title: `Delete ${type.name}?`,
    text: 'Its events can no longer be published or subscribed to by name. Events that were published before are delivered.',
    label: 'Delete',
    kind: 'danger',
    signal,
    action: () => remove(api.eventType(type.name), { signal }),
  });
  if (isDone) {
    say(`${type.name} is deleted.`);
    go(views.eventTypes());
  }
}
