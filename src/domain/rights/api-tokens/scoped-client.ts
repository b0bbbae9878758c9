// Enforces the scopes of API tokens, and nothing else does: every call to etcd for such a client is checked here before it is sent. Each RPC
// is named, so a new one does not compile until its right is chosen.
import type { Identity } from '../../../core/caller.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { passThrough } from '../../../etcd/pass-through.js';
import { neverOpened } from '../../../etcd/watch/client.js';
import type { WatchClient } from '../../../etcd/watch/client.js';
import type { WatchHandle, WatchListener } from '../../../etcd/watch/watch-listener.js';
import type { WatchRequest } from '../../../etcd/wire.js';
import { GatewayError } from '../../../core/errors.js';
import { tokenRevoked, requireAdmin, requireNotRevoked, requireRight } from '../denial.js';
import type { KeyRights } from './key-rights.js';
import { LeaseRights, isGone, leasesIn } from './lease-rights.js';

/** Returns a client that throws `permission-denied` for calls that the caller's scope does not cover. Such calls never reach etcd. */
export function withScopes(etcd: EtcdClient, keys: KeyRights): EtcdClient {
  const leases = new LeaseRights(etcd, keys);
  return { ...keyCalls(etcd, keys, leases), ...leaseCalls(etcd, leases), ...clusterCalls(etcd) };
}

type KeyCalls = Pick<EtcdClient, 'range' | 'put' | 'deleteRange' | 'txn'>;

function keyCalls(etcd: EtcdClient, keys: KeyRights, leases: LeaseRights): KeyCalls {
  return {
    async range(caller, request) {
      keys.checkRange(caller.identity, request);
      return etcd.range(caller, request);
    },
    async put(caller, request) {
      keys.checkPut(caller.identity, request);
      await leases.checkAttaching(caller, [request.lease]);
      return etcd.put(caller, request);
    },
    async deleteRange(caller, request) {
      keys.checkDelete(caller.identity, request);
      return etcd.deleteRange(caller, request);
    },
    async txn(caller, request) {
      keys.checkTxn(caller.identity, request);
      await leases.checkAttaching(caller, leasesIn(request));
      return etcd.txn(caller, request);
    },
  };
}

type LeaseCalls = Pick<
  EtcdClient,
  'leaseGrant' | 'leaseRevoke' | 'leaseKeepAlive' | 'leaseTimeToLive' | 'leaseLeases'
>;

function leaseCalls(etcd: EtcdClient, leases: LeaseRights): LeaseCalls {
  return {
    async leaseGrant(caller, lease, ttlSeconds) {
      requireRight(caller.identity, ['write', 'lock'], 'create a lease');
      leases.checkGrant(caller.identity, lease);
      return etcd.leaseGrant(caller, lease, ttlSeconds);
    },
    async leaseRevoke(caller, lease) {
      requireRight(caller.identity, ['write', 'lock'], 'revoke a lease');
      if (isGone(await leases.checkUse(caller, lease))) return false;
      return etcd.leaseRevoke(caller, lease);
    },
    async leaseKeepAlive(caller, lease) {
      requireRight(caller.identity, ['write', 'lock'], 'renew a lease');
      const state = await leases.checkUse(caller, lease);
      if (state !== undefined && isGone(state))
        return { header: state.header, ttlSeconds: undefined };
      return etcd.leaseKeepAlive(caller, lease);
    },
    // Without keys it returns the lifetime of an entry that the caller may read. Leases that callers name are always read with their keys.
    async leaseTimeToLive(caller, lease, withKeys) {
      requireNotRevoked(caller.identity);
      const state = await etcd.leaseTimeToLive(caller, lease, withKeys);
      if (withKeys) leases.checkKeys(caller.identity, state, lease, 'read');
      return state;
    },
    // These are only IDs. Each listed lease is read with its keys, and shown only if the caller may read them.
    leaseLeases: (caller) => etcd.leaseLeases(caller),
  };
}

type ClusterCalls = Omit<EtcdClient, keyof KeyCalls | keyof LeaseCalls>;

const CHANGE_MEMBERS = 'change the members of the cluster';

/** Every client may read the state of the cluster. Only `admin` changes it. */
function clusterCalls(etcd: EtcdClient): ClusterCalls {
  return {
    async compact(caller, revision) {
      requireAdmin(caller.identity, 'compact the history');
      return etcd.compact(caller, revision);
    },
    async memberAdd(caller, peerUrls) {
      requireAdmin(caller.identity, CHANGE_MEMBERS);
      return etcd.memberAdd(caller, peerUrls);
    },
    async memberUpdate(caller, id, peerUrls) {
      requireAdmin(caller.identity, CHANGE_MEMBERS);
      return etcd.memberUpdate(caller, id, peerUrls);
    },
    async memberRemove(caller, id) {
      requireAdmin(caller.identity, CHANGE_MEMBERS);
      return etcd.memberRemove(caller, id);
    },
    ...passThrough(etcd, [
      'members',
      'membersAt',
      'alarms',
      'statuses',
      'version',
      'status',
      'health',
      'userRoles',
      'userList',
    ]),
  };
}

/** Returns a watch client that ends watches which the caller's scope does not cover, with `refused`. */
export function withScopedWatches(watches: WatchClient, keys: KeyRights): WatchClient {
  return {
    watch(identity, request, listener) {
      try {
        keys.check(identity, request, 'read');
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        return neverOpened(listener, { kind: 'refused', error });
      }
      return watchUntilRevoked(watches, identity, request, listener);
    },
    get streams() {
      return watches.streams;
    },
    get watches() {
      return watches.watches;
    },
    get epoch() {
      return watches.epoch;
    },
    close: () => watches.close(),
  };
}

/** The scope is checked when a watch begins. A revoked token ends its watches. */
function watchUntilRevoked(
  watches: WatchClient,
  identity: Identity,
  request: WatchRequest,
  listener: WatchListener,
): WatchHandle {
  const { revoked } = identity;
  if (revoked === undefined) return watches.watch(identity, request, listener);
  const end = (): void => {
    handle.close();
    listener.onEnd({ kind: 'refused', error: tokenRevoked(identity) });
  };
  const handle = watches.watch(identity, request, {
    onCreated: (revision) => listener.onCreated?.(revision),
    onEvents: (events, revision) => listener.onEvents(events, revision),
    onProgress: (revision, isPeriodic) => listener.onProgress?.(revision, isPeriodic),
    onEnd(result) {
      revoked.removeEventListener('abort', end);
      listener.onEnd(result);
    },
  });
  revoked.addEventListener('abort', end, { once: true });
  return {
    close() {
      revoked.removeEventListener('abort', end);
      handle.close();
    },
    requestProgress: () => handle.requestProgress(),
  };
}
