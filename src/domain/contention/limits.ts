// What one request for a lock or an election may ask for, and how many may wait. Pure.
import { invalidRequest } from '../../core/errors.js';

export interface LockLimits {
  readonly waitersPerLockMax: number;
  readonly waitersMax: number;
  readonly waitSecondsMax: number;
  readonly ttlSecondsMax: number;
  readonly metadataBytesMax: number;
}

/** Queueing needs this much: a renewal takes up to 2 s while etcd changes its leader, and one may be lost. */
export const QUEUE_TTL_SECONDS_MIN = 5;

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
