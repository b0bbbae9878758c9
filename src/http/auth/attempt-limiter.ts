// How often one address may be wrong about who it is. Each attempt costs etcd a password check on purpose slow, and whoever guesses needs
// many. Behind one address many may stand: what was right from there before stays right, however often somebody else is wrong.
import type { Request } from 'express';
import { GatewayError } from '../../core/errors.js';
import { SilentTokenError } from '../../etcd/auth/credential-verifier.js';
import { addressKeyOf } from '../load/caller-limits.js';
import { TokenBuckets } from '../load/token-buckets.js';

const FAILURES_PER_SECOND = 2;
const FAILURES_AT_ONCE = 20;
/** Different credentials of one address that have no answer yet: many requests with the same ones cost etcd one check. */
const RUNNING_MAX = 16;
/** Credentials that were right, by address; of more, those that were not seen for longest are strangers again. */
const FAMILIAR_MAX = 10_000;

export class AttemptLimiter {
  readonly #failures: TokenBuckets;
  /** By address, then by credentials: how many requests. */
  readonly #running = new Map<string, Map<string, number>>();
  /** Least recently used first. */
  readonly #familiar = new Set<string>();

  constructor(now?: () => number) {
    this.#failures = new TokenBuckets(FAILURES_PER_SECOND, FAILURES_AT_ONCE, now);
  }

  /**
   * Makes one attempt with the credentials that `key` stands for. Throws `too-many-requests` before it, even where it would be right: else
   * whoever is out of attempts would go on guessing what others have proved. Or throws what it throws; `unauthenticated` is a failure. A
   * `SilentTokenError` is one too, except for credentials that succeeded before.
   */
  async run<T>(req: Request, key: string, attempt: () => Promise<T> | T): Promise<T> {
    const address = addressKeyOf(req);
    const name = `${address} ${key}`;
    const isFamiliar = this.#familiar.delete(name);
    if (isFamiliar) this.#familiar.add(name);
    else this.#refuseTooMany(address, key);
    this.#count(address, key, 1);
    try {
      const result = await attempt();
      this.#remember(name);
      return result;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'unauthenticated') {
        this.#familiar.delete(name);
        this.#failures.take(address);
      } else if (error instanceof SilentTokenError && !isFamiliar) this.#failures.take(address);
      throw error;
    } finally {
      this.#count(address, key, -1);
    }
  }

  /** For an attempt whose end is not seen here: counts as a failure. Throws `too-many-requests`. */
  countFailure(req: Request): void {
    const waitSeconds = this.#failures.take(addressKeyOf(req));
    if (waitSeconds > 0) throw tooMany(waitSeconds);
  }

  #refuseTooMany(address: string, key: string): void {
    const waitSeconds = this.#failures.wait(address);
    const running = this.#running.get(address);
    const isFull = running !== undefined && running.size >= RUNNING_MAX && !running.has(key);
    if (waitSeconds > 0 || isFull) throw tooMany(waitSeconds);
  }

  #count(address: string, key: string, change: 1 | -1): void {
    const running = this.#running.get(address) ?? new Map<string, number>();
    const count = (running.get(key) ?? 0) + change;
    if (count > 0) running.set(key, count);
    else running.delete(key);
    if (running.size > 0) this.#running.set(address, running);
    else this.#running.delete(address);
  }

  #remember(name: string): void {
    this.#familiar.add(name);
    const [oldest] = this.#familiar;
    if (this.#familiar.size > FAMILIAR_MAX && oldest !== undefined) this.#familiar.delete(oldest);
  }
}

function tooMany(waitSeconds: number): GatewayError {
  return new GatewayError('too-many-requests', {
    detail: 'too many attempts to authenticate come from this address',
    retryAfterSeconds: Math.max(1, Math.ceil(waitSeconds)),
  });
}
