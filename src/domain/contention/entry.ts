// What stands in a lock key's value, and what one entry of the queue looks like to the rest of the domain. Pure.
import type { KeyValue } from '../../etcd/wire.js';
import { modeOf } from './key.js';
import type { Arena, Mode } from './key.js';

/** The value of an entry of ours. JSON on the wire, so that `etcdctl get` shows who holds. */
export interface EntryValue {
  readonly owner: string;
  /** Door and caller's identity, such as `simple-lock:anonymous`. */
  readonly acquiredBy: string;
  readonly metadata?: unknown;
  /** The caller asked for no ttl: the entry is converted to a permanent one once it holds. */
  readonly permanent?: boolean;
}

export interface Entry {
  readonly key: Buffer;
  readonly mode: Mode;
  /** The fencing token. */
  readonly createRevision: number;
  readonly modRevision: number;
  readonly lease: string | undefined;
  /** `undefined` for an entry of another client: its owner is unknown. */
  readonly value: EntryValue | undefined;
}

export function encodeEntryValue(value: EntryValue): Buffer {
  return Buffer.from(JSON.stringify(value));
}

export function toEntry(arena: Arena, kv: KeyValue): Entry {
  return {
    key: kv.key,
    mode: modeOf(arena, kv.key),
    createRevision: kv.createRevision,
    modRevision: kv.modRevision,
    lease: kv.lease,
    value: decodeEntryValue(kv.value),
  };
}

function decodeEntryValue(bytes: Buffer): EntryValue | undefined {
  if (bytes.length === 0) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const { owner, acquiredBy, metadata, permanent } = json as Record<string, unknown>;
  if (typeof owner !== 'string' || typeof acquiredBy !== 'string') return undefined;
  return {
    owner,
    acquiredBy,
    ...(metadata !== undefined && { metadata }),
    ...(permanent === true && { permanent }),
  };
}
