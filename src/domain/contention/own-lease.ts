// The lease that one acquisition makes for itself. Whatever of the acquisition arrives late finds it revoked, and does nothing.
import { randomBytes } from 'node:crypto';
import type { Caller } from '../../caller.js';
import { GatewayError } from '../../errors.js';
import type { EtcdClient } from '../../etcd/client.js';

/** Leases of the gateway's own entries begin with these hex digits ("LK"), below the sign bit; callers' leases may not. */
const OWN_LEASE_PREFIX = '4c4b';
const RANDOM_BYTES = 6;
const GRANT_ATTEMPTS_MAX = 3;

export function isOwnLease(lease: string): boolean {
  return lease.startsWith(OWN_LEASE_PREFIX);
}

export interface OwnLease {
  readonly lease: string;
  /** What etcd granted, in seconds: at least what was asked. */
  readonly ttlSeconds: number;
  /** Monotonic milliseconds at which the grant was sent: the lease lives at least until then plus its ttl. */
  readonly grantedAt: number;
}

/**
 * Grants a lease under an ID that was never used. An ID whose grant was not answered is abandoned, for its late copy would bring a
 * revoked lease back; `onAbandoned` is told of it, so that it can be revoked once.
 */
export async function grantOwnLease(
  caller: Caller,
  etcd: EtcdClient,
  ttlSeconds: number,
  onAbandoned: (lease: string) => void,
): Promise<OwnLease> {
  for (let attempt = 1; ; attempt++) {
    const lease = OWN_LEASE_PREFIX + randomBytes(RANDOM_BYTES).toString('hex');
    const grantedAt = performance.now();
    try {
      const granted = await etcd.leaseGrant(caller, lease, ttlSeconds);
      return { lease, ttlSeconds: granted.ttlSeconds, grantedAt };
    } catch (error) {
      const isTaken = error instanceof GatewayError && error.code === 'already-exists';
      const isUnknown = error instanceof GatewayError && error.outcome === 'unknown';
      if (isUnknown) onAbandoned(lease);
      if (!(isTaken || isUnknown) || attempt >= GRANT_ATTEMPTS_MAX || caller.signal.aborted)
        throw error;
    }
  }
}
