// How much waiting this process takes on: counts those who wait for locks and elections, and refuses the one too many.
import { GatewayError } from '../../core/errors.js';
import type { LockLimits } from './limits.js';

const FULL_RETRY_AFTER_SECONDS = 5;

export class WaitingRoom {
  readonly #limits: LockLimits;
  readonly #byLock = new Map<string, number>();
  #count = 0;

  constructor(limits: LockLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  /** Runs `wait` as one waiter of this lock. Throws `too-many-requests` when the room is full. */
  async hold<T>(lock: string, wait: () => Promise<T>): Promise<T> {
    const atLock = this.#byLock.get(lock) ?? 0;
    if (this.#count >= this.#limits.waitersMax)
      throw full(`${this.#limits.waitersMax} callers wait at this gateway`);
    if (atLock >= this.#limits.waitersPerLockMax)
      throw full(`${this.#limits.waitersPerLockMax} callers wait for this lock here`);
    this.#count++;
    this.#byLock.set(lock, atLock + 1);
    try {
      return await wait();
    } finally {
      this.#count--;
      const left = (this.#byLock.get(lock) ?? 1) - 1;
      if (left > 0) this.#byLock.set(lock, left);
      else this.#byLock.delete(lock);
    }
  }
}

function full(detail: string): GatewayError {
  return new GatewayError('too-many-requests', {
    detail,
    hint: 'try without waiting, or come back later',
    retryAfterSeconds: FULL_RETRY_AFTER_SECONDS,
  });
}
