// What stands beside the marker of a directory with a ttl, and outlives it: what to tell of the directory when it is over. And the list of
// such directories, by which gateways find them: it is kept beside the record, by those who may.
import { prefixEnd } from '../../../etcd/range.js';
import type { KeyValue, RequestOp } from '../../../etcd/wire.js';
import { V2_EXPIRY_LIST_PREFIX } from '../../v2-private-keys.js';
import type { Lifetime, V2Node } from '../tree/node.js';
import { bytesOf, endingKey } from '../tree/path.js';

interface Ending {
  /** Milliseconds. */
  readonly expiresAt: number;
  /** Absent: this key is as old as the directory. */
  readonly createdIndex?: number | undefined;
}

export function putEnding(
  path: string,
  { expiresAt }: Lifetime,
  createdIndex: number | undefined,
): RequestOp {
  const ending: Ending = { expiresAt, createdIndex };
  return {
    kind: 'put',
    put: { key: endingKey(path), value: Buffer.from(JSON.stringify(ending)) },
  };
}

/** The directory as it was when its ttl ended. */
export function directoryThatEnded(path: string, ending: KeyValue): V2Node {
  const { expiresAt, createdIndex = ending.createRevision } = parseEnding(ending.value);
  return {
    path,
    isDirectory: true,
    lifetime: { expiresAt, ttl: 0 },
    modifiedIndex: createdIndex,
    createdIndex,
  };
}

function parseEnding(value: Buffer): Ending {
  try {
    const ending = JSON.parse(value.toString('utf8')) as Partial<Ending> | null;
    if (typeof ending?.expiresAt === 'number') return { ...ending, expiresAt: ending.expiresAt };
  } catch {
    // Written by nobody of ours: as good as over for ever.
  }
  return { expiresAt: 0 };
}

export function listEnding(path: string, { expiresAt }: Lifetime): RequestOp {
  return {
    kind: 'put',
    put: { key: listedKey(path), value: Buffer.from(String(expiresAt)) },
  };
}

export function unlistEnding(path: string): RequestOp {
  return { kind: 'deleteRange', deleteRange: { key: listedKey(path) } };
}

/** Takes the directory off the list, and every one below it. */
export function unlistEndings(path: string): RequestOp[] {
  const below = bytesOf(`${V2_EXPIRY_LIST_PREFIX}${path}/`);
  return [
    unlistEnding(path),
    { kind: 'deleteRange', deleteRange: { key: below, rangeEnd: prefixEnd(below) } },
  ];
}

/** The path and the end (milliseconds) that an entry of the list tells. */
export function listedEnding({ key, value }: Pick<KeyValue, 'key' | 'value'>): {
  readonly path: string;
  readonly expiresAt: number;
} {
  return {
    path: key.toString('latin1').slice(V2_EXPIRY_LIST_PREFIX.length),
    expiresAt: Number(value.toString('utf8')) || 0,
  };
}

function listedKey(path: string): Buffer {
  return bytesOf(`${V2_EXPIRY_LIST_PREFIX}${path}`);
}
