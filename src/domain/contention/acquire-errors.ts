// The errors of a request that did not acquire.
import { ClientDisconnectedError, GatewayError, shuttingDown } from '../../core/errors.js';
import type { QueueSnapshot } from './entry-transactions.js';

export function entryLost(): GatewayError {
  return new GatewayError('lock-expired', {
    detail: 'the entry was deleted or expired before it was acquired',
    hint: 'acquire again with a new token',
  });
}

export function clientDisconnected(): GatewayError {
  return new ClientDisconnectedError({ outcome: 'unknown' });
}

export function waitCutShort(): GatewayError {
  return shuttingDown({
    detail: 'the gateway is shutting down; the entry in the queue is released',
    outcome: 'not-applied',
    retryAfterSeconds: 1,
  });
}

export function noResponse(cause?: unknown): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: 'etcd did not confirm whether the lock was acquired',
    outcome: 'unknown',
    hint: 'repeat the request with the same token; if you chose no token, release by owner',
    cause,
  });
}

export function tokenInUse(how: string): GatewayError {
  return new GatewayError('already-exists', {
    detail: `this token was used ${how}`,
    hint: 'use a new token for each acquisition',
  });
}

/** Returns the fields of a 423 besides the holder. `queueLength` arrives as the count of all waiters, the client's own entry included. */
export function refusalFields(
  queue: QueueSnapshot,
  queueLength: number,
  waitedMs: number,
): { queueLength: number; waited?: number } {
  return {
    queueLength: Math.max(0, queueLength - (queue.own === undefined ? 0 : 1)),
    ...(waitedMs > 0 && { waited: Math.round(waitedMs / 10) / 100 }),
  };
}

/** Returns the hint of a 423: `hintWithoutWait` for a client that did not wait. */
export function waitingHint(waitedMs: number, hintWithoutWait: string): string {
  return waitedMs > 0 ? 'pass a longer wait, or repeat the request later' : hintWithoutWait;
}

/** Whether etcd failed without a statement about the entry. */
export function isTransient(error: unknown): boolean {
  return error instanceof GatewayError && error.status >= 503;
}
