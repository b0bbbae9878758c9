// Leases as sessions: several keys and locks can be attached to one lease, and are deleted with it. Also the leases of puts with a ttl.
// Excludes the leases of the gateway's own lock and election entries: these functions do not return or change them.
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
import { keepAlive, timeToLive } from './lease-calls.js';
import { beforeWrite } from '../../etcd/calls/outcome.js';
import type { ReservedKeys } from '../reserved.js';

const GRANT_ATTEMPTS_MAX = 3;
const RELEASES_AT_ONCE_MAX = 1_000;
/**
 * How long after the write a key's lease is read and revoked. Members that lag have applied the write by then, and v2 waits, which take a
 * deletion for an expiration once the lease is gone, have read that it is alive.
 */
const RELEASE_AFTER_MS = 2_000;
/** The maximum number of keys that are listed for a lease. */
const LEASE_KEYS_SHOWN_MAX = 1_000;
/** Leases whose keys are read for one page of a client with limited rights: each takes at least one request to etcd. */
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
  /** The granted ttl: at least the requested one. etcd has a minimum of a few seconds. */
  readonly ttlSeconds: number;
}

/**
 * Creates a lease, with the ID `lease` if it is set. Throws `already-exists` if the ID is taken. A grant with a chosen ID is never
 * repeated: without a response its outcome is `unknown`.
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

/** Grants a lease that only its creator can use while it is empty. */
function grantFreshLease(
  caller: Caller,
  deps: LeaseGrantDeps,
  ttlSeconds: number,
): Promise<GrantedLease> {
  return grantWithNewId(() => randomLeaseOf(caller.identity), caller, deps, ttlSeconds);
}

/** Grants a lease for a single key. */
export function grantKeyLease(
  caller: Caller,
  deps: LeaseGrantDeps,
  ttlSeconds: number,
): Promise<GrantedLease> {
  return grantWithNewId(randomKeyLease, caller, deps, ttlSeconds);
}

/** After a grant with an unknown outcome, that lease is revoked if it is empty, and another ID is used. */
async function grantWithNewId(
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

/** Revokes a lease in the background. Requires that nothing is attached to it. */
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
  // Beyond this number, in a burst of writes or with a slow etcd, leases are left to expire.
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

/** The error of a write whose new lease expired before the write was applied. */
export function expiredBeforeWrite(cause: GatewayError): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: 'the ttl expired before etcd wrote the key',
    outcome: 'not-applied',
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}

export interface LeasePage {
  /** Sorted by ID. */
  readonly leases: readonly string[];
  /** The last ID of this page, after which the next page begins. */
  readonly next: string | undefined;
}

/** Lists the leases in etcd without those of the gateway's own entries. Does not guarantee that two pages show the same state. */
export async function listLeases(
  caller: Caller,
  deps: LeaseDeps,
  page: { readonly limit: number; readonly after?: string | undefined },
): Promise<LeasePage> {
  const { after = '', limit } = page;
  const response = await deps.etcd.leaseLeases(caller);
  const rest = response.leases.filter((lease) => !isOwnLease(lease) && lease > after).sort();
  if (!hasLimitedRights(caller)) {
    const leases = rest.slice(0, limit);
    return { leases, next: rest.length > limit ? leases.at(-1) : undefined };
  }
  return listVisible(caller, deps, rest.slice(0, LEASES_READ_MAX), rest.length, limit);
}

/** Lists the leases that the client has rights on. A page may have fewer than `limit` leases, or none, and still a `next`. */
async function listVisible(
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
    // The lease of a replaced or deleted key: clients cannot use it.
    const isUnused = keys.length === 0 && isKeyLease(lease);
    return ttlSeconds !== undefined && !isUnused;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'permission-denied') return false;
    throw error;
  }
}

export interface LeaseState {
  readonly lease: string;
  readonly grantedTtlSeconds: number;
  /** Seconds until it expires without renewal. */
  readonly expiresInSeconds: number;
  /** The first 1,000 attached keys, in key order. */
  readonly keys: readonly Buffer[];
  readonly keyCount: number;
}

/** Throws `lease-not-found` if the lease has expired or was revoked. */
export async function readLease(
  caller: Caller,
  deps: LeaseDeps,
  lease: string,
): Promise<LeaseState> {
  const response = await timeToLive(caller, deps.etcd, lease, true);
  if (response.ttlSeconds === undefined) throw leaseNotFound(lease);
  const keys = response.keys
    .filter((key) => !deps.reserved.isHidden(key))
    .sort((a, b) => a.compare(b));
  return {
    lease,
    grantedTtlSeconds: response.grantedTtlSeconds,
    expiresInSeconds: response.ttlSeconds,
    keys: keys.slice(0, LEASE_KEYS_SHOWN_MAX),
    keyCount: keys.length,
  };
}

/** Renews the lease and returns its ttl in seconds. Throws `lease-not-found` if the lease is gone: etcd itself returns 200 then. */
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
 * Revokes the lease, which deletes all attached keys. Throws `lease-not-found`. The lease is read first: a repeated revoke that finds no
 * lease may be the one that revoked it.
 */
export async function revokeLease(caller: Caller, deps: LeaseDeps, lease: string): Promise<void> {
  const isKeyLeaseOfUser = hasLimitedRights(caller) && isKeyLease(lease);
  const { ttlSeconds, keys } = await beforeWrite(
    timeToLive(caller, deps.etcd, lease, isKeyLeaseOfUser),
  );
  // An empty lease may be one that another client is about to attach its key to.
  const isEmpty = isKeyLeaseOfUser && keys.length === 0;
  if (ttlSeconds === undefined || isEmpty) throw leaseNotFound(lease);
  await deps.etcd.leaseRevoke(caller, lease);
}

/** Returns whether the client has an API token or is an etcd user. */
function hasLimitedRights({ identity: { login, scope } }: Caller): boolean {
  return login !== undefined || scope !== undefined;
}

export function leaseNotFound(lease: string): GatewayError {
  return new GatewayError('lease-not-found', { detail: `lease ${lease} does not exist` });
}
