// Directories in transactions: the markers that make them, and what must stand for them to be made.
import type { Caller } from '../../../core/caller.js';
import { isAbsent, isPresent, modRevisionIs } from '../../../etcd/compare.js';
import type { Compare, RequestOp } from '../../../etcd/wire.js';
import type { Chain, Place } from '../tree/path-snapshot.js';
import { nodeError } from '../errors.js';
import { putEnding } from '../expiry/expiry-record.js';
import { readLifetimes } from '../expiry/node-lease.js';
import type { LifetimeDeps, NodeLease } from '../expiry/node-lease.js';
import { directoryNode } from '../tree/node.js';
import type { V2Node } from '../tree/node.js';
import { fileKey, markerKey } from '../tree/path.js';

/** The directory at a place, whoever made it. */
export async function directoryAt(
  caller: Caller,
  deps: LifetimeDeps,
  { path, marker, inside }: Chain['node'],
): Promise<V2Node> {
  const kv = marker ?? inside[0];
  if (kv === undefined) throw nodeError('keyNotFound', path, 0);
  const lease = marker?.lease;
  const lifetimeOf = await readLifetimes(caller, deps, [lease]);
  return directoryNode(path, kv, lease === undefined ? undefined : lifetimeOf(lease));
}

/** That the directory's marker is what it was, or that there still is none. */
export function stillMarked({ path, marker }: Place): Compare {
  return modRevisionIs(markerKey(path), marker?.modRevision ?? 0);
}

/** That the directories on the way down are there, or that nothing is in the way of making them, which the operations do. */
export function directoriesAbove({ ancestors }: Chain): {
  readonly compare: readonly Compare[];
  readonly operations: readonly RequestOp[];
} {
  const deepest = ancestors.findLastIndex(({ marker }) => marker !== undefined);
  const missing = ancestors.slice(deepest + 1).filter(({ isDenied }) => !isDenied);
  const standing = ancestors[deepest];
  return {
    compare: [
      ...(standing === undefined ? [] : [isPresent(markerKey(standing.path))]),
      ...missing.flatMap(({ path }) => [isAbsent(fileKey(path)), isAbsent(markerKey(path))]),
    ],
    operations: missing.flatMap(({ path }) => markDirectory(path, undefined, undefined)),
  };
}

/** `createdIndex`: of a directory that is there already. */
export function markDirectory(
  path: string,
  lease: NodeLease | undefined,
  createdIndex: number | undefined,
): RequestOp[] {
  return [
    { kind: 'put', put: { key: markerKey(path), lease: lease?.lease } },
    ...(lease === undefined ? [] : [putEnding(path, lease, createdIndex)]),
  ];
}
