// The table of RPCs: their paths, and whether a call that may have been sent can be repeated.
import type { TrafficClass } from '../core/caller.js';

export interface Rpc {
  readonly path: string;
  /** POST by default. */
  readonly method?: 'GET';
  /** `safe`: idempotent. `never`: a second copy could undo another client's write, or fail after the first one succeeded. */
  readonly repeat: 'safe' | 'never';
  /** Its errors have an outcome. */
  readonly isWrite: boolean;
  /** A member responds without the leader, so the call also works at a member that has no leader. */
  readonly isLocal?: boolean;
  /** The revision of its response is at least every revision that was acknowledged before the request was sent. */
  readonly isLinearizable?: boolean;
  /** Needs no authentication, so the call carries no credentials. */
  readonly isOpen?: boolean;
  /** Replaces the traffic class of the caller. */
  readonly trafficClass?: TrafficClass;
}

export const RPCS = {
  range: { path: '/v3/kv/range', repeat: 'safe', isWrite: false, isLinearizable: true },
  serializableRange: { path: '/v3/kv/range', repeat: 'safe', isWrite: false, isLocal: true },
  put: { path: '/v3/kv/put', repeat: 'never', isWrite: true, isLinearizable: true },
  deleteRange: { path: '/v3/kv/deleterange', repeat: 'never', isWrite: true, isLinearizable: true },
  txn: { path: '/v3/kv/txn', repeat: 'never', isWrite: true, isLinearizable: true },
  readOnlyTxn: { path: '/v3/kv/txn', repeat: 'safe', isWrite: false, isLinearizable: true },
  // The member serves a transaction of only serializable reads, or an empty one, from its own state.
  localTxn: { path: '/v3/kv/txn', repeat: 'safe', isWrite: false },
  // A late copy of a grant would create a revoked lease again, so the next attempt uses a new ID.
  leaseGrant: { path: '/v3/lease/grant', repeat: 'never', isWrite: true, isLinearizable: true },
  // Lease IDs are never used twice, so a second revoke finds no lease, which is the intended state.
  leaseRevoke: {
    path: '/v3/lease/revoke',
    repeat: 'safe',
    isWrite: true,
    trafficClass: 'renewals',
  },
  leaseKeepAlive: {
    path: '/v3/lease/keepalive',
    repeat: 'safe',
    isWrite: true,
    trafficClass: 'renewals',
  },
  leaseTimeToLive: { path: '/v3/lease/timetolive', repeat: 'safe', isWrite: false },
  leaseLeases: { path: '/v3/lease/leases', repeat: 'safe', isWrite: false },
  compact: { path: '/v3/kv/compaction', repeat: 'never', isWrite: true },
  // Every user may read its own entry; only root may read others.
  userGet: { path: '/v3/auth/user/get', repeat: 'safe', isWrite: false },
  // Only root may read it, in every version of etcd.
  userList: { path: '/v3/auth/user/list', repeat: 'safe', isWrite: false },
  memberList: { path: '/v3/cluster/member/list', repeat: 'safe', isWrite: false },
  /** The members as one member has them; the list may be stale. A member without a leader also responds. */
  localMemberList: {
    path: '/v3/cluster/member/list',
    repeat: 'safe',
    isWrite: false,
    isLocal: true,
  },
  memberAdd: { path: '/v3/cluster/member/add', repeat: 'never', isWrite: true },
  memberUpdate: { path: '/v3/cluster/member/update', repeat: 'never', isWrite: true },
  memberRemove: { path: '/v3/cluster/member/remove', repeat: 'never', isWrite: true },
  alarms: { path: '/v3/maintenance/alarm', repeat: 'safe', isWrite: false },
  version: {
    path: '/version',
    method: 'GET',
    repeat: 'safe',
    isWrite: false,
    isLocal: true,
    isOpen: true,
  },
  health: {
    // A member without free space still serves reads.
    path: '/health?exclude=NOSPACE',
    method: 'GET',
    repeat: 'safe',
    isWrite: false,
    isLocal: true,
    isOpen: true,
  },
  status: { path: '/v3/maintenance/status', repeat: 'safe', isWrite: false, isLocal: true },
} as const satisfies Record<string, Rpc>;
