// How often one address may be wrong about who it is. Each attempt costs etcd a password check on purpose slow, and whoever guesses needs
// many. What was proved before passes without coming here.
import type { Request } from 'express';
import { GatewayError } from '../../errors.js';
import { addressKeyOf } from '../load/caller-limits.js';
import { TokenBuckets } from '../load/token-buckets.js';

const FAILURES_PER_SECOND = 2;
const FAILURES_AT_ONCE = 20;
/** Attempts of one address that have no answer yet. */
const RUNNING_MAX = 16;

export class Attempts {
  readonly #failures: TokenBuckets;
  readonly #running = new Map<string, number>();

  constructor(now?: () => number) {
    this.#failures = new TokenBuckets(FAILURES_PER_SECOND, FAILURES_AT_ONCE, now);
  }

  /** Makes one attempt. Throws `too-many-requests` before it, or what it throws; `unauthenticated` counts as a failure. */
  async make<T>(req: Request, attempt: () => Promise<T> | T): Promise<T> {
    const key = addressKeyOf(req);
    const running = this.#running.get(key) ?? 0;
    const waitSeconds = this.#failures.wait(key);
    if (waitSeconds > 0 || running >= RUNNING_MAX) throw tooMany(waitSeconds);
    this.#running.set(key, running + 1);
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'unauthenticated')
        this.#failures.take(key);
      throw error;
    } finally {
      const left = (this.#running.get(key) ?? 1) - 1;
      if (left > 0) this.#running.set(key, left);
      else this.#running.delete(key);
    }
  }

  /** For an attempt whose end is not seen here: counts as a failure. Throws `too-many-requests`. */
  count(req: Request): void {
    const waitSeconds = this.#failures.take(addressKeyOf(req));
    if (waitSeconds > 0) throw tooMany(waitSeconds);
  }
}

function tooMany(waitSeconds: number): GatewayError {
  return new GatewayError('too-many-requests', {
    detail: 'too many attempts to authenticate come from this address',
    retryAfterSeconds: Math.max(1, Math.ceil(waitSeconds)),
  });
}
