// The expiry record of a directory with a ttl, and the expiry list. The record is next to the marker and outlives it, so that the `expire`
// event can describe the directory. Gateways find such directories by the list. It is written only for callers with rights to its keys.
import { prefixEnd } from '../../../etcd/range.js';
import type { KeyValue, RequestOp } from '../../../etcd/wire.js';
import { V2_EXPIRY_LIST_PREFIX } from '../../v2-private-keys.js';
import type { Expiration, V2Node } from '../tree/node.js';
import { expiryRecordKey, latin1Bytes } from '../tree/path.js';

/** Stored in etcd as JSON, under these names. */
interface ExpiryRecord {
  /** Milliseconds. */
  readonly expiresAt: number;
  /** Absent if the record is as old as the directory. */
  readonly createdIndex?: number | undefined;
}

export function putExpiryRecord(
  path: string,
  { expiresAt }: Expiration,
  createdIndex: number | undefined,
): RequestOp {
  const record: ExpiryRecord = { expiresAt, createdIndex };
  return {
    kind: 'put',
    put: { key: expiryRecordKey(path), value: Buffer.from(JSON.stringify(record)) },
  };
}

/** Returns the directory as it was when its ttl expired. */
export function toExpiredDirectory(path: string, kv: KeyValue): V2Node {
  const { expiresAt, createdIndex = kv.createRevision } = parseExpiryRecord(kv.value);
  return {
    path,
    isDirectory: true,
    expiration: { expiresAt, ttl: 0 },
    modifiedIndex: createdIndex,
    createdIndex,
  };
}

function parseExpiryRecord(value: Buffer): ExpiryRecord {
  try {
    const record = JSON.parse(value.toString('utf8')) as Partial<ExpiryRecord> | null;
    if (typeof record?.expiresAt === 'number') return { ...record, expiresAt: record.expiresAt };
  } catch {
    // Not written by a gateway. The directory counts as expired.
  }
  return { expiresAt: 0 };
}

export function addToExpiryList(path: string, { expiresAt }: Expiration): RequestOp {
  return {
    kind: 'put',
    put: { key: listKey(path), value: Buffer.from(String(expiresAt)) },
  };
}

export function removeFromExpiryList(path: string): RequestOp {
  return { kind: 'deleteRange', deleteRange: { key: listKey(path) } };
}

/** Removes the directory and every directory below it. */
export function removeSubtreeFromExpiryList(path: string): RequestOp[] {
  const below = latin1Bytes(`${V2_EXPIRY_LIST_PREFIX}${path}/`);
  return [
    removeFromExpiryList(path),
    { kind: 'deleteRange', deleteRange: { key: below, rangeEnd: prefixEnd(below) } },
  ];
}

/** Returns `expiresAt` in milliseconds. */
export function parseExpiryListEntry({ key, value }: Pick<KeyValue, 'key' | 'value'>): {
  readonly path: string;
  readonly expiresAt: number;
} {
  return {
    path: key.toString('latin1').slice(V2_EXPIRY_LIST_PREFIX.length),
    expiresAt: Number(value.toString('utf8')) || 0,
  };
}

function listKey(path: string): Buffer {
  return latin1Bytes(`${V2_EXPIRY_LIST_PREFIX}${path}`);
}
