// What a contender can tell its caller when it did not acquire.
import { GatewayError } from '../../core/errors.js';
import type { Surroundings } from './steps.js';

export function gone(): GatewayError {
  return new GatewayError('lock-expired', {
    detail: 'the entry ended before it was acquired',
    hint: 'begin again with a new token',
  });
}

export function hungUp(): GatewayError {
  return new GatewayError('etcd-unavailable', { detail: 'the caller hung up', outcome: 'unknown' });
}

export function shuttingDown(): GatewayError {
  return new GatewayError('shutting-down', {
    detail: 'the gateway is shutting down; the place in the queue is given up',
    outcome: 'not-applied',
    retryAfterSeconds: 1,
  });
}

export function noAnswer(cause?: unknown): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: 'etcd did not say whether the lock was taken',
    outcome: 'unknown',
    hint: 'repeat the request with the same token; without a token of your own, release by owner',
    cause,
  });
}

export function alreadyExists(how: string): GatewayError {
  return new GatewayError('already-exists', {
    detail: `this token was used ${how}`,
    hint: 'use a new token for each acquisition',
  });
}

/** What a 423 says beside who holds. `queueLength` counts the waiters, the caller himself too when he has an entry. */
export function refusalFields(
  around: Surroundings,
  queueLength: number,
  waitedMs: number,
): { queueLength: number; waited?: number } {
  return {
    queueLength: Math.max(0, queueLength - (around.own === undefined ? 0 : 1)),
    ...(waitedMs > 0 && { waited: Math.round(waitedMs / 10) / 100 }),
  };
}

/** The next step of a client that was refused: `otherwise` for one that did not wait. */
export function waitingHint(waitedMs: number, otherwise: string): string {
  return waitedMs > 0 ? 'pass a longer wait, or repeat the request later' : otherwise;
}

/** Failures of etcd that say nothing of the entry. */
export function isPassing(error: unknown): boolean {
  return error instanceof GatewayError && error.status >= 503;
}
