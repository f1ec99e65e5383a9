const svgNamespace = 'http://www.w3.org/2000/svg';

/**
 * Makes an element. Children are nodes or texts, and a text stays a text: nothing in the portal parses markup, so whatever an event or
 * a receiver sends is shown as it is.
 * @param {string} tag
 * @param {object} properties Attributes; `on…` adds a listener; what is null, undefined or false is left out.
 */
export function h(tag, properties, ...children) {
  return build(document.createElement(tag), properties, children);
}

/** The same for parts of a drawing. */
export function svg(tag, properties, ...children) {
  return build(document.createElementNS(svgNamespace, tag), properties, children);
}

/** Gives a node other children. */
export function fill(node, ...children) {
  node.replaceChildren(...nodesOf(children));
  return node;
}

/** Shows a text to screen readers alone. */
export function hidden(text) {
  return h('span', { class: 'visually-hidden' }, text);
}

let lastId = 0;

/** An id that no other element has. */
export function newId(prefix) {
  return `${prefix}-${++lastId}`;
}

function build(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) {
      continue;
    }

    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? '' : value);
    }
  }

  element.append(...nodesOf(children));
  return element;
}

function nodesOf(children) {
  return children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false);
}
