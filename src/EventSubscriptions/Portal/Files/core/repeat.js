/**
 * Waits; throws if the signal is aborted.
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const leave = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', leave);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', leave, { once: true });
  });
}

/**
 * Repeats an action until the signal is aborted, but not while the page is hidden. A failed action is repeated the next time.
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @param {() => unknown} action
 */
export async function repeat(milliseconds, signal, action) {
  while (!signal.aborted) {
    try {
      await pause(milliseconds, signal);
      if (!document.hidden) {
        await action();
      }
    } catch {
      // The next turn shows whether it has passed.
    }
  }
}

/**
 * Runs an action for each item, a few at a time.
 * @template T
 * @param {T[]} items
 * @param {number} atOnce
 * @param {(item: T) => Promise<void>} action
 */
export async function forEachOf(items, atOnce, action) {
  const waiting = [...items];
  const work = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await action(item);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/**
 * An action that runs once calls of it have ceased for a while; a new call aborts the signal of a running one.
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @param {(latest: AbortSignal) => unknown} action
 */
export function debounce(milliseconds, signal, action) {
  let latest = new AbortController();
  return async () => {
    latest.abort();
    latest = new AbortController();
    const current = AbortSignal.any([signal, latest.signal]);
    try {
      await pause(milliseconds, current);
      await action(current);
    } catch {
      // A newer call, or the end of the page.
    }
  };
}
