// Whatever happens, each watcher's stream is the history of his range. Random histories, watchers who join, leave and come back anywhere
// (inside a revision too, at one of two replicas), upstream watches that break at any moment, compactions.
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GATEWAY_IDENTITY } from '../../../../src/core/caller.js';
import { WatchHub } from '../../../../src/domain/watch/hub.js';
import { firstRevisionAfter, isBehind } from '../../../../src/domain/watch/position.js';
import type { Position } from '../../../../src/domain/watch/position.js';
import type { Delivery } from '../../../../src/domain/watch/delivery.js';
import type { Watcher } from '../../../../src/domain/watch/shared-watch.js';
import { containsKey, prefixRange } from '../../../../src/etcd/range.js';
import type { KeyRange } from '../../../../src/etcd/wire.js';
import { FakeStore, flush } from '../../../support/fake-watches.js';

const HIDDEN_KEY = '\0latchkey/x';
const KEYS = ['a', 'a/b', 'a/b/c', 'a/c', 'b', 'b/c', HIDDEN_KEY];
const RANGES: KeyRange[] = [
  prefixRange(Buffer.from('')),
  prefixRange(Buffer.from('a')),
  prefixRange(Buffer.from('a/')),
  prefixRange(Buffer.from('a/b')),
  { key: Buffer.from('a/b') },
  { key: Buffer.from('a/b'), rangeEnd: Buffer.from('b/') },
  prefixRange(Buffer.from('b')),
];
const REPLICAS = 2;
const RUNS = 1_500;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const isVisible = (key: Buffer): boolean => key[0] !== 0;

/** A client with what he has got over all his connections; checks every word at the moment that he hears it. */
class Client implements Watcher {
  readonly got: string[] = [];
  /** Where he would go on. */
  position: Position | undefined;
  /** Where his stream begins: what `since` said, or what the first `live` did. */
  start: Position | undefined;
  compactedAt: number | undefined;
  leave: (() => void) | undefined;
  readonly #deliveries: Delivery[] = [];

  constructor(
    readonly store: FakeStore,
    readonly range: KeyRange,
    readonly previous: boolean,
  ) {}

  /** `asked`: only the first time. */
  join(hub: WatchHub, asked?: Position): void {
    this.leave?.();
    this.start ??= asked;
    const since = this.position ?? this.start;
    this.leave = hub.watch(
      { identity: GATEWAY_IDENTITY, range: this.range, previous: this.previous, since },
      this,
    );
  }

  /** The connection was cut: the last events never arrived. */
  cut(lost: number): void {
    this.leave?.();
    this.leave = undefined;
    const kept = Math.max(0, this.got.length - lost);
    if (kept === this.got.length) return;
    this.got.length = this.#deliveries.length = kept;
    const last = this.#deliveries.at(-1);
    this.position =
      last === undefined ? this.start : { revision: last.event.kv.modRevision, events: last.n };
  }

  expected(upTo = Infinity): string[] {
    const words: string[] = [];
    let [revision, n] = [0, 0];
    for (const { kind, kv } of this.store.history) {
      if (!containsKey(this.range, kv.key) || !isVisible(kv.key)) continue;
      n = kv.modRevision === revision ? n + 1 : 1;
      revision = kv.modRevision;
      if (revision > upTo || (this.start && isBehind(this.start, revision, n))) continue;
      words.push(`${kind} ${kv.key.toString()}@${revision}.${n}`);
    }
    return words;
  }

  onLive(position: Position): void {
    if (this.position !== undefined) expect(position).toEqual(this.position);
    this.start ??= position;
    this.position ??= position;
  }

  onEvents(deliveries: readonly Delivery[]): void {
    expect(deliveries.length).toBeGreaterThan(0);
    for (const { event, n } of deliveries) {
      const { kind, kv, prevKv } = event;
      this.got.push(`${kind} ${kv.key.toString()}@${kv.modRevision}.${n}`);
      if (this.previous && (kind === 'delete' || kv.version > 1)) expect(prevKv).toBeDefined();
      this.position = { revision: kv.modRevision, events: n };
    }
    this.#deliveries.push(...deliveries);
  }

  /** What is told as delivered has been delivered. */
  onProgress(revision: number): void {
    expect(this.got).toEqual(this.expected(revision));
    expect(revision).toBeGreaterThanOrEqual(this.position?.revision ?? 0);
    this.position = { revision };
  }

  onCompacted(oldestRevision: number): void {
    this.position ??= this.start;
    expect(this.position).toBeDefined();
    expect(firstRevisionAfter(this.position!)).toBeLessThan(oldestRevision);
    this.compactedAt = oldestRevision;
    this.leave = undefined;
  }

  onReset(): void {
    throw new Error('no store is restored here');
  }

  onRefused(): void {
    throw new Error('nothing is refused here');
  }
}

type Step =
  | { kind: 'commit'; changes: string[] }
  | {
      kind: 'join';
      range: number;
      previous: boolean;
      back: number | undefined;
      events: number | undefined;
      replica: number;
    }
  | { kind: 'cut'; client: number; lost: number }
  | { kind: 'back'; client: number; replica: number }
  | { kind: 'create' | 'break'; watch: number }
  | { kind: 'deliver'; watch: number; revisions: number }
  | { kind: 'progress'; watch: number }
  | { kind: 'pass'; milliseconds: number }
  | { kind: 'compact'; back: number };

const index = fc.nat({ max: 20 });
const replica = fc.nat({ max: REPLICAS - 1 });
const changes = fc.uniqueArray(fc.tuple(fc.constantFrom(...KEYS), fc.boolean()), {
  minLength: 1,
  maxLength: 5,
  selector: ([key]) => key,
});
const commit = changes.map((list) => ({
  kind: 'commit' as const,
  changes: list.map(([key, isDeletion]) => (isDeletion ? `-${key}` : key)),
}));
const join = fc.record({
  kind: fc.constant('join' as const),
  range: fc.nat({ max: RANGES.length - 1 }),
  previous: fc.boolean(),
  /** Revisions before the newest one; undefined: from now on. */
  back: fc.option(fc.integer({ min: -2, max: 12 }), { nil: undefined }),
  events: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
  replica,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: commit },
  { weight: 3, arbitrary: join },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      client: index,
      lost: fc.nat({ max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('back' as const), client: index, replica }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('create' as const), watch: index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('break' as const), watch: index }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      watch: index,
      revisions: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('progress' as const), watch: index }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      milliseconds: fc.constantFrom(60, 3_000, 6_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.nat({ max: 6 }) }),
  },
);

class World {
  readonly store = new FakeStore();
  readonly clients: Client[] = [];
  readonly hubs = Array.from(
    { length: REPLICAS },
    () =>
      new WatchHub({
        watches: this.store,
        isProgressOrdered: () => true,
        isVisible,
        isCompacted: (_identity, _key, revision) =>
          Promise.resolve(this.store.isCompacted(revision)),
      }),
  );

  async take(step: Step): Promise<void> {
    const { store } = this;
    switch (step.kind) {
      case 'commit':
        store.commit(...step.changes);
        break;
      case 'join': {
        const client = new Client(store, RANGES[step.range]!, step.previous);
        const revision = Math.max(0, store.revision - (step.back ?? 0));
        const asked = step.back === undefined ? undefined : { revision, events: step.events };
        client.join(this.hubs[step.replica]!, asked);
        this.clients.push(client);
        break;
      }
      case 'cut':
        this.#client(step.client)?.cut(step.lost);
        break;
      case 'back':
        this.#client(step.client)?.join(this.hubs[step.replica]!);
        break;
      case 'pass':
        await vi.advanceTimersByTimeAsync(step.milliseconds);
        break;
      case 'compact':
        store.compactedAt = Math.max(store.compactedAt, store.revision - step.back);
        break;
      default:
        this.#upstream(step);
    }
    await flush();
  }

  /** All are connected again and there is nothing left to say. */
  async settle(): Promise<void> {
    for (const client of this.clients) {
      const isGone = client.leave === undefined && client.compactedAt === undefined;
      if (isGone) client.join(this.hubs[0]!);
    }
    for (let round = 0; round < 4; round++) {
      await this.store.settle();
      await vi.advanceTimersByTimeAsync(3_000);
    }
    await this.store.settle();
  }

  close(): void {
    for (const hub of this.hubs) hub.close();
  }

  #client(at: number): Client | undefined {
    const living = this.clients.filter(({ compactedAt }) => compactedAt === undefined);
    return living[at % living.length];
  }

  #upstream(step: Extract<Step, { watch: number }>): void {
    const { open } = this.store;
    const watch = open[step.watch % open.length];
    if (step.kind === 'deliver') watch?.deliver(step.revisions);
    else watch?.[step.kind]();
  }
}

it('gives every watcher the history of his range: no gap, no duplicate, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
      const world = new World();
      try {
        for (const each of steps) await world.take(each);
        await world.settle();
        for (const client of world.clients) {
          const upTo = client.compactedAt === undefined ? Infinity : client.position!.revision;
          const expected = client.expected(upTo).slice(0, client.compactedAt && client.got.length);
          expect(client.got).toEqual(expected);
        }
      } finally {
        world.close();
      }
    }),
    { numRuns: RUNS },
  );
});
