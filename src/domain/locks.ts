// Locks as users think of them, built on contention/. Not promised: that a holder who sleeps past its ttl still holds.
import { randomBytes } from 'node:crypto';
import type { Caller } from '../caller.js';
import { firstEntry, tryEnter } from './contention/contender.js';
import type { ContentionDeps } from './contention/contender.js';
import { createArena, entryId, entryKey } from './contention/key.js';
import { endEntry, readHolders } from './contention/release.js';

export interface LockDeps extends ContentionDeps {
  /** Below which all locks live, such as `locks/`. */
  readonly lockPrefix: string;
}

export interface SimpleLockRequest {
  readonly resource: string;
  readonly userId: string;
  /** Seconds after which the lock ends by itself; `null`: never. */
  readonly ttlSeconds: number | null;
}

const TOKEN_BYTES = 24;

/** True when the caller now holds the resource; false when anyone holds it, the same user too. Never waits. */
export async function acquireSimply(
  caller: Caller,
  deps: LockDeps,
  request: SimpleLockRequest,
): Promise<boolean> {
  const arena = createArena(deps.lockPrefix, request.resource, 'resource');
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const tried = await tryEnter(caller, deps, {
    arena,
    key: entryKey(arena, entryId(token), 'exclusive'),
    value: { owner: request.userId, acquiredBy: `simple-lock:${caller.identity.key}` },
    ttlSeconds: request.ttlSeconds,
  });
  return tried.kind === 'holder';
}

/** The user who holds the resource; `''` for a holder that is no client of ours; `undefined` when nobody does. */
export async function inspectSimply(
  caller: Caller,
  deps: LockDeps,
  resource: string,
): Promise<string | undefined> {
  const first = await firstEntry(caller, deps, createArena(deps.lockPrefix, resource, 'resource'));
  return first && (first.value?.owner ?? '');
}

/** Ends what this user holds. False when the resource is not held by him. */
export async function releaseSimply(
  caller: Caller,
  deps: LockDeps,
  request: { readonly resource: string; readonly userId: string },
): Promise<boolean> {
  const arena = createArena(deps.lockPrefix, request.resource, 'resource');
  const holders = await readHolders(caller, deps, arena);
  const own = holders.filter((holder) => holder.value?.owner === request.userId);
  let isReleased = false;
  for (const holder of own) isReleased = (await endEntry(caller, deps, holder)) || isReleased;
  return isReleased;
}
