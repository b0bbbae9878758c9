// Elections as they are shown: who leads, who stands by. Changes nothing. In etcd's own layout the value of an entry is what its
// candidate has to say, byte for byte, whoever wrote it.
import { isUtf8 } from 'node:buffer';
import type { Caller } from '../../core/caller.js';
import type { EtcdClient } from '../../etcd/client.js';
import { inspectQueue, remainingSeconds } from '../contention/inspect.js';
import { createArena } from '../contention/key.js';

/** As text; as base64 where it is none. */
export interface CandidateText {
  readonly candidate: string;
  readonly encoding?: 'base64';
}

export interface LeaderView extends CandidateText {
  readonly fencingToken: number;
  /** Seconds until the leadership ends unless it is renewed; `null` without a ttl; absent where it was not looked up. */
  readonly expiresIn?: number | null;
}

export interface StandingByView extends CandidateText {
  /** 1 leads next. */
  readonly position: number;
}

export interface ElectionView {
  readonly name: string;
  readonly leader: LeaderView | null;
  readonly candidates: readonly StandingByView[];
  /** Who stands by, shown or not. */
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

export function toLeader(entry: {
  readonly value: Buffer;
  readonly createRevision: number;
}): LeaderView {
  return { ...toCandidateText(entry.value), fencingToken: entry.createRevision };
}

/**
 * `revision` is when it was so; the remaining time is looked up a moment later. Throws `invalid-request` for a name that no election has.
 * Not promised: that the leader leads still.
 */
export async function inspectElection(
  caller: Caller,
  deps: ElectionViewDeps,
  name: string,
): Promise<ElectionView & { revision: number }> {
  const queue = await inspectQueue(
    caller,
    deps.etcd,
    createArena(deps.electionPrefix, name, 'name'),
  );
  // Nobody shares a leadership: whatever stands in the range waits for all that came before it.
  const [first, ...others] = [...queue.holders, ...queue.waiters];
  const leader = first && {
    ...toLeader(first),
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
