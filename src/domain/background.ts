// Runs clean-ups that outlive their request: leases to revoke, entries to delete. They are limited in time, counted, and awaited by the drain.
import type { Caller, Identity } from '../core/caller.js';
import { isAccessDenied } from './rights/denial.js';

/** How long a clean-up is retried. After that the entry is deleted when its lease expires. */
const CLEANUP_MS_MAX = 30_000;
const ATTEMPT_MS = 5_000;
const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 2_000;

export class Background {
  readonly #running = new Set<Promise<void>>();
  readonly #onGivenUp: (what: string, error: unknown) => void;

  constructor(onGivenUp: (what: string, error: unknown) => void) {
    this.#onGivenUp = onGivenUp;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * Repeats `work`, which must be safe to repeat, until it succeeds, is refused, or 30 s have passed. Never rejects. Also runs for an
   * identity that was revoked: the revocation is often the reason for the clean-up.
   */
  run(what: string, identity: Identity, work: (caller: Caller) => Promise<unknown>): Promise<void> {
    const task = this.#repeat(what, identity, work).finally(() => this.#running.delete(task));
    this.#running.add(task);
    return task;
  }

  /** Resolves when no clean-up runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #repeat(
    what: string,
    identity: Identity,
    work: (caller: Caller) => Promise<unknown>,
  ): Promise<void> {
    const until = performance.now() + CLEANUP_MS_MAX;
    const cleaner = { ...identity, revoked: undefined };
    for (let pauseMs = PAUSE_FIRST_MS; ; pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2)) {
      try {
        await work({
          identity: cleaner,
          signal: new AbortController().signal,
          deadline: performance.now() + ATTEMPT_MS,
        });
        return;
      } catch (error) {
        // A refusal is final: the entry is deleted when its lease expires.
        if (isAccessDenied(error) || performance.now() + pauseMs >= until) {
          this.#onGivenUp(what, error);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }
}
