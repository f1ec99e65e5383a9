import { fill, h, newId } from '../core/dom.js';
import { count } from '../core/format.js';
import { facts, json } from './page.js';

const every = '*';
const system = 'system';
/** @type {Record<string, string>} */
const sources = { air: 'AIR', relay: 'Relay', [system]: 'This app' };

/** @param {EventType} type */
export function sourceOf(type) {
  return sources[type.source] ?? type.source;
}

/**
 * Event types by source, then by category. Those about the app's own work come last.
 * @param {EventType[]} types
 * @returns {[string, [string, EventType[]][]][]}
 */
export function grouped(types) {
  const isOwn = Map.groupBy(types, type => type.source === system);
  const bySource = Map.groupBy([...(isOwn.get(false) ?? []), ...(isOwn.get(true) ?? [])], sourceOf);
  return [...bySource].map(([source, ofSource]) => [
    source,
    [...Map.groupBy(ofSource, type => type.category)].sort(([a], [b]) => a.localeCompare(b)),
  ]);
}

/**
 * Whether an event type contains every word of a text.
 * @param {EventType} type
 * @param {string} text
 */
export function matches(type, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const about = `${type.name} ${type.category} ${sourceOf(type)} ${type.description}`.toLowerCase();
  return words.every(word => about.includes(word));
}

/**
 * An event's parameters.
 * @param {EventType} type
 */
export function parametersOf(type) {
  return h(
    'ul',
    { class: 'parameters' },
    type.parameters.map(parameter =>
      h('li', {}, h('code', {}, parameter.name), ' ', h('span', { class: 'aside' }, parameter.type), h('br'), parameter.description),
    ),
  );
}

/**
 * Selects events: every one, or some of the catalogue, with a description beside them.
 * @param {EventType[]} types The catalogue.
 * @param {string[]} chosen Names, or `*` alone.
 * @returns {Field<string[], HTMLInputElement>}
 */
export function eventPicker(types, chosen) {
  const picked = new Set(chosen.filter(name => name !== every));
  const id = newId('picker');
  const error = h('p', { class: 'error', id: newId('error') });
  const all = h('input', { type: 'checkbox', id: newId('field'), checked: chosen[0] === every, onchange: update });
  const search = h('input', { type: 'search', id: newId('field'), oninput: narrow, autocomplete: 'off' });
  const found = h('p', { class: 'hint', role: 'status' });
  const about = h(
    'aside',
    { class: 'about', 'aria-label': 'About the event' },
    h('p', { class: 'aside' }, 'Select an event to see its fields.'),
  );
  const boxes = types.map(type => boxOf(type));
  const groups = grouped(types).flatMap(([source, categories]) =>
    categories.map(([category, members]) =>
      h(
        'fieldset',
        {},
        h('legend', {}, `${source} · ${category}`),
        members[0].source === system
          ? h('p', { class: 'hint' }, 'Sent only if they are chosen here: “All events” does not include them.')
          : null,
        members.map(type => boxes.find(box => box.type === type)?.element),
      ),
    ),
  );
  const some = h(
    'div',
    { class: 'some' },
    h('div', { class: 'field' }, h('label', { for: search.id }, 'Find an event'), search, found),
    h('div', { class: 'columns' }, h('div', { class: 'choices' }, groups), about),
  );
  const element = h(
    'fieldset',
    { class: 'picker', 'aria-describedby': error.id },
    h('legend', { id }, 'Events'),
    h('div', { class: 'field check' }, h('div', {}, all, h('label', { for: all.id }, 'All events, including future ones'))),
    some,
    error,
  );
  update();
  narrow();
  const first = types.find(type => picked.has(type.name));
  if (first) {
    explain(first);
  }

  return {
    name: 'events',
    label: 'Events',
    element,
    input: all,
    get value() {
      return all.checked
        ? [every]
        : types
            .map(type => type.name)
            .filter(name => picked.has(name))
            .concat([...picked].filter(name => !types.some(type => type.name === name)));
    },
    complain: text => fill(error, text),
  };

  /** @param {EventType} type */
  function boxOf(type) {
    const input = h('input', {
      type: 'checkbox',
      id: newId('event'),
      checked: picked.has(type.name),
      onfocus: () => explain(type),
      onchange: () => {
        if (input.checked) {
          picked.add(type.name);
        } else {
          picked.delete(type.name);
        }

        tell();
      },
    });
    return {
      type,
      element: h('div', { class: 'choice', onpointerenter: () => explain(type) }, input, h('label', { for: input.id }, type.name)),
    };
  }

  /** @param {EventType} type */
  function explain(type) {
    fill(
      about,
      h('h3', {}, type.name),
      h('p', {}, type.description),
      facts([
        ['Source', sourceOf(type)],
        ['Category', type.category],
      ]),
      h('h4', {}, 'Parameters'),
      parametersOf(type),
      h('h4', {}, 'Example'),
      json(type.example, `Example of ${type.name}`),
    );
  }

  function update() {
    some.hidden = all.checked;
    tell();
  }

  function narrow() {
    for (const box of boxes) {
      box.element.hidden = !matches(box.type, search.value);
    }

    for (const group of groups) {
      group.hidden = ![...group.querySelectorAll('.choice')].some(choice => !choice.hasAttribute('hidden'));
    }

    tell();
  }

  function tell() {
    const shown = boxes.filter(box => !box.element.hidden).length;
    fill(found, `${count(shown, 'event')} shown, ${picked.size} chosen.`);
  }
}
