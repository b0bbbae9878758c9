import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GATEWAY_IDENTITY } from '../../../../src/core/caller.js';
import type { Identity } from '../../../../src/core/caller.js';
import { WatchHub } from '../../../../src/domain/watch/hub.js';
import { parsePosition } from '../../../../src/domain/watch/position.js';
import { GatewayError } from '../../../../src/core/errors.js';
import { prefixRange } from '../../../../src/etcd/range.js';
import type { KeyRange } from '../../../../src/etcd/wire.js';
import { FakeStore, flush } from '../../../support/fake-watches.js';
import { HubWatcher } from '../../../support/hub-watcher.js';

const HIDDEN = '\0hidden/';
const REWATCH_MS = 2_000;
const UNUSED_WATCH_MS = 5_000;
const PROGRESS_MS = 10_000;

let store: FakeStore;
let hub: WatchHub;
let isProgressOrdered: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  store = new FakeStore();
  isProgressOrdered = true;
  hub = new WatchHub({
    watches: store,
    isProgressOrdered: () => isProgressOrdered,
    isVisible: (key) => !key.toString().startsWith(HIDDEN),
    isCompacted: (_identity, _key, revision) => Promise.resolve(store.isCompacted(revision)),
  });
});

afterEach(() => {
  hub.close();
  vi.useRealTimers();
});

interface Asked {
  readonly since?: string;
  readonly previous?: boolean;
  readonly identity?: Identity;
  readonly range?: KeyRange;
}

/** `name*` is a prefix, `name` one key. */
function watch(name: string, asked: Asked = {}): HubWatcher & { leave: () => void } {
  const { since, previous, identity = GATEWAY_IDENTITY } = asked;
  const watcher = new HubWatcher();
  const range = name.endsWith('*')
    ? prefixRange(Buffer.from(name.slice(0, -1)))
    : { key: Buffer.from(name) };
  const leave = hub.watch(
    {
      identity,
      range: asked.range ?? range,
      since: since === undefined ? undefined : parsePosition(since, 'since'),
      previous,
    },
    watcher,
  );
  return Object.assign(watcher, { leave });
}

/** As long as it takes to watch again. */
async function passTime(milliseconds = REWATCH_MS): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  await flush();
}

async function breakAll(): Promise<void> {
  for (const each of store.open) each.break();
  await passTime();
}

describe('who watches', () => {
  it('from now on gets what comes, not what was', async () => {
    store.commit('a');
    const watcher = watch('a');
    await store.settle();
    store.commit('a');
    store.commit('b');
    store.commit('-a');
    await store.settle();
    expect(watcher.heard).toEqual(['live 2', 'put a@3.1', 'delete a@5.1']);
  });

  it('from a revision gets all that came after it', async () => {
    for (let i = 0; i < 4; i++) store.commit('a');
    const watcher = watch('a', { since: '3' });
    await store.settle();
    expect(watcher.heard).toEqual(['live 3', 'put a@4.1', 'put a@5.1']);
  });

  it('from inside a revision gets the rest of it', async () => {
    store.commit('a1', 'b', 'a2', 'a3');
    store.commit('a1');
    const watcher = watch('a*', { since: '2.1' });
    await store.settle();
    expect(watcher.heard).toEqual(['live 2.1', 'put a2@2.2', 'put a3@2.3', 'put a1@3.1']);
  });

  it.each(['0', '0.0', '0.7', '1', '1.0'])(
    'from %s gets everything, not what comes',
    async (since) => {
      store.commit('a');
      const watcher = watch('a', { since });
      await store.settle();
      expect(watcher.events).toEqual(['put a@2.1']);
      expect(store.all[0]?.request.startRevision).toBeGreaterThan(0);
    },
  );

  it('counts the events of a revision in his own range', async () => {
    const [all, inner, one] = [watch('*'), watch('a/*'), watch('a/2')];
    await store.settle();
    store.commit('a/1', 'b', 'a/2', 'c');
    await store.settle();
    expect(all.events).toEqual(['put a/1@2.1', 'put b@2.2', 'put a/2@2.3', 'put c@2.4']);
    expect(inner.events).toEqual(['put a/1@2.1', 'put a/2@2.2']);
    expect(one.events).toEqual(['put a/2@2.1']);
  });

  it('gets the value before only when he asks for it', async () => {
    const [plain, withPrevious] = [watch('a'), watch('a', { previous: true })];
    await store.settle();
    store.commit('a=1');
    store.commit('a=2');
    await store.settle();
    expect(plain.deliveries.map(({ event }) => event.prevKv)).toEqual([undefined, undefined]);
    const before = withPrevious.deliveries.map(({ event }) => event.prevKv?.value.toString());
    expect(before).toEqual([undefined, '1']);
  });

  it('never hears of hidden keys, and does not count them', async () => {
    const watcher = watch('*');
    await store.settle();
    store.commit(`${HIDDEN}x`, 'a');
    store.commit(`${HIDDEN}x`);
    await store.settle();
    expect(watcher.events).toEqual(['put a@2.1']);
  });

  it('hears nothing more once he has left', async () => {
    const [staying, leaving] = [watch('a'), watch('a')];
    await store.settle();
    store.commit('a');
    await store.settle();
    leaving.leave();
    leaving.leave();
    store.commit('a');
    await store.settle();
    expect([staying.events.length, leaving.events.length]).toEqual([2, 1]);
  });
});

describe('one upstream watch', () => {
  it('serves its range and every range inside it', async () => {
    const ranges = ['a*', 'a*', 'a/*', 'a/b', 'a/b*', 'a'];
    for (const name of ranges) watch(name);
    await store.settle();
    expect([store.all.length, hub.sharedWatches]).toEqual([1, 1]);
  });

  it('of the whole keyspace serves everybody', async () => {
    watch('*');
    const [end, one] = [
      watch('', { range: { key: Buffer.from('m'), rangeEnd: Buffer.from([0]) } }),
      watch('z'),
    ];
    await store.settle();
    store.commit('z');
    await store.settle();
    expect(store.all).toHaveLength(1);
    expect([end.events, one.events]).toEqual([['put z@2.1'], ['put z@2.1']]);
  });

  it('does not serve what reaches beyond it', async () => {
    for (const name of ['a/*', 'a*', 'b', '*']) watch(name);
    watch('', { range: { key: Buffer.from('a/b'), rangeEnd: Buffer.from([0]) } });
    await store.settle();
    // The last one lies inside the whole keyspace.
    expect(store.all).toHaveLength(4);
  });

  it('is never shared by two identities', async () => {
    watch('a');
    watch('a', { identity: { key: 'somebody else', name: 'x' } });
    await store.settle();
    expect(store.all.map(({ identity }) => identity.key)).toEqual(['gateway', 'somebody else']);
  });

  it('with values before serves those who want none, not the other way round', async () => {
    watch('a', { previous: true });
    watch('a');
    watch('b');
    watch('b', { previous: true });
    await store.settle();
    expect(store.all.map(({ request }) => request.prevKv)).toEqual([true, false, true]);
  });

  it('gives all who watch one range the same arrays', async () => {
    const watchers = [watch('a*'), watch('a*'), watch('a/*')];
    await store.settle();
    store.commit('a/1', 'a/2');
    await store.settle();
    const [first, second, inner] = watchers.map(({ calls }) => calls[0]);
    expect(second).toBe(first);
    expect(inner).not.toBe(first);
  });

  it('is kept for a moment after the last watcher, for who comes back, and closed then', async () => {
    const first = watch('a');
    await store.settle();
    first.leave();
    store.commit('a');
    await store.settle();
    await passTime(UNUSED_WATCH_MS - 1);
    const back = watch('a', { since: '1' });
    await passTime(UNUSED_WATCH_MS);
    expect(back.events).toEqual(['put a@2.1']);
    back.leave();
    expect([store.all.length, hub.sharedWatches]).toEqual([1, 1]);
    await passTime(UNUSED_WATCH_MS);
    expect([store.watches, hub.sharedWatches]).toEqual([0, 0]);
  });

  it('is not kept without a watcher when many others are', async () => {
    for (let i = 0; i < 150; i++) watch(`key${i}`).leave();
    await flush();
    expect(hub.sharedWatches).toBe(100);
    await passTime(UNUSED_WATCH_MS);
    expect([hub.sharedWatches, store.watches]).toEqual([0, 0]);
  });
});

describe('who comes later', () => {
  it('gets the past that is kept without another upstream watch', async () => {
    watch('a*');
    await store.settle();
    store.commit('a1', 'a2');
    store.commit('a1');
    await store.settle();
    const [whole, inside, one] = [
      watch('a*', { since: '1' }),
      watch('a*', { since: '2.1' }),
      watch('a1', { since: '2' }),
    ];
    expect(whole.events).toEqual(['put a1@2.1', 'put a2@2.2', 'put a1@3.1']);
    expect(inside.events).toEqual(['put a2@2.2', 'put a1@3.1']);
    expect(one.events).toEqual(['put a1@3.1']);
    expect(store.all).toHaveLength(1);
  });

  it('hears that he is live before his events, and how far he is after them', async () => {
    watch('a*');
    await store.settle();
    store.commit('a1');
    store.commit('a2');
    await store.settle();
    const late = watch('a1', { since: '1' });
    expect(late.heard).toEqual(['live 1', 'put a1@2.1', 'progress 3']);
  });

  it('gets what is no longer kept from an upstream watch of his own', async () => {
    watch('a');
    await store.settle();
    for (let i = 0; i < 2_001; i++) store.commit('a');
    await store.settle();
    const [old, recent] = [watch('a', { since: '2' }), watch('a', { since: '2000' })];
    await store.settle();
    expect(store.all.map(({ request }) => request.startRevision)).toEqual([undefined, 3]);
    expect(old.deliveries).toHaveLength(2_000);
    expect([recent.events[0], recent.events.at(-1)]).toEqual(['put a@2001.1', 'put a@2002.1']);
  });

  it('from now on gets no past events of a watch that still catches up', async () => {
    for (let i = 0; i < 4; i++) store.commit('a');
    const old = watch('a', { since: '1' });
    await flush();
    const [upstream] = store.all;
    upstream!.create();
    const early = watch('a');
    store.commit('a');
    upstream!.deliver(1);
    const later = watch('a');
    store.commit('a');
    while (upstream!.deliver(1));
    expect(store.all).toHaveLength(1);
    expect(old.events).toHaveLength(6);
    expect(early.heard).toEqual(['live 5', 'put a@6.1', 'put a@7.1']);
    // The store had told of revision 6.
    expect(later.heard).toEqual(['live 6', 'put a@7.1']);
  });

  it('does not wait for somebody else who catches up with much', async () => {
    for (let i = 0; i < 1_002; i++) store.commit('a');
    const slow = watch('a', { since: '1' });
    await flush();
    store.all[0]!.create();
    const [fromNow, recent, sameStart] = [
      watch('a'),
      watch('a', { since: '1000' }),
      watch('a', { since: '1' }),
    ];
    await flush();
    expect(store.all.map(({ request }) => request.startRevision)).toEqual([2, undefined, 1_001]);
    await store.settle();
    expect([slow, fromNow, recent, sameStart].map((each) => each.events.length)).toEqual([
      1_002, 0, 3, 1_002,
    ]);
  });

  it('from now on misses nothing because another watches from the future', async () => {
    const future = watch('a', { since: '5' });
    await store.settle();
    const fromNow = watch('a');
    await store.settle();
    for (let i = 0; i < 6; i++) store.commit('a');
    await store.settle();
    expect(future.events).toEqual(['put a@6.1', 'put a@7.1']);
    expect(fromNow.events).toHaveLength(6);
  });

  it('while the watch is interrupted is live when it is again, and misses nothing from then on', async () => {
    watch('a');
    await store.settle();
    store.all[0]!.break();
    const [fromNow, since] = [watch('a'), watch('a', { since: '1' })];
    store.commit('a');
    expect([fromNow.heard, since.heard]).toEqual([[], []]);
    await passTime();
    await store.settle();
    store.commit('a');
    await store.settle();
    expect(store.all).toHaveLength(2);
    expect(fromNow.heard).toEqual(['live 2', 'put a@3.1']);
    expect(since.heard).toEqual(['live 1', 'put a@2.1', 'put a@3.1']);
  });
});

describe('a broken upstream watch', () => {
  it('goes on behind the last revision that was delivered', async () => {
    const watcher = watch('a');
    await store.settle();
    store.commit('a');
    await store.settle();
    store.all[0]!.break();
    store.commit('a');
    await passTime();
    await store.settle();
    expect(store.all[1]?.request.startRevision).toBe(3);
    expect(watcher.heard).toEqual(['live 1', 'put a@2.1', 'put a@3.1']);
  });

  it('goes on from the progress that was told', async () => {
    watch('a');
    await store.settle();
    store.commit('b');
    store.all[0]!.progress();
    await breakAll();
    expect(store.all[1]?.request.startRevision).toBe(3);
  });

  it('goes on from where it was created when nothing had come', async () => {
    watch('a');
    await store.settle();
    await breakAll();
    expect(store.all[1]?.request.startRevision).toBe(2);
  });

  it('begins from now on again when it had not begun', async () => {
    const watcher = watch('a');
    await flush();
    store.commit('a');
    await breakAll();
    await store.settle();
    expect(store.all[1]?.request.startRevision).toBeUndefined();
    expect(watcher.heard).toEqual(['live 2']);
  });

  it('is tried again and again, more and more slowly', async () => {
    watch('a');
    const times: number[] = [];
    for (let i = 0; i < 8; i++) {
      await flush();
      const startedAt = Date.now();
      store.all[i]!.break();
      while (store.all.length === i + 1) await passTime(10);
      times.push(Date.now() - startedAt);
    }
    expect(times).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  it('ends all when the gateway shuts down', async () => {
    const watcher = watch('a');
    await store.settle();
    store.close();
    await passTime();
    expect(watcher.events).toEqual(['refused shutting-down']);
    expect([store.all.length, hub.sharedWatches]).toEqual([1, 0]);
  });
});

describe('a compaction', () => {
  it('F39: before the start ends every watcher of that past', async () => {
    for (let i = 0; i < 5; i++) store.commit('a');
    store.compactedAt = 4;
    const watchers = [watch('a', { since: '2' }), watch('a*', { since: '1.1' })];
    await store.settle();
    expect(watchers.map(({ events }) => events)).toEqual([['compacted 4'], ['compacted 4']]);
    expect(hub.sharedWatches).toBe(0);
  });

  it('F39: is not taken for a quiet watch before etcd finds out', async () => {
    for (let i = 0; i < 5; i++) store.commit('a');
    store.compactedAt = 4;
    const watcher = watch('b', { since: '2' });
    await flush();
    store.all[0]!.create();
    await flush();
    const late = watch('b', { since: '2' });
    expect([watcher.heard, late.heard]).toEqual([[], []]);
    store.all[0]!.deliver();
    expect([watcher.heard, late.heard]).toEqual([['compacted 4'], ['compacted 4']]);
  });

  it('F39: is asked about only where a watch starts in the past', async () => {
    store.commit('a');
    const past = watch('a', { since: '1' });
    const present = watch('b', { since: '2' });
    const fromNow = watch('c');
    await flush();
    for (const each of store.all) each.create();
    expect([past, present, fromNow].map(({ heard }) => heard)).toEqual([
      [],
      ['live 2'],
      ['live 2'],
    ]);
    await flush();
    expect(past.heard).toEqual(['live 1']);
  });

  it('F39: that cannot be asked about holds nobody up', async () => {
    hub = new WatchHub({
      watches: store,
      isProgressOrdered: () => true,
      isVisible: () => true,
      isCompacted: () => Promise.reject(new GatewayError('etcd-unavailable')),
    });
    store.commit('a');
    const watcher = watch('b', { since: '1' });
    await flush();
    store.all[0]!.create();
    await flush();
    expect(watcher.heard).toEqual(['live 1']);
  });

  it('F39: that is asked about too late says nothing of the watch that came after it', async () => {
    const answers: ((isGone: boolean) => void)[] = [];
    hub = new WatchHub({
      watches: store,
      isProgressOrdered: () => true,
      isVisible: () => true,
      isCompacted: () => new Promise((resolve) => answers.push(resolve)),
    });
    store.commit('a');
    const watcher = watch('b', { since: '1' });
    await flush();
    store.all[0]!.create();
    store.all[0]!.break();
    await passTime();
    answers[0]!(false);
    await flush();
    expect(watcher.heard).toEqual([]);
    store.all[1]!.create();
    answers[1]!(false);
    await flush();
    expect(watcher.heard).toEqual(['live 1']);
  });

  it('F39: right behind the start loses nothing', async () => {
    for (let i = 0; i < 5; i++) store.commit('a');
    store.compactedAt = 4;
    const watcher = watch('a', { since: '3' });
    await store.settle();
    expect(watcher.events).toEqual(['put a@4.1', 'put a@5.1', 'put a@6.1']);
  });

  it('F39: during an interruption ends those who miss something, not those who came in behind it', async () => {
    const old = watch('a*');
    await store.settle();
    store.commit('b');
    store.commit('b');
    // An idle watch does not know that nothing happened in its range.
    const [ahead, inside] = [watch('a*', { since: '3' }), watch('a*', { since: '3.1' })];
    for (const each of store.open) each.break();
    const fromNow = watch('a1');
    store.commit('a1');
    store.compactedAt = 4;
    await passTime();
    await store.settle();
    await passTime();
    await store.settle();
    store.commit('a1');
    await store.settle();
    expect(old.events).toEqual(['compacted 4']);
    expect(inside.events).toEqual(['compacted 4']);
    expect(ahead.events).toEqual(['put a1@4.1', 'put a1@5.1']);
    expect(fromNow.events.at(-1)).toBe('put a1@5.1');
    expect(fromNow.events).not.toContain('compacted 4');
    expect(hub.sharedWatches).toBe(1);
  });

  it('that etcd reports of a start behind it ends all, instead of asking for ever', async () => {
    const watcher = watch('a', { since: '9' });
    await store.settle();
    store.all[0]!.end({ kind: 'compacted', compactRevision: 5, revision: 0 });
    expect([watcher.events, hub.sharedWatches]).toEqual([['compacted 5'], 0]);
  });
});

describe('a refusal', () => {
  it('is told to every watcher, and the next one asks anew', async () => {
    const watchers = [watch('a*'), watch('a1')];
    await store.settle();
    store.all[0]!.end({ kind: 'refused', error: new GatewayError('permission-denied') });
    expect(watchers.map(({ events }) => events)).toEqual([
      ['refused permission-denied'],
      ['refused permission-denied'],
    ]);
    watch('a*');
    await flush();
    expect(store.all).toHaveLength(2);
  });
});

describe('progress', () => {
  it('is asked for while nothing happens, and carries watchers forward', async () => {
    const watcher = watch('a');
    await store.settle();
    store.commit('b');
    await passTime(PROGRESS_MS);
    expect(store.all[0]!.progressRequests).toBe(1);
    store.all[0]!.progress(false);
    store.all[0]!.progress(false);
    expect(watcher.heard).toEqual(['live 1', 'progress 2']);
  });

  it('is neither asked for nor believed where it may run ahead of events; the periodic one is', async () => {
    isProgressOrdered = false;
    const watcher = watch('a');
    await store.settle();
    store.commit('b');
    await passTime(PROGRESS_MS);
    expect(store.all[0]!.progressRequests).toBe(0);
    store.all[0]!.progress(false);
    expect(watcher.heard).toEqual(['live 1']);
    store.all[0]!.progress(true);
    expect(watcher.heard).toEqual(['live 1', 'progress 2']);
  });

  it('is not told to who is further', async () => {
    watch('a');
    await store.settle();
    const ahead = watch('a', { since: '5' });
    store.commit('b');
    store.all[0]!.progress();
    for (let i = 0; i < 4; i++) store.commit('b');
    store.all[0]!.progress();
    expect(ahead.heard).toEqual(['live 5', 'progress 6']);
  });

  it('is not asked for before the watch is live again', async () => {
    watch('a');
    await store.settle();
    store.all[0]!.break();
    await passTime(PROGRESS_MS);
    expect(store.all.map(({ progressRequests }) => progressRequests)).toEqual([0, 0]);
    store.all[1]!.create();
    await passTime(PROGRESS_MS);
    expect(store.all.map(({ progressRequests }) => progressRequests)).toEqual([0, 1]);
  });
});

describe('callbacks', () => {
  it('may join and leave while events are delivered: nobody gets one twice', async () => {
    const joined: (HubWatcher & { leave: () => void })[] = [];
    const neighbour = watch('a*');
    const curious = watch('a*');
    curious.onEvents = () => {
      neighbour.leave();
      joined.push(watch('a/*', { since: '1' }), watch('a*', { since: '1' }));
      curious.leave();
    };
    const last = watch('a/*');
    await store.settle();
    store.commit('a/1', 'a/2');
    await store.settle();
    expect(last.events).toEqual(['put a/1@2.1', 'put a/2@2.2']);
    for (const each of joined) expect(each.events).toEqual(last.events);
    expect(joined).toHaveLength(2);
  });
});

it('ends its upstream watches without a word when it is closed', async () => {
  const watcher = watch('a');
  await store.settle();
  hub.close();
  expect([store.watches, watcher.heard]).toEqual([0, ['live 1']]);
});

describe('F54: when etcd was restored or emptied', () => {
  const resetAll = (revision: number): void => {
    store.restore(revision);
    for (const each of store.open) each.end({ kind: 'reset', revision });
  };

  it('every watcher is ended, live or not, and hears nothing more', async () => {
    store.revision = 10;
    const live = [watch('a*'), watch('a', { since: '8' })];
    await store.settle();
    const waiting = watch('b', { since: '9' });
    await flush();
    resetAll(4);
    store.commit('a', 'b');
    await passTime();
    await store.settle();
    for (const each of [...live, waiting]) expect(each.heard.at(-1)).toBe('reset 4');
    expect(store.open).toEqual([]);
  });

  it('what was kept of the lost history reaches no new watcher', async () => {
    store.revision = 10;
    const first = watch('a*');
    await store.settle();
    store.commit('a');
    await store.settle();
    first.leave();
    resetAll(4);
    const next = watch('a*', { since: '4' });
    await store.settle();
    store.commit('a=new');
    await store.settle();
    expect(next.events).toEqual(['put a@5.1']);
  });

  it('a watch that was broken at that time states the epoch of its revision when it begins again', async () => {
    store.epoch = 0;
    store.revision = 10;
    watch('a', { since: '9' });
    await store.settle();
    for (const each of store.open) each.break();
    store.epoch = 1;
    await passTime();
    expect(store.all.at(-1)?.request).toMatchObject({ startRevision: 10, epoch: 0 });
  });

  it('a new watcher does not join the broken watch of the lost history', async () => {
    store.epoch = 0;
    store.revision = 10;
    watch('a');
    await store.settle();
    for (const each of store.open) each.break();
    store.epoch = 1;
    const next = watch('a');
    await flush();
    expect(store.open.at(-1)?.request).toMatchObject({ epoch: 1 });
    for (const each of store.open) each.end({ kind: 'reset', revision: 4 });
    await passTime();
    await store.settle();
    store.commit('a');
    await store.settle();
    expect(next.events).toEqual(['put a@11.1']);
  });

  it('a watch from now on that had not begun begins again', async () => {
    store.revision = 10;
    const watcher = watch('a');
    await flush();
    resetAll(4);
    await passTime();
    await store.settle();
    store.commit('a');
    await store.settle();
    expect(watcher.heard).toEqual(['live 4', 'put a@5.1']);
  });
});
