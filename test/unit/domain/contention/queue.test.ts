import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../../src/domain/contention/queue.js';
import { toQueue } from '../../../../src/domain/contention/queue.js';

function entry(
  createRevision: number,
  mode: 'exclusive' | 'shared',
  key = String(createRevision),
): Entry {
  return { key: Buffer.from(key), mode, createRevision, lease: undefined, value: Buffer.alloc(0) };
}
const split = (...entries: Entry[]): number[][] => {
  const { holders, waiters } = toQueue(entries);
  return [holders, waiters].map((list) => list.map((each) => each.createRevision));
};

describe('toQueue', () => {
  it('returns no holders and no waiters for an empty queue', () => {
    expect(split()).toEqual([[], []]);
  });

  it('makes the oldest exclusive entry the only holder', () => {
    expect(split(entry(5, 'exclusive'), entry(3, 'exclusive'), entry(4, 'shared'))).toEqual([
      [3],
      [4, 5],
    ]);
  });

  it('makes all shared entries older than the first exclusive one holders', () => {
    expect(
      split(entry(6, 'shared'), entry(5, 'exclusive'), entry(3, 'shared'), entry(4, 'shared')),
    ).toEqual([
      [3, 4],
      [5, 6],
    ]);
  });

  it('makes all entries holders when all are shared', () => {
    expect(split(entry(2, 'shared'), entry(1, 'shared'))).toEqual([[1, 2], []]);
  });

  it('orders entries of one transaction by key', () => {
    const [a, b] = [entry(7, 'exclusive', 'a'), entry(7, 'exclusive', 'b')];
    expect(toQueue([b, a])).toEqual({ holders: [a], waiters: [b] });
  });
});
