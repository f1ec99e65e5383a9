import { connection, isHealth } from './connection.js';
import { session } from './session.js';

const root = new URL('../../api/', import.meta.url);
const deadline = 60_000;

// The statuses of a host or gateway while the app is unreachable.
const gatewayStatuses = [502, 503, 504];

/**
 * What went wrong, as the API reports it (RFC 9457): the status, a sentence as the message, and messages by field. The status is 0 if no
 * response came.
 */
export class Problem extends Error {
  /** @param {{ status?: number, detail: string, errors?: Errors }} problem */
  constructor({ status = 0, detail, errors = {} }) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/** A body that is JSON text already. */
export class JsonText {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** Raised when the API no longer accepts the key. */
export const rejected = new EventTarget();

/**
 * Reads a resource. While the app is unreachable it waits, and asks again.
 * @template T
 * @param {Path<T>} path
 * @param {{ query?: Query, signal?: AbortSignal }} options
 * @returns {Promise<Answer<T>>}
 */
export async function get(path, { query, signal } = {}) {
  for (;;) {
    try {
      return await send('GET', path, { query, signal });
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 0) {
        throw error;
      }

      await connection.regained(signal);
    }
  }
}

/**
 * Reads the pages of a list, at most this many.
 * @template T
 * @param {Path<Page<T>>} path
 * @param {number} mostPages
 * @param {{ query?: Query, signal?: AbortSignal }} options
 */
export async function getPages(path, mostPages, { query, signal }) {
  /** @type {T[]} */
  const items = [];
  let continuationToken = /** @type {string | null} */ (null);
  for (let page = 0; page < mostPages; page++) {
    /** @type {Answer<Page<T>>} */
    const { body } = await get(path, { query: { ...query, continuationToken }, signal });
    items.push(...body.items);
    continuationToken = body.continuationToken;
    if (!continuationToken) {
      return { items, isPartial: false };
    }
  }

  return { items, isPartial: true };
}

/** @type {(path: string, body: unknown, options?: RequestOptions) => Promise<Answer<any>>} */
export const post = (path, body, options) => send('POST', path, { ...options, body });
/** @type {(path: string, body: unknown, options?: RequestOptions) => Promise<Answer<any>>} */
export const put = (path, body, options) => send('PUT', path, { ...options, body });
/** @type {(path: string, body: unknown, options?: RequestOptions) => Promise<Answer<any>>} */
export const patch = (path, body, options) => send('PATCH', path, { ...options, body });
/** @type {(path: string, options?: RequestOptions) => Promise<Answer<any>>} */
export const remove = (path, options) => send('DELETE', path, options);

/**
 * The caller that a key identifies, or null if the key is not accepted.
 * @param {string} key
 * @param {AbortSignal} [signal]
 * @returns {Promise<Caller | null>}
 */
export async function identify(key, signal) {
  if (!/^[\x21-\x7e]{1,512}$/.test(key)) {
    return null;
  }

  try {
    const { body } = await send('GET', 'health', { key, signal, accept: status => status === 503 });
    if (!body.caller) {
      throw new Problem({ status: 503, detail: 'Storage is unavailable, so the key can’t be checked. Try again shortly.' });
    }

    return body.caller;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      return null;
    }

    throw error;
  }
}

/**
 * Sends one request and returns the body as a value, and as the text that was received.
 * @param {string} method
 * @param {string} path
 * @param {RequestOptions} options
 * @returns {Promise<Answer<any>>}
 * @throws {Problem} The status is not 2xx, or no response was received: then it is 0.
 */
async function send(method, path, { query, body, ifMatch, signal, key, accept } = {}) {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') {
      url.searchParams.set(name, `${value}`);
    }
  }

  const headers = new Headers({ 'x-api-key': key ?? session.key ?? '' });
  if (body !== undefined) {
    headers.set('content-type', 'application/json');
  }

  if (ifMatch) {
    headers.set('if-match', ifMatch);
  }

  const { response, content, text } = await exchange(
    url,
    { method, headers, body: body === undefined || body instanceof JsonText ? body?.text : JSON.stringify(body) },
    signal,
  );
  if (response.ok || accept?.(response.status)) {
    return { body: content, text, etag: response.headers.get('etag') };
  }

  if (response.status === 401 && key === undefined) {
    rejected.dispatchEvent(new Event('key'));
  }

  throw new Problem({
    status: response.status,
    detail: content?.detail ?? `The app returned ${response.status}.`,
    errors: content?.errors,
  });
}

/**
 * @param {URL} url
 * @param {RequestInit} request
 * @param {AbortSignal} [signal]
 */
async function exchange(url, request, signal) {
  const limit = AbortSignal.timeout(deadline);
  try {
    const response = await fetch(url, {
      ...request,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const text = await response.text();
    const content = parse(text);
    if (isOwn(response, content)) {
      return { response, content, text };
    }
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
  }

  connection.lose();
  throw new Problem({ detail: 'The app is unreachable, so it is unknown whether this was done. Check again once it is back.' });
}

/**
 * Whether a response is the app's: it returns these statuses as problem details, or as its health.
 * @param {Response} response
 * @param {unknown} content
 */
function isOwn(response, content) {
  return (
    !gatewayStatuses.includes(response.status) ||
    response.headers.get('content-type')?.startsWith('application/problem+json') ||
    isHealth(content)
  );
}

/**
 * @param {string} text
 * @returns {any}
 */
function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
