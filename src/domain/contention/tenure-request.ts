// What a caller may ask for how long he holds, and the checks of it: a ttl, none at all, or a lease of his own.
import type { Caller } from '../../core/caller.js';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import { isOwnLease } from '../leases/lease-id.js';
import type { Tenure } from './tenure.js';
import { timeToLive } from '../leases/lease-calls.js';
import { QUEUE_TTL_SECONDS_MIN } from './limits.js';
import { beforeWrite } from '../../etcd/calls/outcome.js';

export const DEFAULT_TTL_SECONDS = 30;

export interface TenureRequest {
  /** Whole seconds; `null`: until released. Not together with `lease`. */
  readonly ttlSeconds?: number | null | undefined;
  /** A lease of the caller's own to hang the entry on. */
  readonly lease?: string | undefined;
}

/** `isQueueing`: the entry may have to wait. Throws `invalid-request`, `permission-denied`, `lease-not-found`. */
export async function tenureFor(
  caller: Caller,
  etcd: EtcdClient,
  { ttlSeconds, lease }: TenureRequest,
  isQueueing: boolean,
): Promise<Tenure> {
  if (lease !== undefined) {
    if (ttlSeconds !== undefined)
      throw invalidRequest('/lease', 'ttl and lease exclude each other');
    await checkLease(caller, etcd, lease, isQueueing);
    return { kind: 'lease', lease };
  }
  if (ttlSeconds === null) return { kind: 'permanent' };
  const ttl = ttlSeconds ?? DEFAULT_TTL_SECONDS;
  if (isQueueing && ttl < QUEUE_TTL_SECONDS_MIN) throw tooShortToQueue('/ttl', ttl);
  return { kind: 'ttl', ttlSeconds: ttl };
}

async function checkLease(
  caller: Caller,
  etcd: EtcdClient,
  lease: string,
  isQueueing: boolean,
): Promise<void> {
  if (isOwnLease(lease)) {
    throw new GatewayError('permission-denied', {
      detail: `lease ${lease} belongs to an entry of the gateway's own`,
    });
  }
  // With its keys: who may not use a lease with these keys hears so before he queues.
  const { ttlSeconds, grantedTtlSeconds } = await beforeWrite(
    timeToLive(caller, etcd, lease, true),
  );
  if (ttlSeconds === undefined)
    throw new GatewayError('lease-not-found', { detail: `there is no lease ${lease}` });
  if (isQueueing && grantedTtlSeconds < QUEUE_TTL_SECONDS_MIN)
    throw tooShortToQueue('/lease', grantedTtlSeconds);
}

function tooShortToQueue(pointer: string, ttlSeconds: number): GatewayError {
  return invalidRequest(
    pointer,
    `queueing needs a ttl of ${QUEUE_TTL_SECONDS_MIN} seconds or more, not ${ttlSeconds}`,
    'a renewal can take 2 s while etcd changes its leader',
  );
}
