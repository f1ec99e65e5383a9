const firstWait = 1000;
const longestWait = 5000;
const deadline = 10_000;

/**
 * Whether a response is the app's own health. A proxy in front of the app responds differently while the app is unreachable.
 * @param {any} content
 */
export function isHealth(content) {
  return typeof content?.status === 'string';
}

/** Whether the app is reachable. While it isn't, its health is polled. `change` is raised when this changes. */
class Connection extends EventTarget {
  /** @type {PromiseWithResolvers<void> | null} */
  #back = null;

  get isLost() {
    return this.#back !== null;
  }

  /** Notes that a request had no response. */
  lose() {
    if (!this.isLost) {
      this.#back = Promise.withResolvers();
      this.dispatchEvent(new Event('change'));
      void this.#probe();
    }
  }

  /**
   * Returns as soon as the app is reachable; throws if the signal is aborted before.
   * @param {AbortSignal} [signal]
   */
  async regained(signal) {
    const left = Promise.withResolvers();
    const leave = () => left.reject(signal?.reason);
    signal?.addEventListener('abort', leave, { once: true });
    try {
      await Promise.race([this.#back?.promise, left.promise]);
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  async #probe() {
    for (let wait = firstWait; ; wait = Math.min(wait * 1.5, longestWait)) {
      await new Promise(resolve => setTimeout(resolve, wait));
      try {
        const response = await fetch(new URL('../../api/health', import.meta.url), {
          cache: 'no-store',
          credentials: 'omit',
          redirect: 'error',
          signal: AbortSignal.timeout(deadline),
        });
        if (isHealth(await response.json())) {
          break;
        }
      } catch {
        // Still unreachable.
      }
    }

    const back = this.#back;
    this.#back = null;
    back?.resolve();
    this.dispatchEvent(new Event('change'));
  }
}

export const connection = new Connection();
