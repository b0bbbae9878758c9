// The limits of one request for a lock or an election, and of the requests that wait in this process.
import { GatewayError, invalidRequest } from '../../core/errors.js';

export interface LockLimits {
  readonly waitersPerLockMax: number;
  readonly waitersMax: number;
  readonly waitSecondsMax: number;
  readonly ttlSecondsMax: number;
  readonly metadataBytesMax: number;
}

/** The shortest ttl that may queue: a renewal takes up to 2 s while etcd elects a leader, and one renewal may be lost. */
export const QUEUE_TTL_SECONDS_MIN = 5;

const RETRY_AFTER_SECONDS = 5;

/** Throws `invalid-request` if the ttl, the wait or the metadata exceeds the configured limits. */
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
      `ttl is ${ttlSeconds}; the maximum here is ${limits.ttlSecondsMax} seconds`,
    );
  }
  if (waitSeconds !== undefined && waitSeconds > limits.waitSecondsMax) {
    throw invalidRequest(
      '/wait',
      `wait is ${waitSeconds}; the maximum here is ${limits.waitSecondsMax} seconds`,
    );
  }
  const bytes = metadata === undefined ? 0 : Buffer.byteLength(JSON.stringify(metadata));
  if (bytes > limits.metadataBytesMax) {
    throw invalidRequest(
      '/metadata',
      `metadata has ${bytes} bytes as JSON; the maximum here is ${limits.metadataBytesMax}`,
    );
  }
}

/** Limits the requests that wait for locks and elections in this process. */
export class WaiterLimiter {
  readonly #limits: LockLimits;
  readonly #countByLock = new Map<string, number>();
  #count = 0;

  constructor(limits: LockLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  /** Runs `wait` as one waiter of this lock. Throws `too-many-requests` if a limit is reached. */
  async run<T>(lock: string, wait: () => Promise<T>): Promise<T> {
    const countAtLock = this.#countByLock.get(lock) ?? 0;
    if (this.#count >= this.#limits.waitersMax)
      throw limitReached(`${this.#limits.waitersMax} requests already wait at this gateway`);
    if (countAtLock >= this.#limits.waitersPerLockMax)
      throw limitReached(
        `${this.#limits.waitersPerLockMax} requests already wait for this lock at this gateway`,
      );
    this.#count++;
    this.#countByLock.set(lock, countAtLock + 1);
    try {
      return await wait();
    } finally {
      this.#count--;
      const remaining = (this.#countByLock.get(lock) ?? 1) - 1;
      if (remaining > 0) this.#countByLock.set(lock, remaining);
      else this.#countByLock.delete(lock);
    }
  }
}

function limitReached(detail: string): GatewayError {
  return new GatewayError('too-many-requests', {
    detail,
    hint: 'try without wait, or repeat the request later',
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
