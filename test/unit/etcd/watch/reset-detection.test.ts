// When watches are ended because the store was reset, and when they must not be. Time and the store are the test's.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GATEWAY_IDENTITY } from '../../../../src/core/caller.js';
import type { Identity } from '../../../../src/core/caller.js';
import { GatewayError } from '../../../../src/core/errors.js';
import { RevisionMonitor } from '../../../../src/etcd/revision-monitor.js';
import type { WatchClient } from '../../../../src/etcd/watch/client.js';
import { withResetDetection } from '../../../../src/etcd/watch/reset-detection.js';
import type { WatchEnd } from '../../../../src/etcd/watch/watch-listener.js';
import { FakeStore } from '../../../support/fake-watches.js';

const CHECK_MS = 5_000;
const GAP_MS = 500;

let store: FakeStore;
let monitor: RevisionMonitor;
let client: WatchClient;
/** What the linearizable read returns; the revision of the store unless set. */
let read: (identity: Identity) => Promise<number>;
let reads: number;

beforeEach(() => {
  vi.useFakeTimers();
  store = new FakeStore();
  store.revision = 10;
  monitor = new RevisionMonitor();
  reads = 0;
  read = () => Promise.resolve(store.revision);
  client = withResetDetection(store, {
    revisionMonitor: monitor,
    async readRevision(identity) {
      reads++;
      const mark = monitor.baseline();
      const revision = await read(identity);
      monitor.observeResponse(mark, { revision, raftTerm: 2 });
      return revision;
    },
  });
});

afterEach(() => {
  client.close();
  vi.useRealTimers();
});

function watch(startRevision?: number, identity = GATEWAY_IDENTITY): WatchEnd[] {
  const ends: WatchEnd[] = [];
  const request = { key: Buffer.from('a'), startRevision };
  client.watch(identity, request, { onEvents: () => undefined, onEnd: (end) => ends.push(end) });
  return ends;
}

const RESET = (revision: number): WatchEnd => ({ kind: 'reset', revision });

describe('F54: watches of a store that was reset', () => {
  it('end by the periodic check, although nothing is sent to them', async () => {
    const ends = watch();
    await store.settle();
    await vi.advanceTimersByTimeAsync(CHECK_MS);
    expect(reads).toBe(1);
    store.revision = 4;
    await vi.advanceTimersByTimeAsync(CHECK_MS);
    expect(ends).toEqual([RESET(4)]);
    expect(store.open).toEqual([]);
  });

  it('end soon when one begins again below a revision that was received', async () => {
    const ends = [watch(), watch(11)];
    await store.settle();
    await vi.advanceTimersByTimeAsync(GAP_MS);
    store.revision = 4;
    ends.push(watch(11));
    await store.settle();
    await vi.advanceTimersByTimeAsync(GAP_MS);
    expect(ends).toEqual([[RESET(4)], [RESET(4)], [RESET(4)]]);
  });

  it('end when a gateway that never read the old history gets one from a client', async () => {
    store.revision = 4;
    const ends = watch(100);
    await store.settle();
    await vi.advanceTimersByTimeAsync(GAP_MS);
    expect(ends).toEqual([RESET(4)]);
    expect(monitor.epoch).toBe(0);
  });

  it('end at once when another call proves the reset', async () => {
    const ends = watch();
    await store.settle();
    monitor.observeResponse(monitor.baseline(), { revision: 10, raftTerm: 2 });
    monitor.observeResponse(monitor.baseline(), { revision: 3, raftTerm: 2 });
    expect(ends).toEqual([RESET(3)]);
  });

  it('are checked as another identity when the first may not read', async () => {
    const denied = { ...GATEWAY_IDENTITY, key: 'denied' };
    read = ({ key }) =>
      key === 'denied'
        ? Promise.reject(new GatewayError('permission-denied'))
        : Promise.resolve(store.revision);
    const ends = [watch(undefined, denied), watch()];
    await store.settle();
    store.revision = 4;
    await vi.advanceTimersByTimeAsync(2 * CHECK_MS);
    expect(ends).toEqual([[RESET(4)], [RESET(4)]]);
  });

  it('are checked again when etcd did not answer', async () => {
    const ends = watch();
    await store.settle();
    read = () => Promise.reject(new GatewayError('etcd-unavailable'));
    await vi.advanceTimersByTimeAsync(CHECK_MS);
    read = () => Promise.resolve(store.revision);
    store.revision = 4;
    await vi.advanceTimersByTimeAsync(CHECK_MS);
    expect(ends).toEqual([RESET(4)]);
  });

  it('end at once when they begin with a revision of an earlier epoch, however far the new history is', async () => {
    monitor.observe(0, 10);
    const { epoch } = client;
    const ends: WatchEnd[] = [];
    monitor.observeResponse(monitor.baseline(), { revision: 4, raftTerm: 2 });
    monitor.observeResponse(monitor.baseline(), { revision: 30, raftTerm: 2 });
    store.revision = 30;
    client.watch(
      GATEWAY_IDENTITY,
      { key: Buffer.from('a'), startRevision: 11, epoch },
      { onEvents: () => undefined, onEnd: (end) => ends.push(end) },
    );
    expect(ends).toEqual([]);
    await store.settle();
    expect(ends).toEqual([RESET(30)]);
    expect(store.all).toEqual([]);
  });
});

describe('watches of a store that was not reset', () => {
  it('continue when their member lags: a linearizable read is what counts', async () => {
    monitor.observeResponse(monitor.baseline(), { revision: 12, raftTerm: 2 });
    read = () => Promise.resolve(12);
    const ends = watch(13);
    // Created by a member that is at 10.
    await store.settle();
    await vi.advanceTimersByTimeAsync(3 * CHECK_MS);
    expect(ends).toEqual([]);
    expect(monitor.epoch).toBe(0);
  });

  it('continue when they began while the read was in flight, from a revision that it could not show', async () => {
    const ends = [watch()];
    await store.settle();
    let answer = (_revision: number): void => undefined;
    read = () => new Promise((resolve) => (answer = resolve));
    await vi.advanceTimersByTimeAsync(CHECK_MS);
    store.revision = 20;
    monitor.observe(monitor.epoch, 20);
    ends.push(watch(21));
    answer(10);
    await vi.advanceTimersByTimeAsync(1);
    expect(ends).toEqual([[], []]);
  });

  it('cost one read in a while, however many of them suspect something', async () => {
    monitor.observeResponse(monitor.baseline(), { revision: 12, raftTerm: 2 });
    read = () => Promise.resolve(12);
    for (let i = 0; i < 50; i++) watch();
    await store.settle();
    await vi.advanceTimersByTimeAsync(GAP_MS);
    expect(reads).toBe(1);
  });

  it('cost nothing once they have ended', async () => {
    const request = { key: Buffer.from('a') };
    const listener = { onEvents: () => undefined, onEnd: () => undefined };
    client.watch(GATEWAY_IDENTITY, request, listener).close();
    await vi.advanceTimersByTimeAsync(3 * CHECK_MS);
    expect(reads).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
