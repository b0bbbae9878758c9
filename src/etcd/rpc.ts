// The table of RPCs: path, and whether a call that may have been sent can be sent again.

import type { TrafficClass } from '../core/caller.js';

export interface Rpc {
  readonly path: string;
  /** POST unless it says otherwise. */
  readonly method?: 'GET';
  /** `safe`: twice is the same as once. `never`: a second copy could undo somebody else's write, or fail where the first succeeded. */
  readonly repeat: 'safe' | 'never';
  /** Its failures tell an outcome. */
  readonly isWrite: boolean;
  /** Answered without asking the leader: worth sending to a member that has none. */
  readonly isLocal?: boolean;
  /** The revision of its response is at least every revision that was acknowledged before the request was sent. */
  readonly isLinearizable?: boolean;
  /** Answered to everybody: etcd is not told who asks. */
  readonly isOpen?: boolean;
  /** Whoever asks; else it is the caller's. */
  readonly trafficClass?: TrafficClass;
}

export const RPCS = {
  range: { path: '/v3/kv/range', repeat: 'safe', isWrite: false, isLinearizable: true },
  serializableRange: { path: '/v3/kv/range', repeat: 'safe', isWrite: false, isLocal: true },
  put: { path: '/v3/kv/put', repeat: 'never', isWrite: true, isLinearizable: true },
  deleteRange: { path: '/v3/kv/deleterange', repeat: 'never', isWrite: true, isLinearizable: true },
  txn: { path: '/v3/kv/txn', repeat: 'never', isWrite: true, isLinearizable: true },
  readOnlyTxn: { path: '/v3/kv/txn', repeat: 'safe', isWrite: false, isLinearizable: true },
  // etcd answers a transaction of serializable reads alone, or of nothing, from the member's own state.
  localTxn: { path: '/v3/kv/txn', repeat: 'safe', isWrite: false },
  // A late copy of a grant brings a revoked lease back to life: the next attempt takes a new ID.
  leaseGrant: { path: '/v3/lease/grant', repeat: 'never', isWrite: true, isLinearizable: true },
  // Lease IDs are never used twice, so a second revoke finds nothing, which is what it asked for.
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
  // Of himself everybody is told, of others root alone.
  userGet: { path: '/v3/auth/user/get', repeat: 'safe', isWrite: false },
  // Nobody but root is told, by any version of etcd.
  userList: { path: '/v3/auth/user/list', repeat: 'safe', isWrite: false },
  memberList: { path: '/v3/cluster/member/list', repeat: 'safe', isWrite: false },
  /** The members as one member has them, which may be old. A member without a leader answers it, too. */
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
    // A member that has no space left serves reads all the same.
    path: '/health?exclude=NOSPACE',
    method: 'GET',
    repeat: 'safe',
    isWrite: false,
    isLocal: true,
    isOpen: true,
  },
  status: { path: '/v3/maintenance/status', repeat: 'safe', isWrite: false, isLocal: true },
} as const satisfies Record<string, Rpc>;
