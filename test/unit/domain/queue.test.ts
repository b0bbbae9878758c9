import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/domain/contention/entry.js';
import { holdersOf } from '../../../src/domain/contention/queue.js';

function entry(
  createRevision: number,
  mode: 'exclusive' | 'shared',
  key = String(createRevision),
): Entry {
  return {
    key: Buffer.from(key),
    mode,
    createRevision,
    modRevision: createRevision,
    lease: undefined,
    value: undefined,
  };
}
const revisionsOf = (entries: readonly Entry[]): number[] =>
  entries.map((each) => each.createRevision);

describe('holdersOf', () => {
  it('is nobody of an empty queue', () => {
    expect(holdersOf([])).toEqual([]);
  });

  it('is the oldest exclusive entry alone', () => {
    expect(
      revisionsOf(holdersOf([entry(5, 'exclusive'), entry(3, 'exclusive'), entry(4, 'shared')])),
    ).toEqual([3]);
  });

  it('is every shared entry before the first exclusive one', () => {
    expect(
      revisionsOf(
        holdersOf([
          entry(6, 'shared'),
          entry(5, 'exclusive'),
          entry(3, 'shared'),
          entry(4, 'shared'),
        ]),
      ),
    ).toEqual([3, 4]);
  });

  it('is all of a queue of shared entries', () => {
    expect(revisionsOf(holdersOf([entry(2, 'shared'), entry(1, 'shared')]))).toEqual([1, 2]);
  });

  it('breaks ties of one transaction by key', () => {
    const [a, b] = [entry(7, 'exclusive', 'a'), entry(7, 'exclusive', 'b')];
    expect(holdersOf([b, a])).toEqual([a]);
  });
});
