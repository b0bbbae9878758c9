// The rights of a user of etcd on a lease (those of API tokens are in lease-rights.ts): those on every key that is attached to it. Some
// versions of etcd renew and show any lease to any user, and no version checks the owner of a lease that a transaction attaches a key to. A
// lease without keys is for its creator and for root, as with API tokens. Not for the leases of the gateway's own entries: no client
// learns their IDs.
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
 * Returns the same client. Calls of a user that use, show, renew or revoke a lease throw `permission-denied` unless the user may write all
 * keys that are attached to it, or made it while it has none. While the NOSPACE alarm is raised, when etcd does not report which keys a
 * user may write, the right to read them all is enough to look and to renew, and only root revokes leases. A key that another client
 * attaches between the check and the call is not seen; etcd itself judges the revoke, in the same step.
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
  /** By request, since a list asks it of many leases. */
  readonly #areRoot = new WeakMap<Caller, Promise<boolean>>();

  constructor(etcd: EtcdClient) {
    this.#etcd = etcd;
  }

  /** Returns the state of the lease that the caller may use; `undefined` where nothing is checked. Throws `permission-denied`. */
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
        throw new GatewayError('lease-not-found', { detail: `there is no lease ${lease}` });
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

  /** A lease under an ID that does not name its creator would be useless to a user who is not root. */
  async checkGrant(caller: Caller, lease: string): Promise<void> {
    if (!isForUser(caller, lease) || isKeyLease(lease) || isMadeBy(lease, caller.identity)) return;
    if (!(await beforeWrite(this.#isRoot(caller)))) throw chosenLeaseId();
  }

  #isRoot(caller: Caller): Promise<boolean> {
    const known = this.#areRoot.get(caller) ?? this.#askWhetherRoot(caller);
    this.#areRoot.set(caller, known);
    return known;
  }

  async #askWhetherRoot(caller: Caller): Promise<boolean> {
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
