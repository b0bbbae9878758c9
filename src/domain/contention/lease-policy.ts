// How long an entry lasts: for a ttl that the client renews, until it is released, or as long as a lease of the client.
import type { Caller } from '../../core/caller.js';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import { beforeWrite } from '../../etcd/calls/outcome.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { KeyValue } from '../../etcd/wire.js';
import { isOwnLease } from '../leases/lease-id.js';
import { timeToLive } from '../leases/lease-calls.js';
import { QUEUE_TTL_SECONDS_MIN } from './limits.js';

export type LeasePolicy =
  | { readonly kind: 'ttl'; readonly ttlSeconds: number }
  | { readonly kind: 'permanent' }
  | { readonly kind: 'lease'; readonly lease: string };

export interface LeasePolicyRequest {
  /** Whole seconds; `null`: until released. Excludes `lease`. */
  readonly ttlSeconds?: number | null | undefined;
  /** A lease of the client, to which the entry is attached. */
  readonly lease?: string | undefined;
}

export const DEFAULT_TTL_SECONDS = 30;
/** The ttl of the lease that an entry has until it is converted. It is renewed while the client waits, and expires soon if the gateway dies. */
const PROVISIONAL_TTL_SECONDS = 30;

/**
 * Returns the policy of a request. `isQueueing`: the entry may have to wait. Throws `invalid-request`, `permission-denied` or
 * `lease-not-found`.
 */
export async function resolveLeasePolicy(
  caller: Caller,
  etcd: EtcdClient,
  { ttlSeconds, lease }: LeasePolicyRequest,
  isQueueing: boolean,
): Promise<LeasePolicy> {
  if (lease !== undefined) {
    if (ttlSeconds !== undefined)
      throw invalidRequest('/lease', 'ttl and lease cannot be combined');
    await checkLease(caller, etcd, lease, isQueueing);
    return { kind: 'lease', lease };
  }
  if (ttlSeconds === null) return { kind: 'permanent' };
  const ttl = ttlSeconds ?? DEFAULT_TTL_SECONDS;
  if (isQueueing && ttl < QUEUE_TTL_SECONDS_MIN) throw tooShortToQueue('/ttl', ttl);
  return { kind: 'ttl', ttlSeconds: ttl };
}

/** Returns the ttl with which the entry's own lease is granted. */
export function entryTtlSeconds(policy: LeasePolicy): number {
  return policy.kind === 'ttl' ? policy.ttlSeconds : PROVISIONAL_TTL_SECONDS;
}

/** Returns the lease that the entry has once it is acquired; `undefined` for none. For a ttl that is the lease it was entered on. */
export function finalLease(
  policy: LeasePolicy,
  entryLease: string | undefined,
): string | undefined {
  switch (policy.kind) {
    case 'ttl':
      return entryLease;
    case 'permanent':
      return undefined;
    case 'lease':
      return policy.lease;
  }
}

/** Returns the policy of an entry that is re-joined: that of its conversion, or what the connection that created it requested. */
export function rejoinedLeasePolicy(entry: KeyValue, requested: LeasePolicy): LeasePolicy {
  if (entry.lease === undefined) return { kind: 'permanent' };
  if (!isOwnLease(entry.lease)) return { kind: 'lease', lease: entry.lease };
  return requested;
}

async function checkLease(
  caller: Caller,
  etcd: EtcdClient,
  lease: string,
  isQueueing: boolean,
): Promise<void> {
  if (isOwnLease(lease)) {
    throw new GatewayError('permission-denied', {
      detail: `lease ${lease} belongs to a lock or an election of the gateway`,
    });
  }
  // The keys are read too, so that a client without rights to them is refused before it queues.
  const { ttlSeconds, grantedTtlSeconds } = await beforeWrite(
    timeToLive(caller, etcd, lease, true),
  );
  if (ttlSeconds === undefined)
    throw new GatewayError('lease-not-found', { detail: `lease ${lease} does not exist` });
  if (isQueueing && grantedTtlSeconds < QUEUE_TTL_SECONDS_MIN)
    throw tooShortToQueue('/lease', grantedTtlSeconds);
}

function tooShortToQueue(pointer: string, ttlSeconds: number): GatewayError {
  return invalidRequest(
    pointer,
    `the ttl is ${ttlSeconds} seconds; to wait in the queue it must be at least ${QUEUE_TTL_SECONDS_MIN}`,
    'pass a longer ttl: a renewal can take 2 s while etcd elects a leader',
  );
}
