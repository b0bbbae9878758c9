// The leases of v2 nodes with a ttl. Each serves one node, and its ID contains the expiration in milliseconds. Therefore the gateway lists
// thousands of such nodes without asking etcd. The ttl of other leases is read from etcd.
import { randomInt } from 'node:crypto';
import type { Caller } from '../../../core/caller.js';
import { GatewayError, outcomeOf } from '../../../core/errors.js';
import { beforeWrite } from '../../../etcd/calls/outcome.js';
import type { EtcdClient } from '../../../etcd/client.js';
import type { LeaseGrantResponse } from '../../../etcd/wire.js';
import type { Background } from '../../background.js';
import { NODE_LEASE_PREFIX } from '../../leases/lease-id.js';
import { releaseKeyLease } from '../../leases/leases.js';
import type { Expiration, ExpirationOfLease } from '../tree/node.js';

// After the prefix, an ID has 44 bits for the milliseconds, which last until the year 2527. The last 8 bits are random and distinguish leases
// with the same expiration.
const TIME_HEX_DIGITS = 11;
const RANDOM_END = 256;
const GRANT_ATTEMPTS_MAX = 8;
/** Concurrent requests to etcd for the ttl of other leases. */
const CONCURRENT_READS_MAX = 16;
/** Other leases that are read for one response. Nodes on further ones are shown without a ttl. */
const OTHER_LEASES_MAX = 1_000;

const NANOSECONDS = 1_000_000_000n;
const MILLISECOND_NANOSECONDS = 1_000_000n;
const INT64_BITS = 64;
/** The minimum of Go's Duration. */
const TTL_MIN_SECONDS = -9_223_372_036;
/** etcd's v2 store ignores an earlier expiration of a new node. */
const EXPIRATION_MIN_MS = Date.UTC(2000, 0, 1);

export interface NodeLeaseDeps {
  readonly etcd: EtcdClient;
  readonly background: Background;
}

/** A node's lease, and the expiration for the response to the write. */
export interface NodeLease extends Expiration {
  readonly lease: string;
  /** Milliseconds, wall clock. Present if etcd itself would expire the lease later. */
  readonly revokeAt?: number | undefined;
}

/**
 * Returns the expiration that etcd's v2 store computes for a ttl, in milliseconds. The store uses a Go Duration and an int64 of
 * nanoseconds. Both overflow silently after about three centuries. `isNew`: a new node with an expiration long past has none.
 */
export function toExpirationTime(
  ttlSeconds: bigint,
  nowMs: number,
  isNew: boolean,
): number | undefined {
  const duration = BigInt.asIntN(INT64_BITS, ttlSeconds * NANOSECONDS);
  const nanoseconds = BigInt.asIntN(INT64_BITS, BigInt(nowMs) * MILLISECOND_NANOSECONDS + duration);
  const ms = Number(nanoseconds / MILLISECOND_NANOSECONDS);
  return isNew && ms < EXPIRATION_MIN_MS ? undefined : ms;
}

function toExpiration(expiresAt: number, nowMs: number): Expiration {
  return { expiresAt, ttl: Math.max(0, Math.ceil((expiresAt - nowMs) / 1000)) };
}

/** In the response to its write, a node that expires in the past has a negative ttl. */
function toWrittenExpiration(expiresAt: number, nowMs: number): Expiration {
  return { expiresAt, ttl: Math.max(TTL_MIN_SECONDS, Math.ceil((expiresAt - nowMs) / 1000)) };
}

function isNodeLease(lease: string): boolean {
  return lease.startsWith(NODE_LEASE_PREFIX);
}

/**
 * Grants the lease of one node. Call `revokeNodeLease` afterwards if the node was not written, and `revokeWhenExpired` in all other cases.
 * Nothing is ever attached to a lease whose grant got no response, so that it can be revoked.
 */
export async function grantNodeLease(
  caller: Caller,
  deps: NodeLeaseDeps,
  expiresAt: number,
  nowMs: number,
): Promise<NodeLease> {
  // A node that expires in the past expires now, because etcd has no lease without a ttl.
  const at = Math.max(expiresAt, nowMs);
  const ttlSeconds = Math.max(1, Math.ceil((at - nowMs) / 1000));
  for (let attempt = 1; ; attempt++) {
    const lease = createLeaseId(at);
    try {
      const granted = await beforeWrite(grantOrRelease(caller, deps, lease, ttlSeconds));
      // etcd has a minimum ttl of a few seconds. The v2 API has none.
      const isLate = granted.ttlSeconds > ttlSeconds || at <= nowMs;
      return {
        lease,
        ...toWrittenExpiration(expiresAt, nowMs),
        ...(isLate && { revokeAt: at }),
      };
    } catch (error) {
      const isTaken = error instanceof GatewayError && error.code === 'already-exists';
      if (!isTaken || attempt >= GRANT_ATTEMPTS_MAX) throw error;
    }
  }
}

/** Releases a lease whose grant got no response, because it would last for its whole ttl. If another gateway's node has it, it is kept. */
async function grantOrRelease(
  caller: Caller,
  deps: NodeLeaseDeps,
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

function createLeaseId(expiresAt: number): string {
  const time = expiresAt.toString(16).padStart(TIME_HEX_DIGITS, '0');
  return `${NODE_LEASE_PREFIX}${time}${randomInt(RANDOM_END).toString(16).padStart(2, '0')}`;
}

/** Returns milliseconds. */
function expirationInId(lease: string): number {
  const start = NODE_LEASE_PREFIX.length;
  return Number.parseInt(lease.slice(start, start + TIME_HEX_DIGITS), 16);
}

/**
 * Revokes the lease when the ttl of its node expires, if etcd would do so later. Call it only after the write was sent: an earlier revoke
 * makes the write fail.
 */
export function revokeWhenExpired(caller: Caller, deps: NodeLeaseDeps, node: NodeLease): void {
  const { lease, revokeAt } = node;
  if (revokeAt === undefined) return;
  const leftMs = Math.max(0, revokeAt - Date.now());
  setTimeout(() => revokeNodeLease(caller, deps, lease), leftMs).unref();
}

/** Revokes the lease of a node that has expired or was not written. */
export function revokeNodeLease(caller: Caller, deps: NodeLeaseDeps, lease: string): void {
  void deps.background.run('revoke the lease of a v2 node', caller.identity, (cleaner) =>
    deps.etcd.leaseRevoke(cleaner, lease),
  );
}

/** Returns a function that gives the expiration of each lease. Only leases that are not node leases are read from etcd. */
export async function readExpirations(
  caller: Caller,
  deps: NodeLeaseDeps,
  leases: Iterable<string | undefined>,
): Promise<ExpirationOfLease> {
  const otherLeases = new Set<string>();
  for (const lease of leases) {
    if (lease !== undefined && !isNodeLease(lease) && otherLeases.size < OTHER_LEASES_MAX)
      otherLeases.add(lease);
  }
  const expirations = new Map<string, number>();
  const queue = [...otherLeases];
  const readNext = async (): Promise<void> => {
    for (let lease = queue.pop(); lease !== undefined; lease = queue.pop()) {
      const { ttlSeconds } = await deps.etcd.leaseTimeToLive(caller, lease, false);
      if (ttlSeconds !== undefined) expirations.set(lease, Date.now() + ttlSeconds * 1000);
    }
  };
  const readers = Math.min(CONCURRENT_READS_MAX, queue.length);
  await Promise.all(Array.from({ length: readers }, readNext));
  return (lease, atMs = Date.now()) => {
    const expiresAt = isNodeLease(lease) ? expirationInId(lease) : expirations.get(lease);
    return expiresAt === undefined ? undefined : toExpiration(expiresAt, atMs);
  };
}
