// Reads the state of the etcd cluster: quorum, revision, members, version.
import type { Caller } from '../core/caller.js';
import { GatewayError } from '../core/errors.js';
import type { ErrorCode } from '../core/errors.js';
import { requireRoot } from './rights/etcd-users/check-rights.js';
import type { EndpointStatus, EtcdClient, MemberList } from '../etcd/client.js';
import { RETRY_AFTER_SECONDS } from '../etcd/status.js';
import type { Alarm, Member, ServerVersion, StatusResponse, TxnRequest } from '../etcd/wire.js';
import { PRIVATE_PREFIX } from './reserved.js';

/** Resolves if a quorum serves a read; throws the reason otherwise. */
export async function checkQuorum(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<void> {
  await deps.etcd.range(caller, { key: Buffer.from(`${PRIVATE_PREFIX}ready`), countOnly: true });
}

/** Returns the store's revision. A read or watch from it includes every write that was acknowledged before. Needs no right to any key. */
export async function readRevision(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<number> {
  const { header } =
    caller.identity.login === undefined
      ? await deps.etcd.range(caller, {
          key: Buffer.from(`${PRIVATE_PREFIX}revision`),
          countOnly: true,
        })
      : await deps.etcd.txn(caller, NOTHING_NESTED);
  return header.revision;
}

/** Concerns no key, so every user may send it. The nested transaction makes etcd use consensus; a member handles an empty one alone. */
const NOTHING: TxnRequest = { compare: [], success: [], failure: [] };
const NOTHING_NESTED: TxnRequest = { ...NOTHING, success: [{ kind: 'txn', txn: NOTHING }] };

export interface MemberView extends Member {
  readonly isLeader: boolean;
  /** False if none of the gateway's endpoints returns its status. */
  readonly isReachable: boolean;
  /** False if it is not reachable, has no leader, or reports an error. */
  readonly isHealthy: boolean;
  /** The member's own status; undefined if it is not reachable. */
  readonly status: StatusResponse | undefined;
}

export interface ClusterView {
  readonly clusterId: string;
  readonly revision: number;
  readonly hasQuorum: boolean;
  /** Member ID. */
  readonly leader: string | undefined;
  readonly members: readonly MemberView[];
  /** undefined without a quorum: etcd 3.4 reads alarms through one. */
  readonly alarms: readonly Alarm[] | undefined;
  /** Endpoints that did not respond, with the reason. */
  readonly unreachable: readonly { readonly endpoint: string; readonly reason: string }[];
}

/** Timeout of the requests that need a quorum. Without one, the requests that follow get the same time again. */
const VIEW_TIMEOUT_MS = 2_000;
/** Error codes of requests without a quorum. */
const NO_QUORUM: readonly ErrorCode[] = ['etcd-unavailable', 'no-leader', 'timeout'];

/**
 * Returns the members as the cluster has them, and the state of those that the gateway's endpoints reach. Without a quorum the members
 * are those that one reachable member has. Throws the reason if no member responds. Does not guarantee that all parts of the result are
 * from one time.
 */
export async function readCluster(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<ClusterView> {
  const { etcd } = deps;
  const withViewTimeout = (): Caller => ({
    ...caller,
    deadline: Math.min(caller.deadline, performance.now() + VIEW_TIMEOUT_MS),
  });
  const [list, alarms, statuses] = await Promise.all([
    resultOrQuorumError(etcd.members(withViewTimeout())),
    resultOrQuorumError(etcd.alarms(withViewTimeout())),
    etcd.statuses(withViewTimeout()),
  ]);
  const hasQuorum = !(alarms instanceof GatewayError);
  const { header, members } =
    list instanceof GatewayError
      ? await readMembersFromReachable(withViewTimeout(), etcd, statuses, list)
      : list;
  const known = statuses.flatMap(({ status }) => status ?? []);
  const byMember = new Map(known.map((status) => [status.header.memberId, status]));
  // A member without connection to the others may still report the last leader.
  const leader = hasQuorum
    ? known.find((status) => status.leader !== undefined)?.leader
    : undefined;
  return {
    clusterId: header.clusterId,
    revision: Math.max(header.revision, ...known.map((status) => status.header.revision)),
    hasQuorum,
    leader,
    members: members.map((member) => viewOf(member, byMember.get(member.id), leader)),
    alarms: hasQuorum ? alarms : undefined,
    unreachable: statuses.flatMap(({ endpoint, error }) =>
      error === undefined ? [] : [{ endpoint, reason: error.message }],
    ),
  };
}

function viewOf(
  member: Member,
  status: StatusResponse | undefined,
  leader: string | undefined,
): MemberView {
  return {
    ...member,
    isLeader: member.id === leader,
    isReachable: status !== undefined,
    isHealthy: leader !== undefined && status?.leader !== undefined && status.errors.length === 0,
    status,
  };
}

/** Returns the error if there is no quorum, and throws every other one. */
async function resultOrQuorumError<T>(call: Promise<T>): Promise<T | GatewayError> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof GatewayError && NO_QUORUM.includes(error.code)) return error;
    throw error;
  }
}

/** Reads the members from the first reachable endpoint. Throws `problem` as 503 if there is none. */
async function readMembersFromReachable(
  caller: Caller,
  etcd: EtcdClient,
  statuses: readonly EndpointStatus[],
  problem: GatewayError,
): Promise<MemberList> {
  const reachable = statuses.find(({ status }) => status !== undefined);
  if (reachable !== undefined) return etcd.membersAt(caller, reachable.endpoint);
  throw new GatewayError(problem.code === 'timeout' ? 'etcd-unavailable' : problem.code, {
    detail: `0 of ${statuses.length} members reachable: no quorum`,
    retryAfterSeconds: problem.retryAfterSeconds ?? RETRY_AFTER_SECONDS,
    cause: problem,
  });
}

/**
 * Compacts the history before `revision`. Throws `revision-compacted`, `invalid-request` for a future revision, and
 * `permission-denied`.
 */
export async function compactHistory(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
  revision: number,
): Promise<void> {
  await requireRoot(caller, deps.etcd);
  await deps.etcd.compact(caller, revision);
}

/** Returns the version of one member. Other members may run another version. */
export async function readVersion(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<ServerVersion> {
  return deps.etcd.version(caller);
}
