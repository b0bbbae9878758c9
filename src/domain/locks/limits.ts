// How much waiting this process takes on. Counts waiters; refuses the one too many.
import { GatewayError, invalidRequest } from '../../errors.js';

export interface LockLimits {
  readonly waitersPerLockMax: number;
  readonly waitersMax: number;
  readonly waitSecondsMax: number;
  readonly ttlSecondsMax: number;
  readonly metadataBytesMax: number;
}

/** Queueing needs this much: a renewal takes up to 2 s while etcd changes its leader, and one may be lost. */
export const QUEUE_TTL_SECONDS_MIN = 5;

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

const FULL_RETRY_AFTER_SECONDS = 5;

function full(detail: string): GatewayError {
  return new GatewayError('too-many-requests', {
    detail,
    hint: 'try without waiting, or come back later',
    retryAfterSeconds: FULL_RETRY_AFTER_SECONDS,
  });
}

/** Throws `invalid-request` for a ttl, wait or metadata beyond the configured limits. */
export function checkLockRequest(
  limits: LockLimits,
  request: {
    readonly ttlSeconds?: number | null | undefined;
    readonly waitSeconds?: number | undefined;
    readonly metadata?: unknown;
  },
): void {
  const { ttlSeconds, waitSeconds, metadata } = request;
  if (ttlSeconds !== undefined && ttlSeconds !== null && ttlSeconds > limits.ttlSecondsMax) {
    throw invalidRequest(
      '/ttl',
      `ttl is ${ttlSeconds}; ${limits.ttlSecondsMax} seconds are the most here`,
    );
  }
  if (waitSeconds !== undefined && waitSeconds > limits.waitSecondsMax) {
    throw invalidRequest(
      '/wait',
      `wait is ${waitSeconds}; ${limits.waitSecondsMax} seconds are the most here`,
    );
  }
  const bytes = metadata === undefined ? 0 : Buffer.byteLength(JSON.stringify(metadata));
  if (bytes > limits.metadataBytesMax) {
    throw invalidRequest(
      '/metadata',
      `metadata has ${bytes} bytes as JSON; ${limits.metadataBytesMax} are the most here`,
    );
  }
}
