// The value of a lock's entry: JSON, so that `etcdctl get` shows the owner. Pure.
import { isClientLease } from '../leases/lease-id.js';
import type { LeasePolicy } from '../contention/lease-policy.js';
import { QUEUE_TTL_SECONDS_MIN } from '../contention/limits.js';

export interface LockValue {
  readonly owner: string;
  /** API and name of the client, such as `simple-lock:anonymous`. */
  readonly acquiredBy: string;
  readonly metadata?: unknown;
  /** The requested lease policy: `permanent`, or the client's lease. Absent for a ttl, which etcd stores in the lease. */
  readonly tenure?: string;
}

const PERMANENT = 'permanent';

export function encodeLockValue(value: Omit<LockValue, 'tenure'>, policy: LeasePolicy): Buffer {
  const tenure =
    policy.kind === 'ttl' ? {} : { tenure: policy.kind === 'lease' ? policy.lease : PERMANENT };
  return Buffer.from(JSON.stringify({ ...value, ...tenure }));
}

/** Returns `undefined` for an entry of another client of etcd, whose owner is unknown. */
export function decodeLockValue(bytes: Buffer): LockValue | undefined {
  const json = parseObject(bytes);
  const { owner, acquiredBy, metadata, tenure } = json ?? {};
  if (typeof owner !== 'string' || typeof acquiredBy !== 'string') return undefined;
  return {
    owner,
    acquiredBy,
    ...(metadata !== undefined && { metadata }),
    ...(typeof tenure === 'string' && { tenure }),
  };
}

// etcd stores the ttl in the lease, and the first renewal returns it. Until then the shortest ttl that may queue is assumed.
const INITIAL_TTL: LeasePolicy = { kind: 'ttl', ttlSeconds: QUEUE_TTL_SECONDS_MIN };

/**
 * Returns the policy that the connection that created the entry requested. The value is not trusted, because other clients of etcd can
 * write it. A lease of another entry of the gateway, or a text that is not a lease, counts as a ttl: the entry then stays on its lease.
 */
export function requestedLeasePolicy({ tenure }: LockValue): LeasePolicy {
  if (tenure === PERMANENT) return { kind: 'permanent' };
  if (tenure === undefined || !isClientLease(tenure)) return INITIAL_TTL;
  return { kind: 'lease', lease: tenure };
}

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  if (bytes[0] !== 0x7b) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
