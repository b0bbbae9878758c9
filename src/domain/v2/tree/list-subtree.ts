// Lists everything below a directory as a tree, at one revision. Reads in chunks and holds the whole response in memory, up to a limit.
import type { Caller } from '../../../core/caller.js';
import { nextKey } from '../../../etcd/range.js';
import type { KeyValue, Span } from '../../../etcd/wire.js';
import { ChunkSize, readSized, sizeOf } from '../../keys/range-chunks.js';
import type { ChunkDeps } from '../../keys/range-chunks.js';
import { isV2InternalKey } from '../../reserved.js';
import {
  RESPONSE_BYTES_MAX,
  NODES_MAX,
  leasesOf,
  sortNodes,
  listingTooLarge,
} from './list-directory.js';
import { readExpirations } from '../expiry/node-lease.js';
import type { NodeLeaseDeps } from '../expiry/node-lease.js';
import { directoryNode, fileNode } from './node.js';
import type { ExpirationOfLease, V2Node } from './node.js';
import { expiryRecordKey, rangeBelow, isHiddenName, isInvalidName, markerKey } from './path.js';

/** Target size of one read. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Keys of other APIs with more names than this are not listed. No v2 path has so many. */
const DEPTH_MAX = 200;

/** Returns the nodes on each level sorted by name, without hidden nodes. */
export async function listSubtree(
  caller: Caller,
  deps: ChunkDeps & NodeLeaseDeps,
  path: string,
  revision: number,
): Promise<V2Node[]> {
  const kvs = await readAll(caller, deps, rangeBelow(path), revision);
  const expirationOf = await readExpirations(caller, deps, leasesOf(kvs));
  return toNodes(buildTree(path, kvs), expirationOf);
}

async function readAll(
  caller: Caller,
  deps: ChunkDeps,
  range: Span,
  revision: number,
): Promise<KeyValue[]> {
  const size = new ChunkSize();
  const all: KeyValue[] = [];
  let rest = range;
  let bytes = 0;
  for (;;) {
    const options = { limit: NODES_MAX, revision };
    const { kvs, more } = await readSized(caller, deps, [rest], options, size);
    all.push(...kvs);
    bytes += sizeOf(kvs);
    const last = kvs.at(-1);
    if (!more || last === undefined) return all;
    if (bytes > RESPONSE_BYTES_MAX || all.length >= NODES_MAX) throw listingTooLarge(revision);
    size.adapt(kvs, CHUNK_BYTES);
    rest = { key: nextKey(last.key), rangeEnd: range.rangeEnd };
  }
}

interface Directory {
  readonly path: string;
  /** The first key below. Internal keys sort first. */
  readonly firstKey: KeyValue | undefined;
  readonly files: Map<string, KeyValue>;
  readonly directories: Map<string, Directory>;
  marker: KeyValue | undefined;
  hasExpiryRecord: boolean;
}

function buildTree(path: string, kvs: readonly KeyValue[]): Directory {
  const root = newDirectory(path, undefined);
  for (const kv of kvs) {
    const names = kv.key
      .toString('latin1')
      .slice(path.length + 1)
      .split('/');
    const isInternal = isV2InternalKey(kv.key);
    if (isInternal) names.splice(-2);
    const file = isInternal ? undefined : names.pop();
    if (names.length > DEPTH_MAX || names.some(isUnlisted)) continue;
    const directory = openDirectory(root, names, kv);
    if (file === undefined) addInternalKey(directory, kv);
    else if (!isUnlisted(file)) directory.files.set(file, kv);
  }
  return root;
}

function isUnlisted(name: string): boolean {
  return isInvalidName(name) || isHiddenName(name);
}

function openDirectory(root: Directory, names: readonly string[], firstKey: KeyValue): Directory {
  return names.reduce((directory, name) => {
    const existing = directory.directories.get(name);
    if (existing !== undefined) return existing;
    const created = newDirectory(`${directory.path}/${name}`, firstKey);
    directory.directories.set(name, created);
    return created;
  }, root);
}

function newDirectory(path: string, firstKey: KeyValue | undefined): Directory {
  const empty = { marker: undefined, hasExpiryRecord: false };
  return { path, firstKey, files: new Map(), directories: new Map(), ...empty };
}

function addInternalKey(directory: Directory, kv: KeyValue): void {
  if (kv.key.equals(markerKey(directory.path))) directory.marker = kv;
  else if (kv.key.equals(expiryRecordKey(directory.path))) directory.hasExpiryRecord = true;
}

function toNodes(directory: Directory, expirationOf: ExpirationOfLease): V2Node[] {
  const { path, files, directories } = directory;
  const children = [...directories].flatMap(([name, each]) => {
    const kv = each.marker ?? each.firstKey;
    const isExpired = each.hasExpiryRecord && each.marker === undefined;
    // Through other APIs, clients can create a file and a directory with the same name. The file is listed.
    if (kv === undefined || isExpired || files.has(name)) return [];
    const lease = each.marker?.lease;
    const expiration = lease === undefined ? undefined : expirationOf(lease);
    const nodes = toNodes(each, expirationOf);
    return [{ ...directoryNode(each.path, kv, expiration), nodes }];
  });
  const fileNodes = [...files].map(([name, kv]) => fileNode(`${path}/${name}`, kv, expirationOf));
  return sortNodes([...fileNodes, ...children]);
}
