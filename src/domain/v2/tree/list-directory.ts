// What is directly below a directory. Costs reads of etcd by how many that are, not by what lies deeper.
import type { Caller } from '../../../core/caller.js';
import { OPERATIONS_TOGETHER_MAX } from '../../../etcd/wire.js';
import type { KeyRange, KeyValue } from '../../../etcd/wire.js';
import { walkLevel } from '../../keys/level-listing.js';
import type { LevelEntry } from '../../keys/level-listing.js';
import { readTogether, readValues } from '../../keys/range-chunks.js';
import type { ChunkDeps } from '../../keys/range-chunks.js';
import { v2Error } from '../errors.js';
import { readLifetimes } from '../expiry/node-lease.js';
import type { LifetimeDeps } from '../expiry/node-lease.js';
import { directoryNode, fileNode } from './node.js';
import type { V2Node } from './node.js';
import { endingKey, insideOf, isHiddenName, isUnnameable, markerKey, oursOf } from './path.js';

/** Nodes in one answer. */
export const NODES_MAX = 500_000;
/** Bytes of keys and values in one answer. */
export const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** The nodes that are not hidden, sorted by name. */
export async function readLevel(
  caller: Caller,
  deps: ChunkDeps & LifetimeDeps,
  path: string,
  revision: number,
): Promise<V2Node[]> {
  const inside = insideOf(path);
  const whole = { ...deps, reserved: { readable: (range: KeyRange) => [range] } };
  const request = { limit: NODES_MAX, keysOnly: true };
  const start = { rest: inside, revision, count: 0, levelBase: inside.key.length };
  const { entries } = await walkLevel(caller, whole, request, start);
  if (entries.length > NODES_MAX)
    throw v2Error('raftInternal', `the directory has more than ${NODES_MAX} nodes`, revision);
  const children = entries.flatMap((entry) => childOf(path, entry) ?? []);
  const directories = await readDirectories(caller, deps, children, revision);
  const files = await readFiles(caller, deps, children, revision);
  const taken = new Set(files.map((file) => file.path));
  // A file and a directory of one name: other doors can make them.
  return sortNodes([...files, ...directories.filter((each) => !taken.has(each.path))]);
}

export function sortNodes(nodes: V2Node[]): V2Node[] {
  return nodes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Child {
  readonly path: string;
  readonly kind: LevelEntry['kind'];
  /** The file's key, or the first one below the directory. */
  readonly head: KeyValue;
}

function childOf(directory: string, { kind, head }: LevelEntry): Child | undefined {
  const [name = ''] = head.key
    .toString('latin1')
    .slice(directory.length + 1)
    .split('/', 1);
  if (isUnnameable(name) || isHiddenName(name) || isOurs(directory, head)) return undefined;
  return { path: `${directory}/${name}`, kind, head };
}

/** The directory's own marker and ending look like a directory below it. */
function isOurs(directory: string, head: KeyValue): boolean {
  const { key } = oursOf(directory);
  return head.key.subarray(0, key.length).equals(key);
}

async function readFiles(
  caller: Caller,
  deps: ChunkDeps & LifetimeDeps,
  children: readonly Child[],
  revision: number,
): Promise<V2Node[]> {
  const heads = children.flatMap(({ kind, head }) => (kind === 'item' ? [head] : []));
  if (heads.length === 0) return [];
  const kvs = await readValues(caller, deps, heads, { revision }, ANSWER_BYTES_MAX);
  if (kvs.length < heads.length) throw tooMuch(revision);
  const lifetimeOf = await readLifetimes(caller, deps, leasesOf(kvs));
  return kvs.map((kv) => fileNode(kv.key.toString('latin1'), kv, lifetimeOf));
}

export function tooMuch(revision: number): Error {
  return v2Error('raftInternal', `the answer has more than ${ANSWER_BYTES_MAX} bytes`, revision);
}

async function readDirectories(
  caller: Caller,
  deps: ChunkDeps & LifetimeDeps,
  children: readonly Child[],
  revision: number,
): Promise<V2Node[]> {
  const directories = children.filter(({ kind }) => kind === 'prefix');
  // The marker is the first key below, but for keys that no v2 client can name.
  const unsure = directories.filter(({ path, head }) => head.key.compare(markerKey(path)) < 0);
  const ours = await readOurs(caller, deps, unsure, revision);
  const known = directories.map(({ path, head }) => ({
    path,
    head,
    ours: ours.get(path) ?? [head],
  }));
  const lifetimeOf = await readLifetimes(
    caller,
    deps,
    leasesOf(known.flatMap((each) => each.ours)),
  );
  return known.flatMap(({ path, head, ours }) => {
    const marker = ours.find(({ key }) => key.equals(markerKey(path)));
    const isOver = marker === undefined && ours.some(({ key }) => key.equals(endingKey(path)));
    if (isOver) return [];
    const lifetime = marker?.lease === undefined ? undefined : lifetimeOf(marker.lease);
    return [directoryNode(path, marker ?? head, lifetime)];
  });
}

/** The keys of ours below directories, by their paths. */
async function readOurs(
  caller: Caller,
  deps: ChunkDeps,
  directories: readonly Child[],
  revision: number,
): Promise<Map<string, readonly KeyValue[]>> {
  const found = new Map<string, readonly KeyValue[]>();
  for (let done = 0; done < directories.length; done += OPERATIONS_TOGETHER_MAX) {
    const some = directories.slice(done, done + OPERATIONS_TOGETHER_MAX);
    const pieces = some.map(({ path }) => oursOf(path));
    const { ranges } = await readTogether(caller, deps, pieces, { revision });
    some.forEach(({ path }, index) => found.set(path, ranges[index]?.kvs ?? []));
  }
  return found;
}

export function leasesOf(kvs: readonly KeyValue[]): (string | undefined)[] {
  return kvs.map(({ lease }) => lease);
}
