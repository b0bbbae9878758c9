// Leases as sessions: several keys and locks can hang on one, and its end ends them all. Also the leases that a put with a ttl makes.
// Not here: the leases of the gateway's own lock and election entries, which nobody may touch through these calls.
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import { RETRY_AFTER_SECONDS } from '../../etcd/status.js';
import type { Background } from '../background.js';
import {
  isKeyLease,
  isOwnLease,
  isRevocableKeyLease,
  randomKeyLease,
  randomLeaseOf,
} from './lease-id.js';
import { keepAlive, timeToLive } from './life.js';
import { beforeWrite } from '../../etcd/calls/outcome.js';
import type { ReservedKeys } from '../reserved.js';

const GRANT_ATTEMPTS_MAX = 3;
const RELEASES_AT_ONCE_MAX = 1_000;
/**
 * How long after the write a key's lease is read and revoked. Members that lag have applied the write by then, and v2 waits, which take a
 * deletion for an expiration once the lease is gone, have read that it is alive.
 */
const RELEASE_AFTER_MS = 2_000;
/** A lease with more keys than this tells how many there are, not all of them. */
const LEASE_KEYS_SHOWN_MAX = 1_000;
/** Leases whose keys one page of a caller with limited rights reads: each is at least one call to etcd. */
const LEASES_READ_MAX = 64;
const READS_AT_ONCE = 8;

export interface LeaseGrantDeps {
  readonly etcd: EtcdClient;
  readonly background: Background;
}

export interface LeaseDeps extends LeaseGrantDeps {
  readonly reserved: ReservedKeys;
}

export interface GrantedLease {
  readonly lease: string;
  /** What etcd granted: at least what was asked (etcd has a minimum of its own, some seconds). */
  readonly ttlSeconds: number;
}

/**
 * Makes a lease, under the ID `lease` if there is one (`already-exists` when it is taken). A chosen ID is never granted twice: a
 * grant without an answer is told as `unknown`.
 */
export async function createLease(
  caller: Caller,
  deps: LeaseGrantDeps,
  request: { readonly ttlSeconds: number; readonly lease?: string | undefined },
): Promise<GrantedLease> {
  if (request.lease === undefined) return grantFreshLease(caller, deps, request.ttlSeconds);
  const { lease, ttlSeconds } = await deps.etcd.leaseGrant(
    caller,
    request.lease,
    request.ttlSeconds,
  );
  return { lease, ttlSeconds };
}

/** A lease that only its creator can use while it is empty. */
function grantFreshLease(
  caller: Caller,
  deps: LeaseGrantDeps,
  ttlSeconds: number,
): Promise<GrantedLease> {
  return grantUnder(() => randomLeaseOf(caller.identity), caller, deps, ttlSeconds);
}

/** A lease for a single key. */
export function grantKeyLease(
  caller: Caller,
  deps: LeaseGrantDeps,
  ttlSeconds: number,
): Promise<GrantedLease> {
  return grantUnder(randomKeyLease, caller, deps, ttlSeconds);
}

/** An ID whose grant was not answered is given up for another, and revoked: nothing is attached to it. */
async function grantUnder(
  newId: () => string,
  caller: Caller,
  deps: LeaseGrantDeps,
  ttlSeconds: number,
): Promise<GrantedLease> {
  for (let attempt = 1; ; attempt++) {
    const lease = newId();
    try {
      return {
        lease,
        ttlSeconds: (await deps.etcd.leaseGrant(caller, lease, ttlSeconds)).ttlSeconds,
      };
    } catch (error) {
      const isUnknown = error instanceof GatewayError && error.outcome === 'unknown';
      const isTaken = error instanceof GatewayError && error.code === 'already-exists';
      if (isUnknown) revokeIfEmptyLater(caller, deps, lease);
      if (!(isTaken || isUnknown) || attempt >= GRANT_ATTEMPTS_MAX || caller.signal.aborted)
        throw error;
    }
  }
}

/** Revokes a lease to which certainly nothing is attached, in the background. */
export function revokeLater(caller: Caller, deps: LeaseGrantDeps, lease: string): void {
  void deps.background.run('revoke an unused lease', caller.identity, (cleaner) =>
    deps.etcd.leaseRevoke(cleaner, lease),
  );
}

/**
 * Revokes the lease of a single key that is no longer on it, in the background. Call it with the lease that etcd reports of the replaced or
 * deleted key. Leaves all other leases alone, because clients attach keys to them. Does not guarantee that the lease is revoked before it
 * expires.
 *
 * No write is lost. Through the gateway nothing but its key is ever attached to such a lease, and that key only while it is on the lease, by
 * a comparison in the same transaction. A client that attaches another key directly in etcd is seen by the read before the revoke,
 * unless it does so between the two.
 */
export function releaseKeyLease(
  caller: Caller,
  deps: LeaseGrantDeps,
  lease: string | undefined,
): void {
  if (lease === undefined || !isRevocableKeyLease(lease)) return;
  // Many releases at the same time are a burst of writes, or an etcd that is slow: the rest expires.
  if (deps.background.size < RELEASES_AT_ONCE_MAX) revokeIfEmptyLater(caller, deps, lease);
}

function revokeIfEmptyLater(caller: Caller, deps: LeaseGrantDeps, lease: string): void {
  void deps.background.run('revoke an empty lease', caller.identity, (cleaner) =>
    revokeIfEmpty(cleaner, deps, lease),
  );
}

async function revokeIfEmpty(caller: Caller, deps: LeaseGrantDeps, lease: string): Promise<void> {
  await pause(RELEASE_AFTER_MS);
  const { ttlSeconds, keys } = await deps.etcd.leaseTimeToLive(caller, lease, true);
  if (ttlSeconds !== undefined && keys.length === 0) await deps.etcd.leaseRevoke(caller, lease);
}

/** Of a write on a fresh lease that etcd no longer had. */
export function expiredBeforeWrite(cause: GatewayError): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: 'etcd took so long that the ttl was over before the key was written',
    outcome: 'not-applied',
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}

export interface LeasePage {
  /** In the order of their IDs. */
  readonly leases: readonly string[];
  /** The ID after which the next page begins. */
  readonly next: string | undefined;
}

/** The leases that etcd has, without those of the gateway's own entries. Leases come and go between two pages: each shows its own moment. */
export async function listLeases(
  caller: Caller,
  deps: LeaseDeps,
  page: { readonly limit: number; readonly after?: string | undefined },
): Promise<LeasePage> {
  const { after = '', limit } = page;
  const answer = await deps.etcd.leaseLeases(caller);
  const rest = answer.leases.filter((lease) => !isOwnLease(lease) && lease > after).sort();
  if (!isLimited(caller)) {
    const leases = rest.slice(0, limit);
    return { leases, next: rest.length > limit ? leases.at(-1) : undefined };
  }
  return listWithin(caller, deps, rest.slice(0, LEASES_READ_MAX), rest.length, limit);
}

/** Those that the caller has rights on. A page may have fewer than `limit`, or none, and still a `next`. */
async function listWithin(
  caller: Caller,
  deps: LeaseDeps,
  candidates: readonly string[],
  restCount: number,
  limit: number,
): Promise<LeasePage> {
  const leases: string[] = [];
  let read = 0;
  while (read < candidates.length && leases.length < limit) {
    const some = candidates.slice(read, read + Math.min(READS_AT_ONCE, limit - leases.length));
    const areVisible = await Promise.all(some.map((lease) => isVisible(caller, deps, lease)));
    leases.push(...some.filter((_, index) => areVisible[index]));
    read += some.length;
  }
  return { leases, next: read < restCount ? candidates[read - 1] : undefined };
}

async function isVisible(caller: Caller, { etcd }: LeaseDeps, lease: string): Promise<boolean> {
  try {
    const { ttlSeconds, keys } = await etcd.leaseTimeToLive(caller, lease, true);
    // The lease of a key that was replaced or deleted: a client can do nothing with it.
    const isLeftOver = keys.length === 0 && isKeyLease(lease);
    return ttlSeconds !== undefined && !isLeftOver;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'permission-denied') return false;
    throw error;
  }
}

export interface LeaseState {
  readonly lease: string;
  readonly grantedTtlSeconds: number;
  /** Seconds until it ends unless it is renewed. */
  readonly expiresInSeconds: number;
  /** The first 1,000 keys that hang on it, in key order. */
  readonly keys: readonly Buffer[];
  readonly keyCount: number;
}

/** Throws `lease-not-found` for one that has ended. */
export async function readLease(
  caller: Caller,
  deps: LeaseDeps,
  lease: string,
): Promise<LeaseState> {
  const answer = await timeToLive(caller, deps.etcd, lease, true);
  if (answer.ttlSeconds === undefined) throw leaseNotFound(lease);
  const keys = answer.keys
    .filter((key) => !deps.reserved.isHidden(key))
    .sort((a, b) => a.compare(b));
  return {
    lease,
    grantedTtlSeconds: answer.grantedTtlSeconds,
    expiresInSeconds: answer.ttlSeconds,
    keys: keys.slice(0, LEASE_KEYS_SHOWN_MAX),
    keyCount: keys.length,
  };
}

/** Gives the lease its full ttl again and tells it, in seconds. Throws `lease-not-found` when it came too late: etcd itself answers 200 then. */
export async function keepLeaseAlive(
  caller: Caller,
  deps: LeaseDeps,
  lease: string,
): Promise<number> {
  const { ttlSeconds } = await keepAlive(caller, deps.etcd, lease);
  if (ttlSeconds === undefined) throw leaseNotFound(lease);
  return ttlSeconds;
}

/**
 * Ends the lease and everything that hangs on it. Throws `lease-not-found`. It is looked for first: a revoke that failed over and finds
 * nothing may well be the one that ended it.
 */
export async function endLease(caller: Caller, deps: LeaseDeps, lease: string): Promise<void> {
  const isOfOneKey = isLimited(caller) && isKeyLease(lease);
  const { ttlSeconds, keys } = await beforeWrite(timeToLive(caller, deps.etcd, lease, isOfOneKey));
  // While it has no key, another client may be about to write its key on it.
  const isEmpty = isOfOneKey && keys.length === 0;
  if (ttlSeconds === undefined || isEmpty) throw leaseNotFound(lease);
  await deps.etcd.leaseRevoke(caller, lease);
}

/** With an API token or as a user of etcd. */
function isLimited({ identity: { login, scope } }: Caller): boolean {
  return login !== undefined || scope !== undefined;
}

export function leaseNotFound(lease: string): GatewayError {
  return new GatewayError('lease-not-found', { detail: `there is no lease ${lease}` });
}
