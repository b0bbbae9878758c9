// The cluster as a whole: can it serve, and is it new enough.
import type { Caller } from '../caller.js';
import { requireRoot } from '../etcd/rights/asking.js';
import type { EtcdClient } from '../etcd/client.js';
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
  /** False when none of the gateway's endpoints reached it. */
  readonly isHealthy: boolean;
  /** What the member said of itself; undefined when it was not reached. */
  readonly status: StatusResponse | undefined;
}

export interface ClusterView {
  readonly clusterId: string;
  readonly revision: number;
  /** Member ID. */
  readonly leader: string | undefined;
  readonly members: readonly MemberView[];
  readonly alarms: readonly Alarm[];
  /** Endpoints that did not answer, with the reason. */
  readonly unreachable: readonly { readonly endpoint: string; readonly reason: string }[];
}

/**
 * The members as the cluster has them, and how those are that the gateway's endpoints reach. An endpoint that does not answer is no
 * error. Not promised: that all of it was so at one moment.
 */
export async function readCluster(
  caller: Caller,
  deps: { readonly etcd: EtcdClient },
): Promise<ClusterView> {
  const [{ header, members }, alarms, statuses] = await Promise.all([
    deps.etcd.members(caller),
    deps.etcd.alarms(caller),
    deps.etcd.statuses(caller),
  ]);
  const byMember = new Map(
    statuses.flatMap(({ status }) =>
      status === undefined ? [] : [[status.header.memberId, status]],
    ),
  );
  const leader = [...byMember.values()].find((status) => status.leader !== undefined)?.leader;
  return {
    clusterId: header.clusterId,
    revision: Math.max(
      header.revision,
      ...[...byMember.values()].map((status) => status.header.revision),
    ),
    leader,
    members: members.map((member) => {
      const status = byMember.get(member.id);
      const isHealthy = status?.leader !== undefined && status.errors.length === 0;
      return { ...member, isLeader: member.id === leader, isHealthy, status };
    }),
    alarms,
    unreachable: statuses.flatMap(({ endpoint, error }) =>
      error === undefined ? [] : [{ endpoint, reason: error.message }],
    ),
  };
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
