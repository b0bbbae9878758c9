// The simple lock: try, inspect, release by user; no tokens, no waiting. Uses locks.ts.
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { createLockResource } from '../contention/key.js';
import { readHolders } from '../contention/queue-reads.js';
import { decodeLockValue } from './lock-value.js';
import { acquireLock, releaseLock } from './locks.js';
import type { LockDeps } from './locks.js';

export interface SimpleLockRequest {
  readonly resource: string;
  readonly userId: string;
  /** Seconds after which the lock expires; `null`: never. */
  readonly ttlSeconds: number | null;
}

/** Returns true if the user now holds the resource, false if any user already held it, the same one included. Throws what `acquireLock` throws. */
export async function acquireSimpleLock(
  caller: Caller,
  deps: LockDeps,
  { resource, userId, ttlSeconds }: SimpleLockRequest,
): Promise<boolean> {
  const request = { name: resource, owner: userId, ttlSeconds, api: 'simple-lock' };
  checkResource(deps, resource);
  try {
    await acquireLock(caller, deps, request, 0);
    return true;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'lock-held') return false;
    throw error;
  }
}

/**
 * Returns the user that holds the resource; `''` for a holder that is another client of etcd; `undefined` if the resource is free. Throws
 * `invalid-request` for an impossible name. Does not guarantee that the user still holds it.
 */
export async function inspectSimpleLock(
  caller: Caller,
  deps: LockDeps,
  resource: string,
): Promise<string | undefined> {
  const lock = createLockResource(deps.lockPrefix, resource, 'resource');
  const [holder] = await readHolders(caller, deps.etcd, lock);
  return holder && (decodeLockValue(holder.value)?.owner ?? '');
}

/**
 * Releases what this user holds. Returns false if the user does not hold the resource. Throws `invalid-request` for an impossible name, or
 * an error with an outcome.
 */
export async function releaseSimpleLock(
  caller: Caller,
  deps: LockDeps,
  resource: string,
  userId: string,
): Promise<boolean> {
  checkResource(deps, resource);
  try {
    await releaseLock(caller, deps, { name: resource, owner: userId });
    return true;
  } catch (error) {
    if (
      error instanceof GatewayError &&
      (error.code === 'lock-not-found' || error.code === 'not-holder')
    )
      return false;
    throw error;
  }
}

// Before the call of locks.ts, whose error would name the field `name`.
function checkResource(deps: LockDeps, resource: string): void {
  createLockResource(deps.lockPrefix, resource, 'resource');
}
