// Reads of elections for display: the leader and the candidates. As in etcd's own layout, the value of an entry is exactly the text of its
// candidate, also for entries of other clients.
import { isUtf8 } from 'node:buffer';
import type { Caller } from '../../core/caller.js';
import type { EtcdClient } from '../../etcd/client.js';
import { inspectQueue, remainingSeconds } from '../contention/queue-reads.js';
import { createLockResource } from '../contention/key.js';

/** Base64 if the value is not UTF-8. */
export interface CandidateText {
  readonly candidate: string;
  readonly encoding?: 'base64';
}

export interface LeaderView extends CandidateText {
  readonly fencingToken: number;
  /** Seconds until the entry expires unless it is renewed; `null` without a lease; absent if it was not read. */
  readonly expiresIn?: number | null;
}

export interface CandidateView extends CandidateText {
  /** 1 is next. */
  readonly position: number;
}

export interface ElectionView {
  readonly name: string;
  readonly leader: LeaderView | null;
  readonly candidates: readonly CandidateView[];
  /** All candidates, shown or not. */
  readonly queueLength: number;
}

export interface ElectionViewDeps {
  readonly etcd: EtcdClient;
  readonly electionPrefix: string;
}

const CANDIDATES_SHOWN_MAX = 100;

export function toCandidateText(value: Buffer): CandidateText {
  if (isUtf8(value)) return { candidate: value.toString('utf8') };
  return { candidate: value.toString('base64'), encoding: 'base64' };
}

export function toLeaderView(entry: {
  readonly value: Buffer;
  readonly createRevision: number;
}): LeaderView {
  return { ...toCandidateText(entry.value), fencingToken: entry.createRevision };
}

/**
 * Returns the election as it was at `revision`. The remaining time is read after that. Throws `invalid-request` for an impossible name. Does
 * not guarantee that the leader still leads.
 */
export async function inspectElection(
  caller: Caller,
  deps: ElectionViewDeps,
  name: string,
): Promise<ElectionView & { revision: number }> {
  const queue = await inspectQueue(
    caller,
    deps.etcd,
    createLockResource(deps.electionPrefix, name, 'name'),
  );
  // A leadership is never shared: each entry waits for all older entries, whatever its mode.
  const [first, ...others] = [...queue.holders, ...queue.waiters];
  const leader = first && {
    ...toLeaderView(first),
    expiresIn: await remainingSeconds(caller, deps.etcd, first),
  };
  return {
    name,
    leader: leader ?? null,
    candidates: others
      .slice(0, CANDIDATES_SHOWN_MAX)
      .map((entry, index) => ({ ...toCandidateText(entry.value), position: index + 1 })),
    queueLength: Math.max(0, queue.holders.length + queue.queueLength - 1),
    revision: queue.revision,
  };
}
