const firstWait = 1000;
const longestWait = 5000;
const deadline = 10_000;

/** Whether the app itself says how it is. What stands before it says something else while it is away. */
export function isHealth(content) {
  return typeof content?.status === 'string';
}

/** Whether the app can be reached. While it can't, it is asked again and again; `change` is raised when it goes and when it is back. */
class Connection extends EventTarget {
  #back = null;

  get isLost() {
    return this.#back !== null;
  }

  /** Notes that a request got no answer. */
  lose() {
    if (!this.isLost) {
      this.#back = Promise.withResolvers();
      this.dispatchEvent(new Event('change'));
      void this.#probe();
    }
  }

  /** Returns once the app can be reached; throws when the signal is raised before. */
  async regained(signal) {
    const left = Promise.withResolvers();
    const leave = () => left.reject(signal.reason);
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
          cache: 'no-store', credentials: 'omit', redirect: 'error', signal: AbortSignal.timeout(deadline),
        });
        if (isHealth(await response.json())) {
          break;
        }
      } catch {
        // Still gone.
      }
    }

    const back = this.#back;
    this.#back = null;
    back.resolve();
    this.dispatchEvent(new Event('change'));
  }
}

export const connection = new Connection();
