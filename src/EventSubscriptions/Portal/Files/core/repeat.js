/** Waits, or throws when the signal is raised. */
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

/** Does something again and again until the signal is raised, but not while nobody looks at the page. What fails is done again the next time. */
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

/** Runs an action for each item, a few at a time. */
export async function forEachOf(items, atOnce, action) {
  const waiting = [...items];
  const work = async () => {
    while (waiting.length > 0) {
      await action(waiting.shift());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
