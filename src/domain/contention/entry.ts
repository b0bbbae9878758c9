// What one entry of a queue looks like to the rest of the domain, and what stands in the value of a lock's entry. Pure.
import type { KeyValue } from '../../etcd/wire.js';
import { isClientLease } from '../leases/lease-id.js';
import { modeOf } from './key.js';
import type { Arena, Mode } from './key.js';
import { QUEUE_TTL_SECONDS_MIN } from './limits.js';
import type { Tenure } from './tenure.js';

export interface Entry {
  readonly key: Buffer;
  readonly mode: Mode;
  /** The fencing token. */
  readonly createRevision: number;
  readonly lease: string | undefined;
  readonly value: Buffer;
}

export function toEntry(arena: Arena, kv: KeyValue): Entry {
  const { key, createRevision, lease, value } = kv;
  return { key, mode: modeOf(arena, key), createRevision, lease, value };
}

/** The value of a lock's entry of ours: JSON, so that `etcdctl get` shows who holds. */
export interface LockValue {
  readonly owner: string;
  /** Door and caller's name, such as `simple-lock:anonymous`. */
  readonly acquiredBy: string;
  readonly metadata?: unknown;
  /** What the connection that made it wanted beside a ttl: `permanent`, or a lease. The ttl itself is the lease's. */
  readonly tenure?: string;
}

const PERMANENT = 'permanent';

export function encodeLockValue(value: Omit<LockValue, 'tenure'>, tenure: Tenure): Buffer {
  const wanted =
    tenure.kind === 'ttl' ? {} : { tenure: tenure.kind === 'lease' ? tenure.lease : PERMANENT };
  return Buffer.from(JSON.stringify({ ...value, ...wanted }));
}

/** Undefined for an entry of another client, whose owner is unknown. */
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

// The lease has the ttl itself, and its first renewal returns it. Until then the shortest ttl that may queue is assumed.
const FIRST_TTL: Tenure = { kind: 'ttl', ttlSeconds: QUEUE_TTL_SECONDS_MIN };

/**
 * What the connection that made the entry requested. A value is not trusted: other clients of etcd can write it. A lease of another
 * entry of the gateway, or a text that is not a lease, counts as a ttl, so the entry stays on the lease that it has.
 */
export function wantedTenure({ tenure }: LockValue): Tenure {
  if (tenure === PERMANENT) return { kind: 'permanent' };
  if (tenure === undefined || !isClientLease(tenure)) return FIRST_TTL;
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
