// All that is below a directory, as a tree. Read in chunks at one revision; the whole answer is held in memory, and bounded.
import type { Caller } from '../../../core/caller.js';
import { nextKey } from '../../../etcd/range.js';
import type { KeyValue, Span } from '../../../etcd/wire.js';
import { ChunkSize, readSized, sizeOf } from '../../keys/range-chunks.js';
import type { ChunkDeps } from '../../keys/range-chunks.js';
import { isMarker } from '../../reserved.js';
import { ANSWER_BYTES_MAX, NODES_MAX, leasesOf, sortNodes, tooMuch } from './list-directory.js';
import { readLifetimes } from '../expiry/node-lease.js';
import type { LifetimeDeps } from '../expiry/node-lease.js';
import { directoryNode, fileNode } from './node.js';
import type { LifetimeOf, V2Node } from './node.js';
import { endingKey, insideOf, isHiddenName, isUnnameable, markerKey } from './path.js';

/** What one read of etcd shall bring. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** No v2 path has so many names; keys of other doors that do are not shown. */
const DEPTH_MAX = 200;

/** The nodes that are not hidden, on each level sorted by name. */
export async function readTree(
  caller: Caller,
  deps: ChunkDeps & LifetimeDeps,
  path: string,
  revision: number,
): Promise<V2Node[]> {
  const kvs = await readAll(caller, deps, insideOf(path), revision);
  const lifetimeOf = await readLifetimes(caller, deps, leasesOf(kvs));
  const root = growTree(path, kvs);
  return nodesOf(root, lifetimeOf);
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
    if (bytes > ANSWER_BYTES_MAX || all.length >= NODES_MAX) throw tooMuch(revision);
    size.adapt(kvs, CHUNK_BYTES);
    rest = { key: nextKey(last.key), rangeEnd: range.rangeEnd };
  }
}

interface Directory {
  readonly path: string;
  /** The first key below, ours first. */
  readonly first: KeyValue | undefined;
  readonly files: Map<string, KeyValue>;
  readonly directories: Map<string, Directory>;
  marker: KeyValue | undefined;
  isEnding: boolean;
}

function growTree(path: string, kvs: readonly KeyValue[]): Directory {
  const root = newDirectory(path, undefined);
  for (const kv of kvs) {
    const names = kv.key
      .toString('latin1')
      .slice(path.length + 1)
      .split('/');
    const ours = isMarker(kv.key) ? names.splice(-2) : [];
    const file = ours.length === 0 ? names.pop() : undefined;
    if (names.length > DEPTH_MAX || names.some(isLeftOut)) continue;
    const directory = descend(root, names, kv);
    if (file === undefined) placeOurs(directory, kv);
    else if (!isLeftOut(file)) directory.files.set(file, kv);
  }
  return root;
}

function isLeftOut(name: string): boolean {
  return isUnnameable(name) || isHiddenName(name);
}

function descend(root: Directory, names: readonly string[], first: KeyValue): Directory {
  return names.reduce((directory, name) => {
    const known = directory.directories.get(name);
    if (known !== undefined) return known;
    const made = newDirectory(`${directory.path}/${name}`, first);
    directory.directories.set(name, made);
    return made;
  }, root);
}

function newDirectory(path: string, first: KeyValue | undefined): Directory {
  const empty = { marker: undefined, isEnding: false };
  return { path, first, files: new Map(), directories: new Map(), ...empty };
}

function placeOurs(directory: Directory, kv: KeyValue): void {
  if (kv.key.equals(markerKey(directory.path))) directory.marker = kv;
  else if (kv.key.equals(endingKey(directory.path))) directory.isEnding = true;
}

function nodesOf(directory: Directory, lifetimeOf: LifetimeOf): V2Node[] {
  const { path, files, directories } = directory;
  const children = [...directories].flatMap(([name, each]) => {
    const head = each.marker ?? each.first;
    const isOver = each.isEnding && each.marker === undefined;
    // A file and a directory of one name: other doors can make them.
    if (head === undefined || isOver || files.has(name)) return [];
    const lease = each.marker?.lease;
    const lifetime = lease === undefined ? undefined : lifetimeOf(lease);
    const nodes = nodesOf(each, lifetimeOf);
    return [{ ...directoryNode(each.path, head, lifetime), nodes }];
  });
  const fileNodes = [...files].map(([name, kv]) => fileNode(`${path}/${name}`, kv, lifetimeOf));
  return sortNodes([...fileNodes, ...children]);
}
