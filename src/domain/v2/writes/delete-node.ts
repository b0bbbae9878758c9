// Deletes files and directories, unconditionally or with a comparison.
import type { Caller } from '../../../core/caller.js';
import { isAbsent, isEmptyRange, isPresent } from '../../../etcd/compare.js';
import type { Compare, RequestOp, Span } from '../../../etcd/wire.js';
import { nodeError } from '../errors.js';
import { removeSubtreeFromExpiryList } from '../expiry/expiry-record.js';
import { rejectReserved, rejectRoot, requireNode } from '../tree/checks.js';
import { readDirectoryNode } from '../tree/get-node.js';
import { hasChildren } from '../tree/path-snapshot.js';
import type { PathSnapshot } from '../tree/path-snapshot.js';
import { fileKey, internalRange, rangeBelow } from '../tree/path.js';
import { applyChange } from './change.js';
import type { PlannedChange, V2Result, WriteDeps } from './change.js';
import { checkComparison } from './comparison.js';
import type { NodeComparison } from './comparison.js';
import { isMarkerUnchanged } from './directory-markers.js';

export interface NodeDeletion {
  readonly path: string;
  /** Allows deleting an empty directory. */
  readonly isDirectory: boolean;
  /** Allows deleting a directory with its content. */
  readonly isRecursive: boolean;
}

export async function deleteNode(
  caller: Caller,
  deps: WriteDeps,
  request: NodeDeletion,
): Promise<V2Result> {
  const { path } = request;
  return applyChange(caller, deps, path, async (snapshot) => {
    const { node, header } = snapshot;
    rejectRoot(path, header.revision);
    await requireNode(caller, deps, snapshot);
    rejectReserved(deps, path);
    if (node.file !== undefined) return planFileDeletion('delete', path, isPresent(fileKey(path)));
    if (!request.isDirectory && !request.isRecursive)
      throw nodeError('notAFile', path, header.revision);
    if (hasChildren(node) && !request.isRecursive)
      throw nodeError('directoryNotEmpty', path, header.revision);
    return planDirectoryDeletion(caller, deps, request, snapshot);
  });
}

export async function compareAndDelete(
  caller: Caller,
  deps: WriteDeps,
  path: string,
  comparison: NodeComparison,
): Promise<V2Result> {
  return applyChange(caller, deps, path, async (snapshot) => {
    const compare = await checkComparison(caller, deps, snapshot, comparison);
    rejectReserved(deps, path);
    return planFileDeletion('compareAndDelete', path, compare);
  });
}

function planFileDeletion(
  action: 'delete' | 'compareAndDelete',
  path: string,
  compare: Compare,
): PlannedChange {
  return {
    action,
    path,
    isDirectory: false,
    compare: [compare],
    operations: () => [deletion({ key: fileKey(path), prevKv: true })],
  };
}

async function planDirectoryDeletion(
  caller: Caller,
  deps: WriteDeps,
  { path, isRecursive }: NodeDeletion,
  { node }: PathSnapshot,
): Promise<PlannedChange> {
  const previous = await readDirectoryNode(caller, deps, node);
  const below = rangeBelow(path);
  return {
    action: 'delete',
    path,
    isDirectory: true,
    previous,
    createdIndex: previous.createdIndex,
    detachedLease: node.marker?.lease,
    compare: [
      isMarkerUnchanged(node),
      isAbsent(fileKey(path)),
      ...(isRecursive ? [] : rangesAround(below, internalRange(path)).map(isEmptyRange)),
    ],
    // Reserved keys of locks and elections below the directory stay.
    operations: () => deps.reserved.deletable(below).map(deletion),
    metadata: () => removeSubtreeFromExpiryList(path),
  };
}

/** Returns the parts of a range before and after an inner range. */
function rangesAround(outer: Span, inner: Span): Span[] {
  return [
    { key: outer.key, rangeEnd: inner.key },
    { key: inner.rangeEnd, rangeEnd: outer.rangeEnd },
  ];
}

function deletion(
  deleteRange: Extract<RequestOp, { kind: 'deleteRange' }>['deleteRange'],
): RequestOp {
  return { kind: 'deleteRange', deleteRange };
}
