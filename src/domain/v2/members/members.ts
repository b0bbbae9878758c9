// The members of the cluster for /v2/members and /v2/stats: names, IDs and peer URLs of etcd. The HTTP layer adds the gateway's URLs as client
// URLs, because clients connect to the URLs that they read there.
import type { Caller } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { EtcdClient } from '../../../etcd/client.js';
import type { Member, ResponseHeader } from '../../../etcd/wire.js';

export interface MembersDeps {
  readonly etcd: EtcdClient;
}

export interface Members {
  readonly members: readonly Member[];
  readonly header: ResponseHeader;
}

export async function readMembers(caller: Caller, { etcd }: MembersDeps): Promise<Members> {
  return etcd.members(caller);
}

/**
 * Returns `undefined` during an election. If members disagree, the one with the latest term counts. Throws `permission-denied` if every
 * member refuses its status. etcd 3.5.28 and later give it only to root.
 */
export async function readLeader(
  caller: Caller,
  { etcd }: MembersDeps,
): Promise<(Members & { readonly leader: Member }) | undefined> {
  const [{ members, header }, results] = await Promise.all([
    etcd.members(caller),
    etcd.statuses(caller),
  ]);
  const statuses = results.flatMap(({ status }) => status ?? []);
  const denied = results.find(({ error }) => error?.code === 'permission-denied')?.error;
  if (statuses.length === 0 && denied !== undefined) throw denied;
  const latest = statuses
    .filter((status) => status.leader !== undefined)
    .sort((a, b) => b.raftTerm - a.raftTerm)[0];
  const leader = members.find(({ id }) => id === latest?.leader);
  return leader && { members, header, leader };
}

export interface SelfState {
  readonly self: Member;
  /** Member ID; `undefined` during an election. */
  readonly leader: string | undefined;
}

/** Returns the member that responds. The gateway presents it as itself. */
export async function readSelf(caller: Caller, { etcd }: MembersDeps): Promise<SelfState> {
  const [{ members }, { header, leader }] = await Promise.all([
    etcd.members(caller),
    etcd.status(caller),
  ]);
  const self = members.find(({ id }) => id === header.memberId);
  if (self === undefined)
    throw new GatewayError('etcd-refused', {
      detail: 'the member that responded is not in the member list',
    });
  return { self, leader };
}
