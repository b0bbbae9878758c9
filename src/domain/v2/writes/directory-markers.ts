// The markers of directories in transactions: what creates a directory, and the conditions for it.
import { isAbsent, isPresent, modRevisionIs } from '../../../etcd/compare.js';
import type { Compare, RequestOp } from '../../../etcd/wire.js';
import { putExpiryRecord } from '../expiry/expiry-record.js';
import type { NodeLease } from '../expiry/node-lease.js';
import type { PathSnapshot, PathState } from '../tree/path-snapshot.js';
import { fileKey, markerKey } from '../tree/path.js';

/** Compares the marker with the snapshot, also if the snapshot has none. */
export function isMarkerUnchanged({ path, marker }: PathState): Compare {
  return modRevisionIs(markerKey(path), marker?.modRevision ?? 0);
}

/** Creates the missing directories above the node. The compares make sure that the others still exist and no file blocks the path. */
export function planMissingAncestors({ ancestors }: PathSnapshot): {
  readonly compare: readonly Compare[];
  readonly operations: readonly RequestOp[];
} {
  const deepest = ancestors.findLastIndex(({ marker }) => marker !== undefined);
  const missing = ancestors.slice(deepest + 1).filter(({ isDenied }) => !isDenied);
  const existing = ancestors[deepest];
  return {
    compare: [
      ...(existing === undefined ? [] : [isPresent(markerKey(existing.path))]),
      ...missing.flatMap(({ path }) => [isAbsent(fileKey(path)), isAbsent(markerKey(path))]),
    ],
    operations: missing.flatMap(({ path }) => putMarker(path, undefined, undefined)),
  };
}

/** Pass `createdIndex` for a directory that exists already. */
export function putMarker(
  path: string,
  lease: NodeLease | undefined,
  createdIndex: number | undefined,
): RequestOp[] {
  return [
    { kind: 'put', put: { key: markerKey(path), lease: lease?.lease } },
    ...(lease === undefined ? [] : [putExpiryRecord(path, lease, createdIndex)]),
  ];
}
