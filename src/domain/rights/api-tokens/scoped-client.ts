// The etcd client for callers whose API token has a scope, the one place where scopes are enforced: whatever a door or a verb asks on such
// a caller's behalf is checked before it leaves. Each method is named, so that a new one does not compile until somebody has said
// which right it takes.
import type { Identity } from '../../../core/caller.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { neverOpened } from '../../../etcd/watch/client.js';
import type { WatchClient } from '../../../etcd/watch/client.js';
import type { WatchHandle, WatchListener } from '../../../etcd/watch/listener.js';
import type { WatchRequest } from '../../../etcd/wire.js';
import { GatewayError } from '../../../core/errors.js';
import { tokenRevoked, requireAdmin, requireNotRevoked, requireRight } from '../denial.js';
import type { KeyRights } from './key-rights.js';
import { LeaseRights, isGone, leasesIn } from './lease-rights.js';

/** The same client; what a scope does not cover is `permission-denied`, and nothing of it reaches etcd. */
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
      requireRight(caller.identity, ['write', 'lock'], 'make a lease');
      leases.checkGrant(caller.identity, lease);
      return etcd.leaseGrant(caller, lease, ttlSeconds);
    },
    async leaseRevoke(caller, lease) {
      requireRight(caller.identity, ['write', 'lock'], 'end a lease');
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
    // Without keys it tells how long an entry lives that the caller sees; leases that callers name are read with their keys.
    async leaseTimeToLive(caller, lease, withKeys) {
      requireNotRevoked(caller.identity);
      const state = await etcd.leaseTimeToLive(caller, lease, withKeys);
      if (withKeys) leases.checkKeys(caller.identity, state, lease, 'look');
      return state;
    },
    // IDs without a meaning: which of them a caller is shown is decided by what hangs on them.
    leaseLeases: (caller) => etcd.leaseLeases(caller),
  };
}

type ClusterCalls = Omit<EtcdClient, keyof KeyCalls | keyof LeaseCalls>;

const CHANGE_MEMBERS = 'change the members of the cluster';

/** How the cluster is, every caller may know. */
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
    members: (caller) => etcd.members(caller),
    membersAt: (caller, endpoint) => etcd.membersAt(caller, endpoint),
    alarms: (caller) => etcd.alarms(caller),
    statuses: (caller) => etcd.statuses(caller),
    version: (caller) => etcd.version(caller),
    status: (caller) => etcd.status(caller),
    health: (caller) => etcd.health(caller),
    userRoles: (caller, name) => etcd.userRoles(caller, name),
    userList: (caller) => etcd.userList(caller),
  };
}

/** The watches that go with it. */
export function withScopedWatches(watches: WatchClient, keys: KeyRights): WatchClient {
  return {
    watch(identity, request, listener) {
      try {
        keys.check(identity, request, 'look');
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        return neverOpened(listener, { kind: 'refused', error });
      }
      return watchUntilWithdrawn(watches, identity, request, listener);
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

/** Rights are looked at when a watch begins; a token that is withdrawn ends its watches. */
function watchUntilWithdrawn(
  watches: WatchClient,
  identity: Identity,
  request: WatchRequest,
  listener: WatchListener,
): WatchHandle {
  const { revoked: withdrawn } = identity;
  if (withdrawn === undefined) return watches.watch(identity, request, listener);
  const end = (): void => {
    handle.close();
    listener.onEnd({ kind: 'refused', error: tokenRevoked(identity) });
  };
  const handle = watches.watch(identity, request, {
    onCreated: (revision) => listener.onCreated?.(revision),
    onEvents: (events, revision) => listener.onEvents(events, revision),
    onProgress: (revision, isPeriodic) => listener.onProgress?.(revision, isPeriodic),
    onEnd(told) {
      withdrawn.removeEventListener('abort', end);
      listener.onEnd(told);
    },
  });
  withdrawn.addEventListener('abort', end, { once: true });
  return {
    close() {
      withdrawn.removeEventListener('abort', end);
      handle.close();
    },
    requestProgress: () => handle.requestProgress(),
  };
}
