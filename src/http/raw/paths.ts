// The paths of etcd's JSON gateway, literally: what is not in this table does not exist at the raw door.
// What goes upstream is the table's constant, never the caller's string, so no spelling of a path means one thing here and another in etcd.

/**
 * How a call runs, which decides its limits and its connection:
 * `unary` answers at once; `waiting` answers once, but takes as long as a lock or the size of the data wants;
 * `server-stream` answers without end; `bidi-stream` also reads its request body without end.
 */
export type RawKind = 'unary' | 'waiting' | 'server-stream' | 'bidi-stream';

export interface RawRpc {
  /** The path that goes to etcd: `/v3/kv/range`. */
  readonly path: string;
  readonly kind: RawKind;
  /** It keeps what its caller has, or gives it back. */
  readonly isUpkeep: boolean;
  /**
   * It concerns everybody, so that of the users of etcd only root may. etcd lets anybody do the first four before 3.4.42, 3.5.28 and
   * 3.6.9, and the others while its NOSPACE alarm is up.
   */
  readonly isForRoot: boolean;
  /**
   * While its NOSPACE alarm is up etcd before 3.6 checks no rights here: every user deletes all keys and reads all users and roles.
   */
  readonly isUncheckedUnderAlarm: boolean;
  /** It adds, changes or removes a member. An etcd without authentication lets every client do that. */
  readonly changesMembers: boolean;
}

/** etcd 3.0 to 3.3 served the older two; etcd of today knows `/v3` alone, so all three become it. */
const RAW_PREFIXES = ['/v3', '/v3beta', '/v3alpha'] as const;

// rpc.proto, v3lock.proto and v3election.proto of etcd 3.7. A path that an older etcd lacks gets that etcd's own 404.
const KINDS: Readonly<Record<string, RawKind>> = {
  'kv/range': 'unary',
  'kv/put': 'unary',
  'kv/deleterange': 'unary',
  'kv/txn': 'unary',
  // With `physical` it answers when the space is free.
  'kv/compaction': 'waiting',
  watch: 'bidi-stream',
  'lease/grant': 'unary',
  'lease/revoke': 'unary',
  'lease/keepalive': 'bidi-stream',
  'lease/timetolive': 'unary',
  'lease/leases': 'unary',
  // The names that these three had until 3.3; every etcd still has them.
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

const UPKEEP: readonly string[] = [
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

/** Every call, under the path that etcd of today gives it. `openapi/etcd-v3.yaml` describes exactly these. */
export const RAW_RPCS: readonly RawRpc[] = Object.entries(KINDS).map(([tail, kind]) => ({
  path: `/v3/${tail}`,
  kind,
  isUpkeep: UPKEEP.includes(tail),
  isForRoot: FOR_ROOT.includes(tail),
  isUncheckedUnderAlarm: UNCHECKED_UNDER_ALARM.includes(tail),
  changesMembers: MEMBER_CHANGES.includes(tail),
}));

const RPC_BY_PATH: ReadonlyMap<string, RawRpc> = new Map(
  RAW_RPCS.flatMap((rpc) =>
    RAW_PREFIXES.map((prefix) => [rpc.path.replace('/v3', prefix), rpc] as const),
  ),
);

/** The request target without its query, exactly as it was written: nothing is decoded, folded or lower-cased. */
export function rawPathOf(target: string): string {
  const end = target.indexOf('?');
  return end === -1 ? target : target.slice(0, end);
}

/** Whether a path belongs to this door, known to etcd or not. */
export function isRawPath(path: string): boolean {
  return RAW_PREFIXES.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}

/** The call behind a path (without query); `undefined` when etcd has none under exactly this name. */
export function findRawRpc(path: string): RawRpc | undefined {
  return RPC_BY_PATH.get(path);
}
