// What one entry of a queue looks like to the rest of the domain, and what stands in the value of a lock's entry. Pure.
import type { KeyValue } from '../../etcd/wire.js';
import { modeOf } from './key.js';
import type { Arena, Mode } from './key.js';
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

/** What the first connection wanted, as far as the value says; a ttl stands in the lease alone. */
export function wantedTenure(value: LockValue | undefined): Tenure | undefined {
  if (value?.tenure === undefined) return undefined;
  return value.tenure === PERMANENT
    ? { kind: 'permanent' }
    : { kind: 'lease', lease: value.tenure };
}

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  if (bytes[0] !== 0x7b) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
