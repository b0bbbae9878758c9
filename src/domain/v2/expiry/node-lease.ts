// The leases of v2 nodes with a ttl. Each serves one node, and its ID tells to the millisecond when that node ends, so that reading a
// thousand of them asks etcd nothing. Leases that other doors put on keys are asked for.
import { randomInt } from 'node:crypto';
import type { Caller } from '../../../core/caller.js';
import { GatewayError, outcomeOf } from '../../../core/errors.js';
import type { EtcdClient } from '../../../etcd/client.js';
import type { LeaseGrantResponse } from '../../../etcd/wire.js';
import type { Background } from '../../background.js';
import { NODE_LEASE_PREFIX } from '../../leases/lease-id.js';
import { releaseKeyLease } from '../../leases/leases.js';
import { beforeWrite } from '../../../etcd/calls/outcome.js';
import type { Lifetime, LifetimeOf } from '../tree/node.js';

/** Behind the prefix: 44 bits for the milliseconds (up to the year 2527), 8 to separate leases that end at the same time. */
const PREFIX = NODE_LEASE_PREFIX;
const TIME_HEX_DIGITS = 11;
const APART_END = 256;
const GRANT_ATTEMPTS_MAX = 8;
/** Foreign leases that one answer asks about at the same time. */
const ASK_TOGETHER_MAX = 16;
/** Leases of other doors in one answer; nodes on further ones are shown without a ttl. */
const FOREIGN_LEASES_MAX = 1_000;

const NANOSECONDS = 1_000_000_000n;
const MILLISECOND_NANOSECONDS = 1_000_000n;
const INT64_BITS = 64;
const TTL_MIN_SECONDS = -9_223_372_036;
/** v2 takes a moment before this for none at all. */
const EXPIRATION_MIN_MS = Date.UTC(2000, 0, 1);

export interface LifetimeDeps {
  readonly etcd: EtcdClient;
  readonly background: Background;
}

/** A node's lease, and the expiration that the response to the write states. */
export interface NodeLease extends Lifetime {
  readonly lease: string;
  /** Milliseconds, wall clock. Set where etcd itself would end the node later. */
  readonly revokeAt?: number | undefined;
}

/**
 * The moment that v2 computes for a ttl, milliseconds: in a Go Duration and an int64 of nanoseconds, both of which overflow silently
 * (three centuries). `isNew`: of a node that is made, where a moment long past means none.
 */
export function expirationOf(
  ttlSeconds: bigint,
  nowMs: number,
  isNew: boolean,
): number | undefined {
  const duration = BigInt.asIntN(INT64_BITS, ttlSeconds * NANOSECONDS);
  const nanoseconds = BigInt.asIntN(INT64_BITS, BigInt(nowMs) * MILLISECOND_NANOSECONDS + duration);
  const ms = Number(nanoseconds / MILLISECOND_NANOSECONDS);
  return isNew && ms < EXPIRATION_MIN_MS ? undefined : ms;
}

function lifetimeAt(expiresAt: number, nowMs: number): Lifetime {
  return { expiresAt, ttl: Math.max(0, Math.ceil((expiresAt - nowMs) / 1000)) };
}

/** In the response to its write, a node that expires in the past has a negative ttl, bounded by Go's Duration. */
function writtenLifetime(expiresAt: number, nowMs: number): Lifetime {
  return { expiresAt, ttl: Math.max(TTL_MIN_SECONDS, Math.ceil((expiresAt - nowMs) / 1000)) };
}

function isNodeLease(lease: string): boolean {
  return lease.startsWith(PREFIX);
}

/**
 * Makes the lease of one node. The caller of this function ends it: with `endNodeLease` when the node was not written, with
 * `revokeInTime` in all other cases. A grant without a response is given up, because nothing is ever attached to it.
 */
export async function grantNodeLease(
  caller: Caller,
  deps: LifetimeDeps,
  expiresAt: number,
  nowMs: number,
): Promise<NodeLease> {
  // A node that expires in the past expires now: etcd has no lease without a ttl.
  const at = Math.max(expiresAt, nowMs);
  const ttlSeconds = Math.max(1, Math.ceil((at - nowMs) / 1000));
  for (let attempt = 1; ; attempt++) {
    const lease = nodeLeaseId(at);
    try {
      const granted = await beforeWrite(grantOrRelease(caller, deps, lease, ttlSeconds));
      // etcd has a minimum of some seconds; v2 has none.
      const isLate = granted.ttlSeconds > ttlSeconds || at <= nowMs;
      return {
        lease,
        ...writtenLifetime(expiresAt, nowMs),
        ...(isLate && { revokeAt: at }),
      };
    } catch (error) {
      const isTaken = error instanceof GatewayError && error.code === 'already-exists';
      if (!isTaken || attempt >= GRANT_ATTEMPTS_MAX) throw error;
    }
  }
}

/** A lease whose grant was not answered would live for all its ttl. It may be the lease of another gateway's node, which is spared. */
async function grantOrRelease(
  caller: Caller,
  deps: LifetimeDeps,
  lease: string,
  ttlSeconds: number,
): Promise<LeaseGrantResponse> {
  try {
    return await deps.etcd.leaseGrant(caller, lease, ttlSeconds);
  } catch (error) {
    if (outcomeOf(error) === 'unknown') releaseKeyLease(caller, deps, lease);
    throw error;
  }
}

function nodeLeaseId(expiresAt: number): string {
  const time = expiresAt.toString(16).padStart(TIME_HEX_DIGITS, '0');
  return `${PREFIX}${time}${randomInt(APART_END).toString(16).padStart(2, '0')}`;
}

/** The moment in an ID of ours, milliseconds. */
function expirationIn(lease: string): number {
  return Number.parseInt(lease.slice(PREFIX.length, PREFIX.length + TIME_HEX_DIGITS), 16);
}

/**
 * Revokes the lease when the ttl of its node is over, where etcd would do so later. Call it only after the write was sent: a revoke that
 * comes first makes the write fail.
 */
export function revokeInTime(caller: Caller, deps: LifetimeDeps, node: NodeLease): void {
  const { lease, revokeAt } = node;
  if (revokeAt === undefined) return;
  const leftMs = Math.max(0, revokeAt - Date.now());
  setTimeout(() => endNodeLease(caller, deps, lease), leftMs).unref();
}

/** Revokes the lease of a node whose ttl is over, or that was not written. */
export function endNodeLease(caller: Caller, deps: LifetimeDeps, lease: string): void {
  void deps.background.run('end the lease of a v2 node', caller.identity, (cleaner) =>
    deps.etcd.leaseRevoke(cleaner, lease),
  );
}

/** Tells of each lease when its keys end. Leases of ours tell it themselves. */
export async function readLifetimes(
  caller: Caller,
  deps: LifetimeDeps,
  leases: Iterable<string | undefined>,
): Promise<LifetimeOf> {
  const foreign = new Set<string>();
  for (const lease of leases) {
    if (lease !== undefined && !isNodeLease(lease) && foreign.size < FOREIGN_LEASES_MAX)
      foreign.add(lease);
  }
  const known = new Map<string, number>();
  const queue = [...foreign];
  const ask = async (): Promise<void> => {
    for (let lease = queue.pop(); lease !== undefined; lease = queue.pop()) {
      const { ttlSeconds } = await deps.etcd.leaseTimeToLive(caller, lease, false);
      if (ttlSeconds !== undefined) known.set(lease, Date.now() + ttlSeconds * 1000);
    }
  };
  await Promise.all(Array.from({ length: Math.min(ASK_TOGETHER_MAX, queue.length) }, ask));
  return (lease, atMs = Date.now()) => {
    const expiresAt = isNodeLease(lease) ? expirationIn(lease) : known.get(lease);
    return expiresAt === undefined ? undefined : lifetimeAt(expiresAt, atMs);
  };
}
