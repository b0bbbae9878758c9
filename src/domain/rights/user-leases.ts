// The rights of a user of etcd on a lease (those of API tokens are in lease-rights.ts): those on every key that hangs on it. Some versions
// of etcd renew and show any lease to anybody, and no version asks whose lease it is that a transaction hangs a key on. Not for the leases
// of the gateway's own entries: their IDs are told to nobody.
import type { Caller } from '../../caller.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { AlarmRights } from '../../etcd/rights/alarm-rights.js';
import { askForRights, isOutOfSpace } from '../../etcd/rights/asking.js';
import { OPERATIONS_TOGETHER_MAX } from '../../etcd/wire.js';
import type { LeaseTimeToLiveResponse, RequestOp } from '../../etcd/wire.js';
import { isOwnLease } from '../leases/lease-id.js';
import { leasesIn } from './lease-rights.js';

/**
 * The same client; of a user, what uses, shows, renews or ends a lease throws `permission-denied` when he may not write all that hangs on
 * it. While the NOSPACE alarm is up, when etcd does not say what he may write, it is enough for a look and for a renewal that he may read
 * it all, and nobody but root ends leases. A key that somebody hangs on it between the look and the call is not seen; the end of a lease
 * etcd judges by itself, in the same moment.
 */
export function withLeaseRights(etcd: EtcdClient, alarm: Pick<AlarmRights, 'refuse'>): EtcdClient {
  const look = async (caller: Caller, lease: string): Promise<LeaseTimeToLiveResponse> => {
    const answer = await etcd.leaseTimeToLive(caller, lease, true);
    for (let done = 0; done < answer.keys.length; done += OPERATIONS_TOGETHER_MAX) {
      const keys = answer.keys.slice(done, done + OPERATIONS_TOGETHER_MAX);
      await askForRights(caller, etcd, keys.map(putOf)).catch(async (error: unknown) => {
        if (!isOutOfSpace(error)) throw error;
        await askForRights(caller, etcd, keys.map(readOf));
      });
    }
    return answer;
  };
  const check = async (caller: Caller, leases: readonly (string | undefined)[]): Promise<void> => {
    if (caller.identity.login === undefined) return;
    for (const lease of new Set(leases)) {
      if (lease !== undefined && !isOwnLease(lease)) await look(caller, lease);
    }
  };
  return {
    ...etcd,
    async put(caller, request) {
      await check(caller, [request.lease]);
      return etcd.put(caller, request);
    },
    async txn(caller, request) {
      await check(caller, leasesIn(request));
      return etcd.txn(caller, request);
    },
    async leaseKeepAlive(caller, lease) {
      await check(caller, [lease]);
      return etcd.leaseKeepAlive(caller, lease);
    },
    async leaseRevoke(caller, lease) {
      await check(caller, [lease]);
      if (!isOwnLease(lease)) await alarm.refuse(caller);
      return etcd.leaseRevoke(caller, lease);
    },
    async leaseTimeToLive(caller, lease, withKeys) {
      if (caller.identity.login === undefined || isOwnLease(lease))
        return etcd.leaseTimeToLive(caller, lease, withKeys);
      const answer = await look(caller, lease);
      return withKeys ? answer : { ...answer, keys: [] };
    },
  };
}

function putOf(key: Buffer): RequestOp {
  return { kind: 'put', put: { key } };
}

function readOf(key: Buffer): RequestOp {
  return { kind: 'range', range: { key, keysOnly: true } };
}
