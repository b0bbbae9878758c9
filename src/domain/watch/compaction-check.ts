// Whether the past from which a watch is to start is still there. etcd accepts such a watch first and finds out later.
import type { Identity } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';

const READ_TIMEOUT_MS = 2_000;

/** Whether a watch from `revision` on misses something; of a revision to come it does not. `key` is one that he may read. Throws when etcd cannot be read. */
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
    // How etcd answers to a revision that it does not have yet.
    if (code === 'future-revision') return false;
    throw error;
  }
}
