// Checks whether a watch can start at a past revision. etcd accepts a watch from a compacted revision and cancels it later.
import type { Identity } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';

const READ_TIMEOUT_MS = 2_000;

/** Whether `revision` is compacted; false for a future one. `key`: a key that the identity may read. Throws if etcd cannot be read. */
export async function isCompacted(
  identity: Identity,
  { etcd }: { readonly etcd: EtcdClient },
  key: Buffer,
  revision: number,
): Promise<boolean> {
  const caller = {
    identity,
    signal: AbortSignal.timeout(READ_TIMEOUT_MS),
    deadline: performance.now() + READ_TIMEOUT_MS,
  };
  try {
    await etcd.range(caller, { key, revision, countOnly: true });
    return false;
  } catch (error) {
    const code = error instanceof GatewayError ? error.code : undefined;
    if (code === 'revision-compacted') return true;
    // etcd has not reached this revision.
    if (code === 'future-revision') return false;
    throw error;
  }
}
