// What writes of v2 refuse before they are sent, in its own numbers.
import type { Caller } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import { INTERNAL_NAME, isMarker } from '../../reserved.js';
import type { ReservedKeys } from '../../reserved.js';
import { firstMissing, isDirectory } from './path-snapshot.js';
import type { Chain, ChainDeps } from './path-snapshot.js';
import { nodeError, v2Error } from '../errors.js';
import { fileKey, insideOf } from './path.js';

export function refuseRoot(path: string, index: number): void {
  if (path === '') throw v2Error('rootReadOnly', '/', index);
}

/** Throws when there is neither file nor directory, or a file where a directory should be. */
export async function refuseMissing(caller: Caller, deps: ChainDeps, chain: Chain): Promise<void> {
  refuseFilesAbove(chain);
  const { node, header } = chain;
  if (node.file !== undefined || isDirectory(node)) return;
  throw nodeError('keyNotFound', await firstMissing(caller, deps, chain), header.revision);
}

export function refuseFilesAbove({ ancestors, header }: Chain): void {
  const file = ancestors.find((place) => place.file !== undefined);
  if (file !== undefined) throw nodeError('notADirectory', file.path, header.revision);
}

/**
 * Throws for a path with a name that only keys of the gateway have. Those keys are below every directory, so that a path with such a name
 * would reach them as its own file or as what is inside it.
 */
export function refuseInternalNames(path: string): void {
  if (!isMarker(insideOf(path).key)) return;
  throw v2Error('keyReserved', `the name ${JSON.stringify(INTERNAL_NAME)} belongs to the gateway`);
}

/** Throws for the paths that only the gateway's other doors may change. */
export function refuseReserved(
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
