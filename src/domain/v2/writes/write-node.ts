// set, create, update and compareAndSwap: their checks on the node and its ancestors, and the transaction that each becomes.
import type { Caller } from '../../../core/caller.js';
import { isAbsent, isEmptyRange, isPresent } from '../../../etcd/compare.js';
import type { RequestOp } from '../../../etcd/wire.js';
import { nodeError } from '../errors.js';
import { addToExpiryList, removeFromExpiryList } from '../expiry/expiry-record.js';
import type { NodeLease } from '../expiry/node-lease.js';
import {
  rejectReserved,
  rejectRoot,
  requireDirectoriesAbove,
  requireNode,
} from '../tree/checks.js';
import { readDirectoryNode } from '../tree/get-node.js';
import { isDirectory } from '../tree/path-snapshot.js';
import type { PathSnapshot } from '../tree/path-snapshot.js';
import { expiryRecordKey, fileKey, rangeBelow } from '../tree/path.js';
import { applyChange } from './change.js';
import type { PlannedChange, V2Result, WriteDeps } from './change.js';
import { checkComparison } from './comparison.js';
import type { NodeComparison } from './comparison.js';
import { isMarkerUnchanged, planMissingAncestors, putMarker } from './directory-markers.js';

export interface NodeWrite {
  readonly path: string;
  readonly value: Buffer;
  /** Milliseconds; absent = no ttl. */
  readonly expiresAt?: number | undefined;
  /** Keeps the value; watchers receive no event. */
  readonly isRefresh: boolean;
}

export interface NodeCreation extends NodeWrite {
  readonly isDirectory: boolean;
}

/** Creates or replaces a file, or creates a directory. A directory can replace a file. */
export async function setNode(
  caller: Caller,
  deps: WriteDeps,
  write: NodeCreation,
): Promise<V2Result> {
  const { path } = write;
  return applyChange(caller, deps, path, async (snapshot) => {
    const { node, header } = snapshot;
    if (write.isRefresh && node.file === undefined) await requireNode(caller, deps, snapshot);
    rejectRoot(path, header.revision);
    requireDirectoriesAbove(snapshot);
    rejectReserved(deps, path);
    if (isDirectory(node)) throw nodeError('notAFile', path, header.revision);
    if (node.file === undefined) return planCreation('set', write, snapshot);
    return write.isDirectory ? planReplacementByDirectory(write) : planFileWrite('set', write);
  });
}

/** Creates a file or directory. Throws `keyExists` if the node exists. */
export async function createNode(
  caller: Caller,
  deps: WriteDeps,
  write: NodeCreation,
): Promise<V2Result> {
  const { path } = write;
  return applyChange(caller, deps, path, (snapshot) => {
    const { node, header } = snapshot;
    rejectRoot(path, header.revision);
    requireDirectoriesAbove(snapshot);
    rejectReserved(deps, path);
    if (node.file !== undefined || isDirectory(node))
      throw nodeError('keyExists', path, header.revision);
    return planCreation('create', write, snapshot);
  });
}

/** Changes the value and ttl of an existing file, or the ttl of an existing directory. */
export async function updateNode(
  caller: Caller,
  deps: WriteDeps,
  write: NodeWrite,
): Promise<V2Result> {
  const { path } = write;
  return applyChange(caller, deps, path, async (snapshot) => {
    const { node, header } = snapshot;
    rejectRoot(path, header.revision);
    await requireNode(caller, deps, snapshot);
    rejectReserved(deps, path);
    if (node.file !== undefined) return planFileWrite('update', write);
    if (write.value.length > 0) throw nodeError('notAFile', path, header.revision);
    return planDirectoryUpdate(caller, deps, write, snapshot);
  });
}

export async function compareAndSwap(
  caller: Caller,
  deps: WriteDeps,
  write: NodeWrite,
  comparison: NodeComparison,
): Promise<V2Result> {
  const { path } = write;
  return applyChange(caller, deps, path, async (snapshot) => {
    rejectRoot(path, snapshot.header.revision);
    const compare = await checkComparison(caller, deps, snapshot, comparison);
    rejectReserved(deps, path);
    return planFileWrite('compareAndSwap', write, compare);
  });
}

/** Plans a new node together with the missing directories above it. */
export function planCreation(
  action: 'set' | 'create',
  write: NodeCreation,
  snapshot: PathSnapshot,
): PlannedChange {
  const { path, isDirectory } = write;
  const ancestors = planMissingAncestors(snapshot);
  const compare = [...ancestors.compare, isAbsent(fileKey(path)), isEmptyRange(rangeBelow(path))];
  const common = { action, path, isDirectory, expiresAt: write.expiresAt, compare };
  if (isDirectory) {
    const operations = (lease?: NodeLease): RequestOp[] => [
      ...putMarker(path, lease, undefined),
      ...ancestors.operations,
    ];
    return {
      ...common,
      operations,
      metadata: (lease) => (lease ? [addToExpiryList(path, lease)] : []),
    };
  }
  return {
    ...common,
    value: write.value,
    operations: (lease) => [putFile(write, lease), ...ancestors.operations],
  };
}

function planFileWrite(
  action: 'set' | 'update' | 'compareAndSwap',
  write: NodeWrite,
  compare = isPresent(fileKey(write.path)),
): PlannedChange {
  const { path, value, isRefresh, expiresAt } = write;
  return {
    action,
    path,
    isDirectory: false,
    value: isRefresh ? 'kept' : value,
    expiresAt,
    isRefresh,
    compare: [compare],
    operations: (lease) => [putFile(write, lease)],
  };
}

function planReplacementByDirectory(write: NodeCreation): PlannedChange {
  const { path, expiresAt, isRefresh } = write;
  const key = fileKey(path);
  return {
    action: 'set',
    path,
    isDirectory: true,
    expiresAt,
    isRefresh,
    compare: [isPresent(key)],
    operations: (lease) => [
      { kind: 'deleteRange', deleteRange: { key, prevKv: true } },
      ...putMarker(path, lease, undefined),
    ],
    metadata: (lease) => (lease ? [addToExpiryList(path, lease)] : []),
  };
}

async function planDirectoryUpdate(
  caller: Caller,
  deps: WriteDeps,
  { path, expiresAt, isRefresh }: NodeWrite,
  snapshot: PathSnapshot,
): Promise<PlannedChange> {
  const { node } = snapshot;
  const previous = await readDirectoryNode(caller, deps, node);
  const { createdIndex } = previous;
  return {
    action: 'update',
    path,
    isDirectory: true,
    expiresAt,
    isRefresh,
    previous,
    createdIndex,
    detachedLease: node.marker?.lease,
    compare: [isMarkerUnchanged(node), isAbsent(fileKey(path))],
    operations: (lease) => [
      ...putMarker(path, lease, createdIndex),
      ...(lease === undefined
        ? [{ kind: 'deleteRange' as const, deleteRange: { key: expiryRecordKey(path) } }]
        : []),
    ],
    metadata: (lease) => (lease ? [addToExpiryList(path, lease)] : [removeFromExpiryList(path)]),
  };
}

function putFile({ path, value, isRefresh }: NodeWrite, lease: NodeLease | undefined): RequestOp {
  const content = isRefresh ? { ignoreValue: true } : { value };
  return {
    kind: 'put',
    put: { key: fileKey(path), ...content, lease: lease?.lease, prevKv: true },
  };
}
