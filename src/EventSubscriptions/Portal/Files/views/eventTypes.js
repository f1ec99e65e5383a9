import { get } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { count } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { setQuery } from '../core/router.js';
import { grouped, matches, parametersOf, sourceOf } from '../parts/eventPicker.js';
import { filters, textField } from '../parts/form.js';
import { empty, facts, heading, json, link, loading, section } from '../parts/page.js';

/**
 * The catalogue of event types.
 * @param {View} view
 */
export async function eventTypes({ outlet, query, signal }) {
  heading(outlet, 'Event types');
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
  heading(outlet, name, { above: link('Event types', views.eventTypes()) });
  const wait = loading('the event type');
  outlet.append(wait);
  const { body: type } = await get(api.eventType(name), { signal });
  wait.remove();
  outlet.append(
    h('p', {}, type.description),
    facts([
      ['Source', sourceOf(type)],
      ['Category', type.category],
    ]),
    section('Parameters', h('p', { class: 'aside' }, 'The fields of “data”.'), parametersOf(type)),
    section('Example', json(type.example, 'Example')),
    section('Schema', json(type.schema, 'Schema')),
  );
}
