const svgNamespace = 'http://www.w3.org/2000/svg';

/**
 * Creates an element. Children are nodes or texts, and a text stays a text: the portal never parses markup, so whatever an event or
 * a receiver sends is shown as it is. Properties are attributes; `on…` adds a listener; null, undefined and false are left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties | null} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties, ...children) {
  return build(document.createElement(tag), properties, children);
}

/**
 * Creates an element of a drawing.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties | null} [properties]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, properties, ...children) {
  return build(document.createElementNS(svgNamespace, tag), properties, children);
}

/**
 * Replaces the children of a node.
 * @template {Element} T
 * @param {T} node
 * @param {...Child} children
 */
export function fill(node, ...children) {
  node.replaceChildren(...nodesOf(children));
  return node;
}

/**
 * A text for screen readers alone.
 * @param {string} text
 */
export function hidden(text) {
  return h('span', { class: 'visually-hidden' }, text);
}

let lastId = 0;

/**
 * An id that no other element has.
 * @param {string} prefix
 */
export function newId(prefix) {
  return `${prefix}-${++lastId}`;
}

/**
 * @template {Element} T
 * @param {T} element
 * @param {Properties | null | undefined} properties
 * @param {Child[]} children
 */
function build(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) {
      continue;
    }

    if (typeof value === 'function') {
      element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? '' : `${value}`);
    }
  }

  element.append(...nodesOf(children));
  return element;
}

/**
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
function nodesOf(children) {
  return /** @type {any[]} */ (children).flat(Infinity).filter(child => child !== null && child !== undefined && child !== false);
}
