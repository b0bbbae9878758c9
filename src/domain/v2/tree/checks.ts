// Checks that requests of the v2 API have to pass before they reach etcd. Failed checks throw v2 errors.
import type { Caller } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import { INTERNAL_NAME, isV2InternalKey } from '../../reserved.js';
import type { ReservedKeys } from '../../reserved.js';
import { nodeError, v2Error } from '../errors.js';
import { findFirstMissing, isDirectory } from './path-snapshot.js';
import type { PathSnapshot, SnapshotDeps } from './path-snapshot.js';
import { fileKey, rangeBelow } from './path.js';

export function rejectRoot(path: string, index: number): void {
  if (path === '') throw v2Error('rootReadOnly', '/', index);
}

/** Throws if the node does not exist, and if a file is where the path needs a directory. */
export async function requireNode(
  caller: Caller,
  deps: SnapshotDeps,
  snapshot: PathSnapshot,
): Promise<void> {
  requireDirectoriesAbove(snapshot);
  const { node, header } = snapshot;
  if (node.file !== undefined || isDirectory(node)) return;
  throw nodeError('keyNotFound', await findFirstMissing(caller, deps, snapshot), header.revision);
}

export function requireDirectoriesAbove({ ancestors, header }: PathSnapshot): void {
  const file = ancestors.find((ancestor) => ancestor.file !== undefined);
  if (file !== undefined) throw nodeError('notADirectory', file.path, header.revision);
}

/**
 * Throws for a path that contains the name of the gateway's internal keys. Those keys are below every directory, so that such a path would
 * reach them as its own file or as its content.
 */
export function rejectInternalNames(path: string): void {
  if (!isV2InternalKey(rangeBelow(path).key)) return;
  throw v2Error('keyReserved', `the name ${JSON.stringify(INTERNAL_NAME)} belongs to the gateway`);
}

/** Throws for keys that only locks, elections and other parts of the gateway write. */
export function rejectReserved(
  { reserved }: { readonly reserved: ReservedKeys },
  path: string,
): void {
  try {
    reserved.refuseWrite(fileKey(path));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw v2Error('keyReserved', error.message);
  }
}
