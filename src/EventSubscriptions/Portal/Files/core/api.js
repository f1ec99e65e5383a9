import { connection, isHealth } from './connection.js';
import { session } from './session.js';

const root = new URL('../../api/', import.meta.url);
const deadline = 60_000;

// What a host or gateway answers with while the app behind it is away.
const gatewayStatuses = [502, 503, 504];

/** What the API says went wrong (RFC 9457): the status, a sentence as the message, and messages by field. The status is 0 where there was no answer. */
export class Problem extends Error {
  constructor({ status = 0, detail, errors = {} }) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/** Raised when the API no longer accepts the key. */
export const rejected = new EventTarget();

/** Reads something. While the app can't be reached it waits, and asks again. */
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

export const post = (path, body, options) => send('POST', path, { ...options, body });
export const patch = (path, body, options) => send('PATCH', path, { ...options, body });
export const remove = (path, options) => send('DELETE', path, options);

/** What the API knows of a key, or null where it isn't accepted. */
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
 * Sends one request.
 * @returns {Promise<{body: any, text: string, etag: string | null}>} The body as a value, and as the text that came.
 * @throws {Problem} The answer is no success, or there is none: then the status is 0.
 */
async function send(method, path, { query, body, ifMatch, signal, key, accept } = {}) {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') {
      url.searchParams.set(name, value);
    }
  }

  const headers = { 'x-api-key': key ?? session.key };
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
  }

  if (ifMatch) {
    headers['if-match'] = ifMatch;
  }

  const { response, content, text } = await exchange(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) }, signal);
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

/** Whether an answer is the app's: one of these statuses it gives as problem details, or as its health. */
function isOwn(response, content) {
  return !gatewayStatuses.includes(response.status)
    || response.headers.get('content-type')?.startsWith('application/problem+json')
    || isHealth(content);
}

function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
