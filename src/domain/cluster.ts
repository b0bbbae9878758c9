// The cluster as a whole: can it serve, and is it new enough.
import type { Caller } from '../core/caller.js';
import { GatewayError } from '../core/errors.js';
import type { ErrorCode } from '../core/errors.js';
import { requireRoot } from './rights/etcd-users/check-rights.js';
import type { EndpointStatus, EtcdClient, MemberList } from '../etcd/client.js';
import { RETRY_AFTER_SECONDS } from '../etcd/status.js';
import type { Alarm, Member, ServerVersion, StatusResponse, TxnRequest } from '../etcd/wire.js';
import { PRIVATE_PREFIX } from './reserved.js';

/** Resolves when a quorum answers a read; throws what stands in the way. */
export async function checkQuorum(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<void> {
  await deps.etcd.range(caller, { key: Buffer.from(`${PRIVATE_PREFIX}ready`), countOnly: true });
}

/** The store's revision: what is read or watched from here on misses nothing that was acknowledged before. Asks for no right to any key. */
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

/** Touches no key, so that every user may send it; etcd agrees on it all the same, where it would answer an empty one by itself. */
const NOTHING: TxnRequest = { compare: [], success: [], failure: [] };
const NOTHING_NESTED: TxnRequest = { ...NOTHING, success: [{ kind: 'txn', txn: NOTHING }] };

export interface MemberView extends Member {
  readonly isLeader: boolean;
  /** False if it reports its status at none of the gateway's endpoints. */
  readonly isReachable: boolean;
  /** False if it is not reachable, knows no leader, or reports an error. */
  readonly isHealthy: boolean;
  /** What the member reports of itself; undefined if it is not reachable. */
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
  /** Endpoints that did not answer, with the reason. */
  readonly unreachable: readonly { readonly endpoint: string; readonly reason: string }[];
}

/** Of the calls that need a quorum; the view without one follows within the same time again. */
const VIEW_TIMEOUT_MS = 2_000;
/** Codes of calls that no quorum answered. */
const NO_QUORUM: readonly ErrorCode[] = ['etcd-unavailable', 'no-leader', 'timeout'];

/**
 * Returns the members as the cluster has them, and the state of those that the gateway's endpoints reach. Without a quorum the members
 * are those that one reachable member knows. Throws the reason if no member answers. Does not guarantee that all of it was so at one
 * time.
 */
export async function readCluster(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<ClusterView> {
  const { etcd } = deps;
  const soon = (): Caller => ({
    ...caller,
    deadline: Math.min(caller.deadline, performance.now() + VIEW_TIMEOUT_MS),
  });
  const [list, alarms, statuses] = await Promise.all([
    unlessNoQuorum(etcd.members(soon())),
    unlessNoQuorum(etcd.alarms(soon())),
    etcd.statuses(soon()),
  ]);
  const hasQuorum = !(alarms instanceof GatewayError);
  const { header, members } =
    list instanceof GatewayError ? await askReachable(soon(), etcd, statuses, list) : list;
  const known = statuses.flatMap(({ status }) => status ?? []);
  const byMember = new Map(known.map((status) => [status.header.memberId, status]));
  // A member that has lost the others may still name the last leader.
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
async function unlessNoQuorum<T>(call: Promise<T>): Promise<T | GatewayError> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof GatewayError && NO_QUORUM.includes(error.code)) return error;
    throw error;
  }
}

/** Asks the first member that has answered before. Throws `problem`, as 503, if there is none. */
async function askReachable(
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
 * Gives up all history before `revision`. Throws `revision-compacted`, `invalid-request` for a revision that is yet to come, and
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

/** Of the one member that answers: the others may run another version. */
export async function readVersion(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<ServerVersion> {
  return deps.etcd.version(caller);
}
