// Renews and reads leases. A member that lost leadership, or was paused, can report leases as missing that it has not received yet: seen
// on etcd 3.5 after a SIGCONT, at the first keepalive only. So a lease counts as missing only if it is reported as missing twice.
import type { Caller } from '../../core/caller.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { LeaseKeepAliveResponse, LeaseTimeToLiveResponse } from '../../etcd/wire.js';
import { readRevision } from '../cluster.js';

/** The pause before the second attempt. A linearizable read follows it; after that read the member has all leases granted before. */
const RETRY_PAUSE_MS = 100;

/** Renews a lease. `ttlSeconds` is undefined if the lease was reported as missing twice. */
export function keepAlive(
  caller: Caller,
  etcd: EtcdClient,
  lease: string,
): Promise<LeaseKeepAliveResponse> {
  return repeatIfMissing(caller, etcd, () => etcd.leaseKeepAlive(caller, lease));
}

/** Reads the remaining ttl of a lease. `ttlSeconds` is undefined if the lease was reported as missing twice. */
export function timeToLive(
  caller: Caller,
  etcd: EtcdClient,
  lease: string,
  keys: boolean,
): Promise<LeaseTimeToLiveResponse> {
  return repeatIfMissing(caller, etcd, () => etcd.leaseTimeToLive(caller, lease, keys));
}

async function repeatIfMissing<T extends { readonly ttlSeconds: number | undefined }>(
  caller: Caller,
  etcd: EtcdClient,
  send: () => Promise<T>,
): Promise<T> {
  const first = await send();
  if (first.ttlSeconds !== undefined) return first;
  await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
  await readRevision(caller, { etcd });
  return send();
}
