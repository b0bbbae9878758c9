// Checks the rights of etcd users to leases: a user needs the rights to every key that is attached to the lease. Some versions of etcd let
// any user renew and read any lease, and no version checks the lease that a transaction attaches a key to. Only its creator and root may
// use a lease without keys, as with API tokens (api-tokens/lease-rights.ts). Leases of the gateway's own entries are not checked, because
// no client learns their IDs.
import type { Caller } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import { beforeWrite } from '../../../etcd/calls/outcome.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { passThrough } from '../../../etcd/pass-through.js';
import type { AlarmRights } from './alarm-rights.js';
import { checkRights, isOutOfSpace, requireRoot } from './check-rights.js';
import { OPERATIONS_TOGETHER_MAX } from '../../../etcd/wire.js';
import type { LeaseTimeToLiveResponse, RequestOp } from '../../../etcd/wire.js';
import { isKeyLease, isMadeBy, isOwnLease } from '../../leases/lease-id.js';
import { timeToLive } from '../../leases/lease-calls.js';
import {
  chosenLeaseId,
  isGone,
  leasesIn,
  refuseEmptyLeaseOfOther,
} from '../api-tokens/lease-rights.js';

/**
 * Returns a client whose calls that use, read, renew or revoke a lease throw `permission-denied` unless the etcd user may write all keys
 * that are attached to it, or created it and it has none. While the NOSPACE alarm is raised, etcd does not report write rights: then the
 * right to read all keys is enough to read and renew the lease, and only root revokes leases. Does not detect a key that another client
 * attaches between the check and the call. etcd itself checks the revocation, in the same step.
 */
export function withUserLeaseRights(
  etcd: EtcdClient,
  alarm: Pick<AlarmRights, 'refuseUnderAlarm'>,
): EtcdClient {
  const rights = new UserLeaseRights(etcd);
  return {
    async put(caller, request) {
      await rights.checkAttaching(caller, [request.lease]);
      return etcd.put(caller, request);
    },
    async txn(caller, request) {
      await rights.checkAttaching(caller, leasesIn(request));
      return etcd.txn(caller, request);
    },
    async leaseGrant(caller, lease, ttlSeconds) {
      await rights.checkGrant(caller, lease);
      return etcd.leaseGrant(caller, lease, ttlSeconds);
    },
    async leaseKeepAlive(caller, lease) {
      const state = await rights.checkUse(caller, lease);
      if (state !== undefined && isGone(state))
        return { header: state.header, ttlSeconds: undefined };
      return etcd.leaseKeepAlive(caller, lease);
    },
    async leaseRevoke(caller, lease) {
      if (isGone(await rights.checkUse(caller, lease))) return false;
      if (!isOwnLease(lease)) await alarm.refuseUnderAlarm(caller);
      return etcd.leaseRevoke(caller, lease);
    },
    async leaseTimeToLive(caller, lease, withKeys) {
      if (!isForUser(caller, lease)) return etcd.leaseTimeToLive(caller, lease, withKeys);
      const state = await etcd.leaseTimeToLive(caller, lease, true);
      await rights.checkKeys(caller, state);
      if (!withKeys) return { ...state, keys: [] };
      await rights.checkEmpty(caller, state, lease);
      return state;
    },
    ...passThrough(etcd, [
      'range',
      'deleteRange',
      'leaseLeases',
      'userRoles',
      'userList',
      'compact',
      'members',
      'membersAt',
      'memberAdd',
      'memberUpdate',
      'memberRemove',
      'alarms',
      'statuses',
      'version',
      'status',
      'health',
    ]),
  };
}

function isForUser({ identity }: Caller, lease: string): boolean {
  return identity.login !== undefined && !isOwnLease(lease);
}

class UserLeaseRights {
  readonly #etcd: EtcdClient;
  /** One check for each request, because a list reads many leases. */
  readonly #isRootByCaller = new WeakMap<Caller, Promise<boolean>>();

  constructor(etcd: EtcdClient) {
    this.#etcd = etcd;
  }

  /** Checks that the caller may use the lease. Returns its state, or `undefined` if nothing is checked. Throws `permission-denied`. */
  async checkUse(caller: Caller, lease: string): Promise<LeaseTimeToLiveResponse | undefined> {
    if (!isForUser(caller, lease)) return undefined;
    const state = await beforeWrite(timeToLive(caller, this.#etcd, lease, true));
    await beforeWrite(this.checkKeys(caller, state));
    await beforeWrite(this.checkEmpty(caller, state, lease));
    return state;
  }

  /** Throws `permission-denied`, `lease-not-found`. */
  async checkAttaching(caller: Caller, leases: readonly (string | undefined)[]): Promise<void> {
    if (caller.identity.login === undefined) return;
    for (const lease of new Set(leases)) {
      if (lease !== undefined && isGone(await this.checkUse(caller, lease)))
        throw new GatewayError('lease-not-found', { detail: `lease ${lease} does not exist` });
    }
  }

  async checkKeys(caller: Caller, { keys: all }: LeaseTimeToLiveResponse): Promise<void> {
    for (let done = 0; done < all.length; done += OPERATIONS_TOGETHER_MAX) {
      const keys = all.slice(done, done + OPERATIONS_TOGETHER_MAX);
      await checkRights(caller, this.#etcd, keys.map(putOf)).catch(async (error: unknown) => {
        if (!isOutOfSpace(error)) throw error;
        await checkRights(caller, this.#etcd, keys.map(readOf));
      });
    }
  }

  async checkEmpty(
    caller: Caller,
    { keys, ttlSeconds }: LeaseTimeToLiveResponse,
    lease: string,
  ): Promise<void> {
    if (keys.length > 0 || ttlSeconds === undefined) return;
    if (isKeyLease(lease) || isMadeBy(lease, caller.identity)) return;
    if (!(await this.#isRoot(caller))) refuseEmptyLeaseOfOther(caller.identity, lease);
  }

  /** Requires an ID that contains its creator, because a user other than root could not use another lease. */
  async checkGrant(caller: Caller, lease: string): Promise<void> {
    if (!isForUser(caller, lease) || isKeyLease(lease) || isMadeBy(lease, caller.identity)) return;
    if (!(await beforeWrite(this.#isRoot(caller)))) throw chosenLeaseId();
  }

  #isRoot(caller: Caller): Promise<boolean> {
    const isRoot = this.#isRootByCaller.get(caller) ?? this.#checkRoot(caller);
    this.#isRootByCaller.set(caller, isRoot);
    return isRoot;
  }

  async #checkRoot(caller: Caller): Promise<boolean> {
    try {
      await requireRoot(caller, this.#etcd);
      return true;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'permission-denied') return false;
      throw error;
    }
  }
}

function putOf(key: Buffer): RequestOp {
  return { kind: 'put', put: { key } };
}

function readOf(key: Buffer): RequestOp {
  return { kind: 'range', range: { key, keysOnly: true } };
}
