// Reads of a queue: the holders and waiters to show, the holders alone, and the entry of one token.
import type { Caller } from '../../core/caller.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { RangeRequest } from '../../etcd/wire.js';
import { entryId, entryKey, modeRanges } from './key.js';
import type { LockResource } from './key.js';
import { toEntry, toQueue } from './queue.js';
import type { Entry, Queue } from './queue.js';

/** Entries that one inspection of a queue reads, oldest first: the holders and the first waiters. */
const ENTRIES_READ_MAX = 200;
/** Shared holders that one release by owner finds. A further release finds the rest. */
const HOLDERS_READ_MAX = 1_000;

export interface QueueInspection extends Queue {
  /** All waiters, shown or not. */
  readonly queueLength: number;
  readonly revision: number;
}

/** Reads the holders and the first waiters at one revision, now or in the past, and counts all waiters. */
export async function inspectQueue(
  caller: Caller,
  etcd: EtcdClient,
  resource: LockResource,
  revision?: number,
): Promise<QueueInspection> {
  const response = await etcd.range(caller, {
    ...resource.range,
    revision,
    limit: ENTRIES_READ_MAX,
    sort: { target: 'create', order: 'ascend' },
  });
  const queue = toQueue(response.kvs.map((kv) => toEntry(resource, kv)));
  return {
    ...queue,
    queueLength: response.count - queue.holders.length,
    revision: response.header.revision,
  };
}

/** Reads the holders at one revision, without the waiters. */
export async function readHolders(
  caller: Caller,
  etcd: EtcdClient,
  resource: LockResource,
): Promise<readonly Entry[]> {
  const oldest = (range: RangeRequest, limit: number): RangeRequest => ({
    ...range,
    limit,
    sort: { target: 'create', order: 'ascend' },
  });
  const ranges = [
    ...modeRanges(resource, 'exclusive').map((range) => oldest(range, 1)),
    ...modeRanges(resource, 'shared').map((range) => oldest(range, HOLDERS_READ_MAX)),
  ];
  const response = await etcd.txn(caller, {
    compare: [],
    success: ranges.map((range) => ({ kind: 'range', range })),
    failure: [],
  });
  const kvs = response.responses.flatMap((op) => (op.kind === 'range' ? op.range.kvs : []));
  return toQueue(kvs.map((kv) => toEntry(resource, kv))).holders;
}

/** Returns the seconds until the entry expires unless it is renewed; `null` for an entry without a lease. */
export async function remainingSeconds(
  caller: Caller,
  etcd: EtcdClient,
  { lease }: Entry,
): Promise<number | null> {
  if (lease === undefined) return null;
  return (await etcd.leaseTimeToLive(caller, lease, false)).ttlSeconds ?? 0;
}

/** Reads the entry of a token, in either mode. */
export async function findByToken(
  caller: Caller,
  etcd: EtcdClient,
  resource: LockResource,
  token: string,
): Promise<Entry | undefined> {
  const id = entryId(token);
  const response = await etcd.txn(caller, {
    compare: [],
    success: [
      { kind: 'range', range: { key: entryKey(resource, id, 'exclusive') } },
      { kind: 'range', range: { key: entryKey(resource, id, 'shared') } },
    ],
    failure: [],
  });
  const [kv] = response.responses.flatMap((op) => (op.kind === 'range' ? op.range.kvs : []));
  return kv && toEntry(resource, kv);
}
