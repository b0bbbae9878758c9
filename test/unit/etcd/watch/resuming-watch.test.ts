// A watch that starts again after it ends: where it continues, how long it pauses, and when it stops.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ResumingWatch } from '../../../../src/etcd/watch/resuming-watch.js';
import type { WatchEnd } from '../../../../src/etcd/watch/watch-listener.js';
import { FakeStore } from '../../../support/fake-watches.js';
import { GATEWAY_IDENTITY } from '../../../../src/core/caller.js';

const RANGE = { key: Buffer.from('a'), rangeEnd: Buffer.from('b') };
/** Above the longest pause. */
const LONG_MS = 10_000;

describe('a resuming watch', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function open(store: FakeStore, onEnd: (end: WatchEnd) => boolean = () => true): ResumingWatch {
    let revision = store.revision;
    const watch = new ResumingWatch(store, GATEWAY_IDENTITY, {
      request: () => ({ ...RANGE, startRevision: revision + 1 }),
      onEvents: (events) => (revision = events.at(-1)?.kv.modRevision ?? revision),
      onEnd,
    });
    watch.start();
    return watch;
  }

  it('continues after the last event that its owner received', () => {
    const store = new FakeStore();
    open(store);
    store.all[0]!.create();
    store.commit('a1');
    store.all[0]!.deliver();
    store.all[0]!.break();
    vi.advanceTimersByTime(LONG_MS);
    expect(store.all.map(({ request }) => request.startRevision)).toEqual([2, 3]);
  });

  it('doubles its pause up to 2 s, and starts with a short one after etcd created the watch', () => {
    const store = new FakeStore();
    open(store);
    const pauses: number[] = [];
    const restart = (): void => {
      const starts = store.all.length;
      store.all.at(-1)!.break();
      let pauseMs = 0;
      for (; store.all.length === starts; pauseMs++) vi.advanceTimersByTime(1);
      pauses.push(pauseMs);
    };
    for (let i = 0; i < 8; i++) restart();
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
    store.all.at(-1)!.create();
    restart();
    expect(pauses.at(-1)).toBe(50);
  });

  it('stops if its owner does not want another start', () => {
    const store = new FakeStore();
    const watch = open(store, () => false);
    store.all[0]!.break();
    vi.advanceTimersByTime(LONG_MS);
    expect([store.all.length, watch.handle]).toEqual([1, undefined]);
  });

  it('does not start again after it was closed, neither during the pause nor by the owner', () => {
    const store = new FakeStore();
    const paused = open(store);
    store.all[0]!.break();
    paused.close();
    const closing: ResumingWatch = open(store, () => {
      closing.close();
      return true;
    });
    store.all[1]!.break();
    vi.advanceTimersByTime(LONG_MS);
    expect(store.all.length).toBe(2);
  });
});
