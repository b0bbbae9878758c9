import { describe, expect, it } from 'vitest';
import { EventBuffer } from '../../../../src/domain/watch/event-buffer.js';
import type { BufferBudget } from '../../../../src/domain/watch/event-buffer.js';
import type { WatchEvent } from '../../../../src/etcd/wire.js';

const MEGABYTE = 1024 * 1024;
const EVENTS_MAX = 2_000;

function event(modRevision: number, bytes = 1): WatchEvent {
  const kv = {
    key: Buffer.from('k'),
    value: Buffer.alloc(bytes),
    createRevision: 1,
    modRevision,
    version: 1,
    lease: undefined,
  };
  return { kind: 'put', kv, prevKv: undefined };
}

function revisions(count: number, from = 1): WatchEvent[] {
  return Array.from({ length: count }, (_, i) => event(from + i));
}

function create(budget: BufferBudget = { bytes: 0 }): EventBuffer {
  return new EventBuffer(budget, 0);
}

const revisionsOf = (kept: EventBuffer): number[] => kept.events.map(({ kv }) => kv.modRevision);

describe('what is kept', () => {
  it('is everything behind its beginning while it is little', () => {
    const kept = create();
    kept.push([event(3), event(3)]);
    kept.push([event(7)]);
    expect([kept.from, revisionsOf(kept)]).toEqual([0, [3, 3, 7]]);
  });

  it('is the newer half when there are too many', () => {
    const kept = create();
    kept.push(revisions(EVENTS_MAX));
    expect(kept.events).toHaveLength(EVENTS_MAX);
    kept.push([event(EVENTS_MAX + 1)]);
    expect([kept.from, kept.events.length]).toEqual([1_001, 1_000]);
    expect(kept.events[0]?.kv.modRevision).toBe(1_002);
  });

  it('is cut between revisions, never inside one', () => {
    const kept = create();
    kept.push([event(1), ...Array.from({ length: 1_500 }, () => event(2)), ...revisions(500, 3)]);
    expect([kept.from, revisionsOf(kept)[0], kept.events.length]).toEqual([2, 3, 500]);
  });

  it('is cut by bytes, values before included', () => {
    const kept = create();
    const withPrevious = { ...event(3, MEGABYTE), prevKv: event(2, MEGABYTE).kv };
    kept.push([event(1, MEGABYTE), event(2, MEGABYTE)]);
    kept.push([withPrevious]);
    expect([kept.from, revisionsOf(kept)]).toEqual([3, []]);
  });

  it('is nothing of a revision that is too large alone, however many events it has', () => {
    const kept = create();
    kept.push(Array.from({ length: 400_000 }, () => event(5)));
    expect([kept.from, kept.events]).toEqual([5, []]);
    kept.push([event(6)]);
    expect([kept.from, revisionsOf(kept)]).toEqual([5, [6]]);
  });

  it('is nothing from a restart on', () => {
    const kept = create();
    kept.push(revisions(3));
    kept.restart(9);
    expect([kept.from, kept.events]).toEqual([9, []]);
  });
});

describe('a budget', () => {
  it('is what all keepers hold together, and goes back to nothing', () => {
    const budget = { bytes: 0 };
    const keepers = [create(budget), create(budget)];
    keepers.forEach((kept) => kept.push([event(1, MEGABYTE), event(2, MEGABYTE)]));
    expect(Math.round(budget.bytes / MEGABYTE)).toBe(4);
    keepers.forEach((kept) => kept.restart(0));
    expect(budget.bytes).toBe(0);
  });

  it('that is used up makes the one that brings more forget its own', () => {
    const budget = { bytes: 0 };
    const keepers = Array.from({ length: 30 }, () => create(budget));
    for (const kept of keepers) kept.push([1, 2, 3].map((revision) => event(revision, MEGABYTE)));
    expect(budget.bytes).toBeLessThanOrEqual(64 * MEGABYTE);
    const counts = keepers.map((kept) => kept.events.length);
    expect(counts).toEqual([...Array<number>(21).fill(3), ...Array<number>(9).fill(0)]);
    expect(keepers.at(-1)?.from).toBe(3);
  });
});
