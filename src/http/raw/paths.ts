// The paths of etcd's JSON gateway. Paths that are not in this table do not exist at the raw API.
// The gateway sends the path from this table, never the client's, so that etcd cannot interpret a path differently.

/**
 * How a call runs, which decides its limits and its connection. `unary`: one response, soon. `waiting`: one response, whose time depends on
 * a lock or on the amount of data. `server-stream`: a response without end. `bidi-stream`: a request body without end as well.
 */
export type RawKind = 'unary' | 'waiting' | 'server-stream' | 'bidi-stream';

export interface RawRpc {
  /** The path that the gateway sends to etcd, such as `/v3/kv/range`. */
  readonly path: string;
  readonly kind: RawKind;
  /** It renews or releases a lock, a leadership or a lease. */
  readonly isRenewalOrRelease: boolean;
  /**
   * It affects all clients, so that of etcd's users only root may call it. etcd before 3.4.42, 3.5.28 and 3.6.9 lets every user call the
   * first four, and the others while its NOSPACE alarm is active.
   */
  readonly isForRoot: boolean;
  /** etcd before 3.6 checks no rights here while its NOSPACE alarm is active: every user can delete all keys and read all users and roles. */
  readonly isUncheckedUnderAlarm: boolean;
  /** It adds, changes or removes a member. etcd without authentication lets every client do that. */
  readonly changesMembers: boolean;
}

/** etcd 3.0 to 3.3 serves the last two, later versions only `/v3`. The gateway sends `/v3` for all three. */
const RAW_PREFIXES = ['/v3', '/v3beta', '/v3alpha'] as const;

// From rpc.proto, v3lock.proto and v3election.proto of etcd 3.7. For a path that an older etcd lacks, the client gets that etcd's 404.
const KINDS: Readonly<Record<string, RawKind>> = {
  'kv/range': 'unary',
  'kv/put': 'unary',
  'kv/deleterange': 'unary',
  'kv/txn': 'unary',
  // With `physical` it responds once the space is free.
  'kv/compaction': 'waiting',
  watch: 'bidi-stream',
  'lease/grant': 'unary',
  'lease/revoke': 'unary',
  'lease/keepalive': 'bidi-stream',
  'lease/timetolive': 'unary',
  'lease/leases': 'unary',
  // The names of these three up to etcd 3.3, which later versions serve as well.
  'kv/lease/revoke': 'unary',
  'kv/lease/timetolive': 'unary',
  'kv/lease/leases': 'unary',
  'cluster/member/add': 'unary',
  'cluster/member/remove': 'unary',
  'cluster/member/update': 'unary',
  'cluster/member/list': 'unary',
  'cluster/member/promote': 'unary',
  'maintenance/alarm': 'unary',
  'maintenance/status': 'unary',
  // These three read or rewrite the whole database.
  'maintenance/defragment': 'waiting',
  'maintenance/hash': 'waiting',
  'maintenance/hashkv': 'waiting',
  'maintenance/snapshot': 'server-stream',
  'maintenance/transfer-leadership': 'unary',
  'maintenance/downgrade': 'unary',
  'auth/enable': 'unary',
  'auth/disable': 'unary',
  'auth/status': 'unary',
  'auth/authenticate': 'unary',
  'auth/user/add': 'unary',
  'auth/user/get': 'unary',
  'auth/user/list': 'unary',
  'auth/user/delete': 'unary',
  'auth/user/changepw': 'unary',
  'auth/user/grant': 'unary',
  'auth/user/revoke': 'unary',
  'auth/role/add': 'unary',
  'auth/role/get': 'unary',
  'auth/role/list': 'unary',
  'auth/role/delete': 'unary',
  'auth/role/grant': 'unary',
  'auth/role/revoke': 'unary',
  'lock/lock': 'waiting',
  'lock/unlock': 'unary',
  'election/campaign': 'waiting',
  'election/proclaim': 'unary',
  'election/leader': 'unary',
  'election/observe': 'server-stream',
  'election/resign': 'unary',
};

const RENEWALS_AND_RELEASES: readonly string[] = [
  'lease/keepalive',
  'lease/revoke',
  'kv/lease/revoke',
  'lock/unlock',
  'election/resign',
];

const FOR_ROOT: readonly string[] = [
  'kv/compaction',
  'maintenance/alarm',
  'maintenance/transfer-leadership',
  'maintenance/downgrade',
  'auth/disable',
  'auth/user/add',
  'auth/user/list',
  'auth/user/delete',
  'auth/user/changepw',
  'auth/user/grant',
  'auth/user/revoke',
  'auth/role/add',
  'auth/role/list',
  'auth/role/delete',
  'auth/role/grant',
  'auth/role/revoke',
];

const UNCHECKED_UNDER_ALARM: readonly string[] = [
  'auth/user/get',
  'auth/role/get',
  'kv/deleterange',
  'kv/txn',
  'lease/revoke',
  'kv/lease/revoke',
  'lock/unlock',
  'election/resign',
];

const MEMBER_CHANGES: readonly string[] = [
  'cluster/member/add',
  'cluster/member/remove',
  'cluster/member/update',
  'cluster/member/promote',
];

/** Every RPC, with its path in current etcd. `openapi/etcd-v3.yaml` describes exactly these. */
export const RAW_RPCS: readonly RawRpc[] = Object.entries(KINDS).map(([tail, kind]) => ({
  path: `/v3/${tail}`,
  kind,
  isRenewalOrRelease: RENEWALS_AND_RELEASES.includes(tail),
  isForRoot: FOR_ROOT.includes(tail),
  isUncheckedUnderAlarm: UNCHECKED_UNDER_ALARM.includes(tail),
  changesMembers: MEMBER_CHANGES.includes(tail),
}));

const RPC_BY_PATH: ReadonlyMap<string, RawRpc> = new Map(
  RAW_RPCS.flatMap((rpc) =>
    RAW_PREFIXES.map((prefix) => [rpc.path.replace('/v3', prefix), rpc] as const),
  ),
);

/** Returns whether a path belongs to the raw API, with a known RPC or not. */
export function isRawPath(path: string): boolean {
  return RAW_PREFIXES.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}

/** Returns the RPC of a path (without its query); undefined if etcd has none with exactly this path. */
export function findRawRpc(path: string): RawRpc | undefined {
  return RPC_BY_PATH.get(path);
}
