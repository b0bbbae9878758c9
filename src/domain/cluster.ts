// The cluster as a whole: can it serve, and is it new enough.
import type { Caller } from '../caller.js';
import { GatewayError } from '../errors.js';
import type { EtcdClient } from '../etcd/client.js';
import type { ServerVersion } from '../etcd/wire.js';
import { PRIVATE_PREFIX } from './reserved.js';

const ETCD_VERSION_MIN = [3, 4] as const;

/** Resolves when a quorum answers a read; throws what stands in the way. */
export async function checkQuorum(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<void> {
  await deps.etcd.range(caller, { key: Buffer.from(`${PRIVATE_PREFIX}ready`), countOnly: true });
}

/** The store's revision: what is read or watched from here on misses nothing that was acknowledged before. */
export async function readRevision(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<number> {
  const answer = await deps.etcd.range(caller, {
    key: Buffer.from(`${PRIVATE_PREFIX}revision`),
    countOnly: true,
  });
  return answer.header.revision;
}

/** From etcd 3.5.8 on the answer to a progress request never runs ahead of the events that it covers; on 3.4.23 it was seen to. */
export function isProgressOrdered(version: ServerVersion): boolean {
  const [major = 0, minor = 0, patch = 0] = version.etcdserver.split('.').map(Number);
  return major > 3 || (major === 3 && (minor > 5 || (minor === 5 && patch >= 8)));
}

export async function readVersion(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<ServerVersion> {
  return deps.etcd.version(caller);
}

/** Throws `etcd-refused` for an etcd that is older than 3.4 or does not say. */
export async function checkVersion(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<ServerVersion> {
  const version = await deps.etcd.version(caller);
  const [major = 0, minor = 0] = version.etcdserver.split('.').map(Number);
  const [majorMin, minorMin] = ETCD_VERSION_MIN;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return version;
  throw new GatewayError('etcd-refused', {
    detail: `etcd ${version.etcdserver || 'of an unknown version'} is too old: Latchkey needs etcd 3.4 or newer`,
  });
}
