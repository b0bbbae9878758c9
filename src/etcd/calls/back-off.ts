// The pause before a call tries all endpoints again: exponential with full jitter. It ends at the caller's deadline, or when the client
// disconnects.
import { remainingMs } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';

const BACKOFF_FIRST_MS = 25;
const BACKOFF_MAX_MS = 400;

/** `round` counts from 0. `random` returns a number from 0 to 1. */
export async function backOff(
  caller: Caller,
  round: number,
  random: () => number = Math.random,
): Promise<void> {
  const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** round);
  const waitMs = Math.min(random() * ceilingMs + 1, Math.max(0, remainingMs(caller)));
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      caller.signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    caller.signal.addEventListener('abort', done);
  });
}
