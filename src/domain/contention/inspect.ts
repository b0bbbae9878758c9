// Reads of a queue that change nothing: the whole of it as far as it is shown, its holders, and one token's entry.
import type { Caller } from '../../core/caller.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { RangeRequest } from '../../etcd/wire.js';
import { toEntry } from './entry.js';
import type { Entry } from './entry.js';
import { entryId, entryKey, modeRanges } from './key.js';
import type { Arena } from './key.js';
import { toQueue } from './queue.js';
import type { Queue } from './queue.js';

/** Entries that one look at a queue reads, oldest first: holders and the waiters behind them. */
const ENTRIES_READ_MAX = 200;
/** Shared holders that one release by owner finds; more are found by the next. */
const HOLDERS_READ_MAX = 1_000;

export interface Inspection extends Queue {
  /** Entries that wait, whether they are shown or not. */
  readonly queueLength: number;
  readonly revision: number;
}

/** Holders and the waiters behind them at one revision, the past too: as many as one look reads, and how many there are beside them. */
export async function inspectQueue(
  caller: Caller,
  etcd: EtcdClient,
  arena: Arena,
  revision?: number,
): Promise<Inspection> {
  const answer = await etcd.range(caller, {
    ...arena.range,
    revision,
    limit: ENTRIES_READ_MAX,
    sort: { target: 'create', order: 'ascend' },
  });
  const queue = toQueue(answer.kvs.map((kv) => toEntry(arena, kv)));
  return {
    ...queue,
    queueLength: answer.count - queue.holders.length,
    revision: answer.header.revision,
  };
}

/** The holders at one revision, without reading the waiters. */
export async function readHolders(
  caller: Caller,
  etcd: EtcdClient,
  arena: Arena,
): Promise<readonly Entry[]> {
  const oldest = (range: RangeRequest, limit: number): RangeRequest => ({
    ...range,
    limit,
    sort: { target: 'create', order: 'ascend' },
  });
  const ranges = [
    ...modeRanges(arena, 'exclusive').map((range) => oldest(range, 1)),
    ...modeRanges(arena, 'shared').map((range) => oldest(range, HOLDERS_READ_MAX)),
  ];
  const answer = await etcd.txn(caller, {
    compare: [],
    success: ranges.map((range) => ({ kind: 'range', range })),
    failure: [],
  });
  const kvs = answer.responses.flatMap((op) => (op.kind === 'range' ? op.range.kvs : []));
  return toQueue(kvs.map((kv) => toEntry(arena, kv))).holders;
}

/** Seconds until the entry ends unless it is renewed; `null` for one without a lease. */
export async function remainingSeconds(
  caller: Caller,
  etcd: EtcdClient,
  { lease }: Entry,
): Promise<number | null> {
  if (lease === undefined) return null;
  return (await etcd.leaseTimeToLive(caller, lease, false)).ttlSeconds ?? 0;
}

/** The entry that a token has, in whichever mode. */
export async function findByToken(
  caller: Caller,
  etcd: EtcdClient,
  arena: Arena,
  token: string,
): Promise<Entry | undefined> {
  const id = entryId(token);
  const answer = await etcd.txn(caller, {
    compare: [],
    success: [
      { kind: 'range', range: { key: entryKey(arena, id, 'exclusive') } },
      { kind: 'range', range: { key: entryKey(arena, id, 'shared') } },
    ],
    failure: [],
  });
  const [kv] = answer.responses.flatMap((op) => (op.kind === 'range' ? op.range.kvs : []));
  return kv && toEntry(arena, kv);
}
