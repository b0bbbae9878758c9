// The lock of the small lock manager: try, look, release by user; no tokens, no waiting. A thin view of locks.ts.
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { decodeLockValue } from '../contention/entry.js';
import { readHolders } from '../contention/inspect.js';
import { createArena } from '../contention/key.js';
import { acquireLock, releaseLock } from './locks.js';
import type { LockDeps } from './locks.js';

export interface SimpleLockRequest {
  readonly resource: string;
  readonly userId: string;
  /** Seconds after which the lock ends by itself; `null`: never. */
  readonly ttlSeconds: number | null;
}

/** True when the caller now holds the resource; false when anyone holds it, the same user too. Never waits. Throws what `acquireLock` throws. */
export async function acquireSimply(
  caller: Caller,
  deps: LockDeps,
  request: SimpleLockRequest,
): Promise<boolean> {
  const { resource, userId, ttlSeconds } = request;
  createArena(deps.lockPrefix, resource, 'resource');
  try {
    await acquireLock(
      caller,
      deps,
      { name: resource, owner: userId, ttlSeconds, door: 'simple-lock' },
      0,
    );
    return true;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'lock-held') return false;
    throw error;
  }
}

/**
 * The user who holds the resource; `''` for a holder that is no client of ours; `undefined` when nobody does. Throws `invalid-request` for a
 * name that no lock has. Not promised: that he holds it still.
 */
export async function inspectSimply(
  caller: Caller,
  deps: LockDeps,
  resource: string,
): Promise<string | undefined> {
  const [holder] = await readHolders(
    caller,
    deps.etcd,
    createArena(deps.lockPrefix, resource, 'resource'),
  );
  return holder && (decodeLockValue(holder.value)?.owner ?? '');
}

/** Ends what this user holds. False when the resource is not held by him. Throws `invalid-request` for a name that no lock has, or an outcome. */
export async function releaseSimply(
  caller: Caller,
  deps: LockDeps,
  resource: string,
  userId: string,
): Promise<boolean> {
  createArena(deps.lockPrefix, resource, 'resource');
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
