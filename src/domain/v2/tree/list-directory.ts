// Lists the nodes directly in a directory. The number of reads depends on the number of these nodes and not on what is below them.
import type { Caller } from '../../../core/caller.js';
import { OPERATIONS_TOGETHER_MAX } from '../../../etcd/wire.js';
import type { KeyRange, KeyValue } from '../../../etcd/wire.js';
import { walkLevel } from '../../keys/level-listing.js';
import type { LevelEntry } from '../../keys/level-listing.js';
import { readTogether, readValues } from '../../keys/range-chunks.js';
import type { ChunkDeps } from '../../keys/range-chunks.js';
import { v2Error } from '../errors.js';
import { readExpirations } from '../expiry/node-lease.js';
import type { NodeLeaseDeps } from '../expiry/node-lease.js';
import { directoryNode, fileNode } from './node.js';
import type { V2Node } from './node.js';
import {
  expiryRecordKey,
  rangeBelow,
  isHiddenName,
  isInvalidName,
  markerKey,
  internalRange,
} from './path.js';

/** Nodes in one response. */
export const NODES_MAX = 500_000;
/** Bytes of keys and values in one response. */
export const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;

/** Returns the nodes sorted by name, without hidden nodes. */
export async function listDirectory(
  caller: Caller,
  deps: ChunkDeps & NodeLeaseDeps,
  path: string,
  revision: number,
): Promise<V2Node[]> {
  const below = rangeBelow(path);
  const unrestricted = { ...deps, reserved: { readable: (range: KeyRange) => [range] } };
  const request = { limit: NODES_MAX, keysOnly: true };
  const start = { rest: below, revision, count: 0, levelBase: below.key.length };
  const { entries } = await walkLevel(caller, unrestricted, request, start);
  if (entries.length > NODES_MAX)
    throw v2Error('raftInternal', `the directory has more than ${NODES_MAX} nodes`, revision);
  const children = entries.flatMap((entry) => toChild(path, entry) ?? []);
  const directories = await readDirectories(caller, deps, children, revision);
  const files = await readFiles(caller, deps, children, revision);
  const filePaths = new Set(files.map((file) => file.path));
  // Through other APIs, clients can create a file and a directory with the same name. The file is listed.
  return sortNodes([...files, ...directories.filter((each) => !filePaths.has(each.path))]);
}

export function sortNodes(nodes: V2Node[]): V2Node[] {
  return nodes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Child {
  readonly path: string;
  readonly kind: LevelEntry['kind'];
  /** The key of the file, or the first key below the directory. */
  readonly firstKey: KeyValue;
}

function toChild(directory: string, { kind, head }: LevelEntry): Child | undefined {
  const [name = ''] = head.key
    .toString('latin1')
    .slice(directory.length + 1)
    .split('/', 1);
  if (isInvalidName(name) || isHiddenName(name) || isInternalKey(directory, head.key))
    return undefined;
  return { path: `${directory}/${name}`, kind, firstKey: head };
}

/** The walk reports the internal keys of the listed directory as a directory below it. */
function isInternalKey(directory: string, key: Buffer): boolean {
  const prefix = internalRange(directory).key;
  return key.subarray(0, prefix.length).equals(prefix);
}

async function readFiles(
  caller: Caller,
  deps: ChunkDeps & NodeLeaseDeps,
  children: readonly Child[],
  revision: number,
): Promise<V2Node[]> {
  const keys = children.flatMap(({ kind, firstKey }) => (kind === 'item' ? [firstKey] : []));
  if (keys.length === 0) return [];
  const kvs = await readValues(caller, deps, keys, { revision }, RESPONSE_BYTES_MAX);
  if (kvs.length < keys.length) throw listingTooLarge(revision);
  const expirationOf = await readExpirations(caller, deps, leasesOf(kvs));
  return kvs.map((kv) => fileNode(kv.key.toString('latin1'), kv, expirationOf));
}

export function listingTooLarge(revision: number): Error {
  return v2Error(
    'raftInternal',
    `the response has more than ${RESPONSE_BYTES_MAX} bytes`,
    revision,
  );
}

async function readDirectories(
  caller: Caller,
  deps: ChunkDeps & NodeLeaseDeps,
  children: readonly Child[],
  revision: number,
): Promise<V2Node[]> {
  const directories = children.filter(({ kind }) => kind === 'prefix');
  // The marker is the first key below a directory, unless keys of other APIs have names that sort before it.
  const unread = directories.filter(
    ({ path, firstKey }) => firstKey.key.compare(markerKey(path)) < 0,
  );
  const internalKeys = await readInternalKeys(caller, deps, unread, revision);
  const states = directories.map(({ path, firstKey }) => {
    const keys = internalKeys.get(path) ?? [firstKey];
    const find = (wanted: Buffer) => keys.find(({ key }) => key.equals(wanted));
    return {
      path,
      firstKey,
      marker: find(markerKey(path)),
      expiryRecord: find(expiryRecordKey(path)),
    };
  });
  const leases = states.map(({ marker }) => marker?.lease);
  const expirationOf = await readExpirations(caller, deps, leases);
  return states.flatMap(({ path, firstKey, marker, expiryRecord }) => {
    const isExpired = marker === undefined && expiryRecord !== undefined;
    if (isExpired) return [];
    const expiration = marker?.lease === undefined ? undefined : expirationOf(marker.lease);
    return [directoryNode(path, marker ?? firstKey, expiration)];
  });
}

/** Returns the internal keys of the directories by path. */
async function readInternalKeys(
  caller: Caller,
  deps: ChunkDeps,
  directories: readonly Child[],
  revision: number,
): Promise<Map<string, readonly KeyValue[]>> {
  const found = new Map<string, readonly KeyValue[]>();
  for (let done = 0; done < directories.length; done += OPERATIONS_TOGETHER_MAX) {
    const batch = directories.slice(done, done + OPERATIONS_TOGETHER_MAX);
    const reads = batch.map(({ path }) => internalRange(path));
    const { ranges } = await readTogether(caller, deps, reads, { revision });
    batch.forEach(({ path }, index) => found.set(path, ranges[index]?.kvs ?? []));
  }
  return found;
}

export function leasesOf(kvs: readonly KeyValue[]): (string | undefined)[] {
  return kvs.map(({ lease }) => lease);
}
