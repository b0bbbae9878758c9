// Reads a file, the nodes directly in a directory, or the whole tree below it, at one revision.
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from '../../../core/caller.js';
import type { ResponseHeader } from '../../../etcd/wire.js';
import type { Background } from '../../background.js';
import { nodeError } from '../errors.js';
import { expireDirectory } from '../expiry/expire-directory.js';
import type { ExpiryDeps } from '../expiry/expire-directory.js';
import { readExpirations } from '../expiry/node-lease.js';
import type { NodeLeaseDeps } from '../expiry/node-lease.js';
import { requireDirectoriesAbove, requireNode } from './checks.js';
import { listDirectory } from './list-directory.js';
import { listSubtree } from './list-subtree.js';
import { directoryNode, fileNode } from './node.js';
import type { V2Node } from './node.js';
import { findExpired, readVisibleSnapshot } from './path-snapshot.js';
import type { NodeState, PathSnapshot } from './path-snapshot.js';

/** How long a read waits for the expiry of a directory that it finds expired. The expiry continues in the background. */
const EXPIRY_WAIT_MS = 2_000;

export interface ReadDeps extends ExpiryDeps, NodeLeaseDeps {
  readonly background: Background;
}

export interface GetRequest {
  readonly path: string;
  /** For a directory: returns the whole tree below it. */
  readonly isRecursive: boolean;
}

/** Returns a directory with its nodes sorted by name. Throws v2 errors. */
export async function getNode(
  caller: Caller,
  deps: ReadDeps,
  { path, isRecursive }: GetRequest,
): Promise<{ readonly node: V2Node; readonly header: ResponseHeader }> {
  const snapshot = await readVisibleSnapshot(caller, deps, path);
  const { node, header } = snapshot;
  requireDirectoriesAbove(snapshot);
  await rejectExpired(caller, deps, snapshot);
  await requireNode(caller, deps, snapshot);
  if (node.file !== undefined) {
    const expirationOf = await readExpirations(caller, deps, [node.file.lease]);
    return { node: fileNode(path, node.file, expirationOf), header };
  }
  const list = isRecursive ? listSubtree : listDirectory;
  const nodes = await list(caller, deps, path, header.revision);
  // The v2 API returns the root without indexes.
  const directory =
    path === ''
      ? { path, isDirectory: true, modifiedIndex: 0, createdIndex: 0 }
      : await readDirectoryNode(caller, deps, node);
  return { node: { ...directory, nodes }, header };
}

/** Throws `keyNotFound` for an expired directory after deleting it. */
async function rejectExpired(
  caller: Caller,
  deps: ReadDeps,
  snapshot: PathSnapshot,
): Promise<void> {
  const expired = findExpired(snapshot);
  if (expired === undefined) return;
  const expiry = deps.background.run('expire a v2 directory', caller.identity, (cleaner) =>
    expireDirectory(cleaner, deps, expired.path),
  );
  // The response states a revision after the expire event, so that a wait from there does not return the event.
  await Promise.race([expiry, pause(EXPIRY_WAIT_MS, undefined, { ref: false })]);
  const after = await readVisibleSnapshot(caller, deps, snapshot.node.path);
  throw nodeError('keyNotFound', expired.path, after.header.revision);
}

/** Returns the directory without its content, also if keys of another API created it. */
export async function readDirectoryNode(
  caller: Caller,
  deps: NodeLeaseDeps,
  { path, marker, firstKeysBelow }: NodeState,
): Promise<V2Node> {
  const kv = marker ?? firstKeysBelow[0];
  if (kv === undefined) throw nodeError('keyNotFound', path, 0);
  const lease = marker?.lease;
  const expirationOf = await readExpirations(caller, deps, [lease]);
  return directoryNode(path, kv, lease === undefined ? undefined : expirationOf(lease));
}
