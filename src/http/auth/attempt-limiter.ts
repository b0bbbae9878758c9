// Limits failed attempts to authenticate from one address. Each attempt costs etcd a password check, which is slow on purpose, and guessing
// takes many. Many clients may share an address, so credentials that succeeded from there stay accepted, whatever else fails.
import type { Request } from 'express';
import { GatewayError } from '../../core/errors.js';
import { SilentTokenError } from '../../etcd/auth/credential-verifier.js';
import { addressKeyOf } from '../load/caller-limits.js';
import { TokenBuckets } from '../load/token-buckets.js';

const FAILURES_PER_SECOND = 2;
const FAILURES_AT_ONCE = 20;
/** Different credentials from one address that are being checked. Requests with the same credentials share one check. */
const RUNNING_MAX = 16;
/** Credentials that succeeded, by address. Beyond this, the least recently used are forgotten. */
const SUCCEEDED_MAX = 10_000;

export class AttemptLimiter {
  readonly #failures: TokenBuckets;
  /** Number of requests in progress, by address, then by credentials. */
  readonly #running = new Map<string, Map<string, number>>();
  /** Least recently used first. */
  readonly #succeeded = new Set<string>();

  constructor(now?: () => number) {
    this.#failures = new TokenBuckets(FAILURES_PER_SECOND, FAILURES_AT_ONCE, now);
  }

  /**
   * Runs one attempt with the credentials that `key` identifies. Throws `too-many-requests` instead if the address has no attempts left,
   * even if the credentials are valid. Otherwise guessing could continue, and would find credentials that are already verified. Throws the
   * errors of `attempt`: `unauthenticated` counts as a failure, and so does a `SilentTokenError` unless the credentials succeeded before.
   */
  async run<T>(req: Request, key: string, attempt: () => Promise<T> | T): Promise<T> {
    const address = addressKeyOf(req);
    const name = `${address} ${key}`;
    const hasSucceeded = this.#succeeded.delete(name);
    if (hasSucceeded) this.#succeeded.add(name);
    else this.#refuseTooMany(address, key);
    this.#count(address, key, 1);
    try {
      const result = await attempt();
      this.#remember(name);
      return result;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'unauthenticated') {
        this.#succeeded.delete(name);
        this.#failures.take(address);
      } else if (error instanceof SilentTokenError && !hasSucceeded) this.#failures.take(address);
      throw error;
    } finally {
      this.#count(address, key, -1);
    }
  }

  /** Counts an attempt whose result is not seen here as a failure. Throws `too-many-requests`. */
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
    this.#succeeded.add(name);
    const [oldest] = this.#succeeded;
    if (this.#succeeded.size > SUCCEEDED_MAX && oldest !== undefined)
      this.#succeeded.delete(oldest);
  }
}

function tooMany(waitSeconds: number): GatewayError {
  return new GatewayError('too-many-requests', {
    detail: 'too many attempts to authenticate from this address',
    retryAfterSeconds: Math.max(1, Math.ceil(waitSeconds)),
  });
}
