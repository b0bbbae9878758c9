// The members of the cluster as v2 clients know them: etcd's own names, IDs and peer URLs, with the gateway's client URLs, since clients move
// to what they read there.
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
 * `undefined` during an election. Of members that disagree, the one in the later term knows. Throws `permission-denied` where none of them
 * tells this caller: from 3.5.28 on etcd tells its status to root alone.
 */
export async function readLeader(
  caller: Caller,
  { etcd }: MembersDeps,
): Promise<(Members & { readonly leader: Member }) | undefined> {
  const [{ members, header }, answers] = await Promise.all([
    etcd.members(caller),
    etcd.statuses(caller),
  ]);
  const known = answers.flatMap(({ status }) => status ?? []);
  const denied = answers.find(({ error }) => error?.code === 'permission-denied')?.error;
  if (known.length === 0 && denied !== undefined) throw denied;
  const newest = known
    .filter((status) => status.leader !== undefined)
    .sort((a, b) => b.raftTerm - a.raftTerm)[0];
  const leader = members.find(({ id }) => id === newest?.leader);
  return leader && { members, header, leader };
}

export interface SelfState {
  readonly self: Member;
  /** Member ID; `undefined` during an election. */
  readonly leader: string | undefined;
}

/** The member that answers, for who asks a gateway about itself. */
export async function readSelf(caller: Caller, { etcd }: MembersDeps): Promise<SelfState> {
  const [{ members }, { header, leader }] = await Promise.all([
    etcd.members(caller),
    etcd.status(caller),
  ]);
  const self = members.find(({ id }) => id === header.memberId);
  if (self === undefined)
    throw new GatewayError('etcd-refused', { detail: 'the member that answers is no member' });
  return { self, leader };
}
