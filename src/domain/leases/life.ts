// Whether a lease lives. A member that was just deposed, or has slept, denies leases of which it has not heard yet: seen on etcd 3.5 right
// behind a SIGCONT, at the first keepalive only. So no lease is called gone because one member said so once.
import type { Caller } from '../../core/caller.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { LeaseKeepAliveResponse, LeaseTimeToLiveResponse } from '../../etcd/wire.js';
import { readRevision } from '../cluster.js';

/** Between two denials, beside a linearizable read, behind which a member knows what was granted before. */
const DENIAL_PAUSE_MS = 100;

/** Renews a lease. `ttlSeconds` undefined: it was denied twice. */
export function keepAlive(
  caller: Caller,
  etcd: EtcdClient,
  lease: string,
): Promise<LeaseKeepAliveResponse> {
  return askTwice(caller, etcd, () => etcd.leaseKeepAlive(caller, lease));
}

/** What is left of a lease. `ttlSeconds` undefined: it was denied twice. */
export function timeToLive(
  caller: Caller,
  etcd: EtcdClient,
  lease: string,
  keys: boolean,
): Promise<LeaseTimeToLiveResponse> {
  return askTwice(caller, etcd, () => etcd.leaseTimeToLive(caller, lease, keys));
}

async function askTwice<T extends { readonly ttlSeconds: number | undefined }>(
  caller: Caller,
  etcd: EtcdClient,
  ask: () => Promise<T>,
): Promise<T> {
  const first = await ask();
  if (first.ttlSeconds !== undefined) return first;
  await new Promise((resolve) => setTimeout(resolve, DENIAL_PAUSE_MS));
  await readRevision(caller, { etcd });
  return ask();
}
