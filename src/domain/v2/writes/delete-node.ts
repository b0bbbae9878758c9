// delete and compareAndDelete.
import type { Caller } from '../../../core/caller.js';
import { isAbsent, isEmptyRange, isPresent } from '../../../etcd/compare.js';
import type { Compare, RequestOp, Span } from '../../../etcd/wire.js';
import { hasChildren } from '../tree/path-snapshot.js';
import type { Chain } from '../tree/path-snapshot.js';
import { change } from './change.js';
import type { Change, ChangeDeps, Changed } from './change.js';
import { compareFile } from './comparison.js';
import type { Comparison } from './comparison.js';
import { directoryAt, stillMarked } from './directory-markers.js';
import { unlistEndings } from '../expiry/expiry-record.js';
import { nodeError } from '../errors.js';
import { fileKey, insideOf, oursOf } from '../tree/path.js';
import { refuseMissing, refuseReserved, refuseRoot } from '../tree/checks.js';

export interface Removal {
  readonly path: string;
  /** May be a directory. */
  readonly isDirectory: boolean;
  /** May be one that is not empty. */
  readonly isRecursive: boolean;
}

export async function deleteNode(
  caller: Caller,
  deps: ChangeDeps,
  removal: Removal,
): Promise<Changed> {
  const { path } = removal;
  return change(caller, deps, path, async (chain) => {
    const { node, header } = chain;
    refuseRoot(path, header.revision);
    await refuseMissing(caller, deps, chain);
    refuseReserved(deps, path);
    if (node.file !== undefined) return fileRemoval('delete', path, isPresent(fileKey(path)));
    if (!removal.isDirectory && !removal.isRecursive)
      throw nodeError('notAFile', path, header.revision);
    if (hasChildren(node) && !removal.isRecursive)
      throw nodeError('directoryNotEmpty', path, header.revision);
    return directoryRemoval(caller, deps, removal, chain);
  });
}

export async function compareAndDelete(
  caller: Caller,
  deps: ChangeDeps,
  path: string,
  comparison: Comparison,
): Promise<Changed> {
  return change(caller, deps, path, async (chain) => {
    const seen = await compareFile(caller, deps, chain, comparison);
    refuseReserved(deps, path);
    return fileRemoval('compareAndDelete', path, seen);
  });
}

function fileRemoval(
  action: 'delete' | 'compareAndDelete',
  path: string,
  compare: Compare,
): Change {
  return {
    action,
    path,
    isDirectory: false,
    compare: [compare],
    operations: () => [deletion({ key: fileKey(path), prevKv: true })],
  };
}

async function directoryRemoval(
  caller: Caller,
  deps: ChangeDeps,
  { path, isRecursive }: Removal,
  chain: Chain,
): Promise<Change> {
  const previous = await directoryAt(caller, deps, chain.node);
  const inside = insideOf(path);
  return {
    action: 'delete',
    path,
    isDirectory: true,
    previous,
    createdIndex: previous.createdIndex,
    freedLease: chain.node.marker?.lease,
    compare: [
      stillMarked(chain.node),
      isAbsent(fileKey(path)),
      ...(isRecursive ? [] : around(inside, oursOf(path)).map(isEmptyRange)),
    ],
    // Around what the gateway's other doors keep there.
    operations: () => deps.reserved.deletable(inside).map(deletion),
    ours: () => unlistEndings(path),
  };
}

/** What of a range lies before and behind a part of it. */
function around(whole: Span, part: Span): Span[] {
  return [
    { key: whole.key, rangeEnd: part.key },
    { key: part.rangeEnd, rangeEnd: whole.rangeEnd },
  ];
}

function deletion(
  deleteRange: Extract<RequestOp, { kind: 'deleteRange' }>['deleteRange'],
): RequestOp {
  return { kind: 'deleteRange', deleteRange };
}
