// set, create, update and compareAndSwap: what each asks of the node and its ancestors, and the transaction that does it.
import type { Caller } from '../../../core/caller.js';
import { isAbsent, isEmptyRange, isPresent } from '../../../etcd/compare.js';
import type { Compare, RequestOp } from '../../../etcd/wire.js';
import { isDirectory } from '../tree/path-snapshot.js';
import type { Chain } from '../tree/path-snapshot.js';
import { change } from './change.js';
import type { Change, ChangeDeps, Changed } from './change.js';
import { compareFile } from './comparison.js';
import type { Comparison } from './comparison.js';
import { directoriesAbove, directoryAt, markDirectory, stillMarked } from './directory-markers.js';
import { listEnding, unlistEnding } from '../expiry/expiry-record.js';
import { nodeError } from '../errors.js';
import type { NodeLease } from '../expiry/node-lease.js';
import { endingKey, fileKey, insideOf } from '../tree/path.js';
import { refuseFilesAbove, refuseMissing, refuseReserved, refuseRoot } from '../tree/checks.js';

export interface Write {
  readonly path: string;
  readonly value: Buffer;
  /** Milliseconds; absent = no ttl. */
  readonly expiresAt?: number | undefined;
  /** Keep the value, and tell no watcher. */
  readonly isRefresh: boolean;
}

export interface Creation extends Write {
  readonly isDirectory: boolean;
}

/** Creates or replaces a file, or creates a directory, in the place of a file too. */
export async function setNode(caller: Caller, deps: ChangeDeps, write: Creation): Promise<Changed> {
  const { path } = write;
  return change(caller, deps, path, async (chain) => {
    const { node, header } = chain;
    if (write.isRefresh && node.file === undefined) await refuseMissing(caller, deps, chain);
    refuseRoot(path, header.revision);
    refuseFilesAbove(chain);
    refuseReserved(deps, path);
    if (isDirectory(node)) throw nodeError('notAFile', path, header.revision);
    if (node.file === undefined) return creation('set', write, chain);
    return write.isDirectory ? directoryOverFile(write) : overFile('set', write, []);
  });
}

/** Creates what is not there. */
export async function createNode(
  caller: Caller,
  deps: ChangeDeps,
  write: Creation,
): Promise<Changed> {
  const { path } = write;
  return change(caller, deps, path, (chain) => {
    const { node, header } = chain;
    refuseRoot(path, header.revision);
    refuseFilesAbove(chain);
    refuseReserved(deps, path);
    if (node.file !== undefined || isDirectory(node))
      throw nodeError('keyExists', path, header.revision);
    return creation('create', write, chain);
  });
}

/** Changes value and ttl of a file, or the ttl of a directory. */
export async function updateNode(caller: Caller, deps: ChangeDeps, write: Write): Promise<Changed> {
  const { path } = write;
  return change(caller, deps, path, async (chain) => {
    const { node, header } = chain;
    refuseRoot(path, header.revision);
    await refuseMissing(caller, deps, chain);
    refuseReserved(deps, path);
    if (node.file !== undefined) return overFile('update', write, []);
    if (write.value.length > 0) throw nodeError('notAFile', path, header.revision);
    return directoryUpdate(caller, deps, write, chain);
  });
}

export async function compareAndSwap(
  caller: Caller,
  deps: ChangeDeps,
  write: Write,
  comparison: Comparison,
): Promise<Changed> {
  const { path } = write;
  return change(caller, deps, path, async (chain) => {
    refuseRoot(path, chain.header.revision);
    const seen = await compareFile(caller, deps, chain, comparison);
    refuseReserved(deps, path);
    return overFile('compareAndSwap', write, [seen]);
  });
}

/** A node where nothing is, and its missing directories. */
export function creation(action: 'set' | 'create', write: Creation, chain: Chain): Change {
  const { path, isDirectory } = write;
  const above = directoriesAbove(chain);
  const compare = [...above.compare, isAbsent(fileKey(path)), isEmptyRange(insideOf(path))];
  const common = { action, path, isDirectory, expiresAt: write.expiresAt, compare };
  if (isDirectory) {
    const operations = (lease?: NodeLease): RequestOp[] => [
      ...markDirectory(path, lease, undefined),
      ...above.operations,
    ];
    return { ...common, operations, ours: (lease) => (lease ? [listEnding(path, lease)] : []) };
  }
  return {
    ...common,
    value: write.value,
    operations: (lease) => [putFile(write, lease), ...above.operations],
  };
}

function overFile(
  action: 'set' | 'update' | 'compareAndSwap',
  write: Write,
  compare: readonly Compare[],
): Change {
  const { path, value, isRefresh, expiresAt } = write;
  return {
    action,
    path,
    isDirectory: false,
    value: isRefresh ? 'kept' : value,
    expiresAt,
    isRefresh,
    compare: compare.length > 0 ? compare : [isPresent(fileKey(path))],
    operations: (lease) => [putFile(write, lease)],
  };
}

function directoryOverFile(write: Creation): Change {
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
      ...markDirectory(path, lease, undefined),
    ],
    ours: (lease) => (lease ? [listEnding(path, lease)] : []),
  };
}

async function directoryUpdate(
  caller: Caller,
  deps: ChangeDeps,
  { path, expiresAt, isRefresh }: Write,
  chain: Chain,
): Promise<Change> {
  const { node } = chain;
  const previous = await directoryAt(caller, deps, node);
  const { createdIndex } = previous;
  return {
    action: 'update',
    path,
    isDirectory: true,
    expiresAt,
    isRefresh,
    previous,
    createdIndex,
    freedLease: node.marker?.lease,
    compare: [stillMarked(node), isAbsent(fileKey(path))],
    operations: (lease) => [
      ...markDirectory(path, lease, createdIndex),
      ...(lease === undefined ? [deletion(endingKey(path))] : []),
    ],
    ours: (lease) => (lease ? [listEnding(path, lease)] : [unlistEnding(path)]),
  };
}

function putFile({ path, value, isRefresh }: Write, lease: NodeLease | undefined): RequestOp {
  const kept = isRefresh ? { ignoreValue: true } : { value };
  return {
    kind: 'put',
    put: { key: fileKey(path), ...kept, lease: lease?.lease, prevKv: true },
  };
}

function deletion(key: Buffer): RequestOp {
  return { kind: 'deleteRange', deleteRange: { key } };
}
