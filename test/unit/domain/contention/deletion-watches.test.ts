// Wakes of waiters when the store is reset. The test controls the time and the store.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { GATEWAY_IDENTITY } from '../../../../src/core/caller.js';
import { createLockResource } from '../../../../src/domain/contention/key.js';
import { DeletionWatches } from '../../../../src/domain/contention/deletion-watches.js';
import { FakeStore, flush } from '../../../support/fake-watches.js';

const resource = createLockResource('locks/', 'a', 'name');
const KEY = 'locks/a/1';

let store: FakeStore;
let line: { epoch: number };
let watches: DeletionWatches;

beforeEach(() => {
  store = new FakeStore();
  line = { epoch: 0 };
  watches = new DeletionWatches(store, line);
});

function wait(revision: number, epoch = line.epoch): { woken: string | undefined } {
  const waiter: { woken: string | undefined } = { woken: undefined };
  const request = { revision, epoch, keys: [Buffer.from(KEY)], timeoutMs: 60_000, signals: [] };
  void watches
    .wait(GATEWAY_IDENTITY, resource, request)
    .then((reason: string) => (waiter.woken = reason));
  return waiter;
}

function reset(revision: number): void {
  line.epoch++;
  store.restore(revision);
  for (const each of store.open) each.end({ kind: 'reset', revision });
}

describe('F54: a waiter for a deletion when the store is reset', () => {
  it('is woken to read the queue', async () => {
    store.commit(KEY);
    const waiter = wait(store.revision);
    await store.settle();
    expect(waiter.woken).toBeUndefined();
    reset(1);
    await flush();
    expect(waiter.woken).toBe('missed');
  });

  it('is woken at once when the reset came between its read and its wait', async () => {
    store.commit(KEY);
    const other = wait(store.revision);
    await store.settle();
    const { epoch } = watches;
    const revision = store.revision;
    reset(1);
    const waiter = wait(revision, epoch);
    await flush();
    expect([other.woken, waiter.woken]).toEqual(['missed', 'missed']);
  });

  it('is not woken by a deletion of the lost history', async () => {
    store.revision = 10;
    store.commit(KEY);
    const held = wait(10);
    await store.settle();
    store.commit(`-${KEY}`);
    await store.settle();
    expect(held.woken).toBe('deleted');
    const first = wait(store.revision);
    await flush();
    reset(4);
    await flush();
    expect(first.woken).toBe('missed');
    const waiter = wait(4);
    await flush();
    expect(waiter.woken).toBeUndefined();
  });

  it('passes the epoch of its revision when a broken watch restarts', async () => {
    store.epoch = 0;
    store.revision = 10;
    const waiter = wait(10);
    await store.settle();
    for (const each of store.open) each.break();
    store.epoch = line.epoch = 1;
    await vi.waitFor(() => expect(store.open).toHaveLength(1));
    expect(store.open[0]?.request).toMatchObject({ startRevision: 11, epoch: 0 });
    store.open[0]?.end({ kind: 'reset', revision: 20 });
    await flush();
    expect(waiter.woken).toBe('missed');
  });
});
