// get: a file, one level of a directory, or all that is below it, at one revision.
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from '../../../core/caller.js';
import type { ResponseHeader } from '../../../etcd/wire.js';
import type { Background } from '../../background.js';
import { firstMissing, isDirectory, overIn, readChainToLook } from './path-snapshot.js';
import type { Chain } from './path-snapshot.js';
import { directoryAt } from '../writes/directory-markers.js';
import { nodeError } from '../errors.js';
import { endDirectory } from '../expiry/expire-directory.js';
import type { ExpiryDeps } from '../expiry/expire-directory.js';
import { readLifetimes } from '../expiry/node-lease.js';
import type { LifetimeDeps } from '../expiry/node-lease.js';
import { fileNode } from './node.js';
import type { V2Node } from './node.js';
import { readLevel } from './list-directory.js';
import { readTree } from './list-subtree.js';
import { refuseFilesAbove } from './checks.js';

/** Of a read for the expiry of a directory that it finds expired. The expiry continues in the background. */
const EXPIRY_WAIT_MS = 2_000;

export interface ReadDeps extends ExpiryDeps, LifetimeDeps {
  readonly background: Background;
}

export interface Read {
  readonly path: string;
  /** Of a directory: also what is below those below it. */
  readonly isRecursive: boolean;
}

export interface Found {
  readonly node: V2Node;
  readonly header: ResponseHeader;
}

/** Nodes come sorted by their names. Throws v2 errors. */
export async function getNode(caller: Caller, deps: ReadDeps, read: Read): Promise<Found> {
  const { path } = read;
  const chain = await readChainToLook(caller, deps, path);
  const { node, header } = chain;
  await refuseAbsent(caller, deps, chain);
  if (node.file !== undefined) {
    const lifetimeOf = await readLifetimes(caller, deps, [node.file.lease]);
    return { node: fileNode(path, node.file, lifetimeOf), header };
  }
  const list = read.isRecursive ? readTree : readLevel;
  const nodes = await list(caller, deps, path, header.revision);
  return { node: { ...(await directoryAlone(caller, deps, chain)), nodes }, header };
}

async function refuseAbsent(caller: Caller, deps: ReadDeps, chain: Chain): Promise<void> {
  refuseFilesAbove(chain);
  const { node, header } = chain;
  const over = overIn(chain);
  if (over !== undefined) {
    const expiry = deps.background.run('end a v2 directory', caller.identity, (cleaner) =>
      endDirectory(cleaner, deps, over.path),
    );
    // The response states a revision after the expire event, so that a wait from there does not return the event.
    await Promise.race([expiry, pause(EXPIRY_WAIT_MS, undefined, { ref: false })]);
    const after = await readChainToLook(caller, deps, node.path);
    throw nodeError('keyNotFound', over.path, after.header.revision);
  }
  if (node.file !== undefined || isDirectory(node)) return;
  throw nodeError('keyNotFound', await firstMissing(caller, deps, chain), header.revision);
}

async function directoryAlone(caller: Caller, deps: ReadDeps, { node }: Chain): Promise<V2Node> {
  // The root is told without indexes.
  if (node.path === '') return { path: '', isDirectory: true, modifiedIndex: 0, createdIndex: 0 };
  return directoryAt(caller, deps, node);
}
