/**
 * Shows the view that the address names. It is in the fragment (`#/keys?name=value`), so that one file serves every view and the server
 * never
 * sees which one is shown.
 */
export class Router {
  #routes;
  #show;

  /**
   * @param {Route[]} routes A path's `:name` parts are its parameters.
   * @param {(route: Route | undefined, parameters: Record<string, string>, query: Record<string, string>) => unknown} show
   */
  constructor(routes, show) {
    this.#routes = routes.map(route => ({ ...route, parts: partsOf(route.path) }));
    this.#show = show;
  }

  start() {
    addEventListener('hashchange', () => this.follow());
    this.follow();
  }

  /** Shows the view that the address names, even if it is shown already. */
  follow() {
    const { path, query } = current();
    const parts = partsOf(path);
    for (const route of this.#routes) {
      const parameters = match(route.parts, parts);
      if (parameters) {
        this.#show(route, parameters, query);
        return;
      }
    }

    this.#show(undefined, {}, query);
  }
}

/**
 * Goes to another view.
 * @param {string} path
 */
export function go(path) {
  location.hash = path;
}

/**
 * Puts a view's filters into the address, without showing the view again.
 * @param {Record<string, string>} values
 */
export function setQuery(values) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();
  history.replaceState(null, '', `#${current().path}${query && `?${query}`}`);
}

function current() {
  const [path, query = ''] = location.hash.slice(1).split('?', 2);
  return { path: path || '/', query: Object.fromEntries(new URLSearchParams(query)) };
}

/** @param {string} path */
function partsOf(path) {
  return path.split('/').filter(part => part !== '');
}

/**
 * @param {string[]} pattern
 * @param {string[]} parts
 */
function match(pattern, parts) {
  if (pattern.length !== parts.length) {
    return null;
  }

  /** @type {Record<string, string>} */
  const parameters = {};
  for (const [i, part] of pattern.entries()) {
    if (part.startsWith(':')) {
      try {
        parameters[part.slice(1)] = decodeURIComponent(parts[i]);
      } catch {
        return null;
      }
    } else if (part !== parts[i]) {
      return null;
    }
  }

  return parameters;
}
