import { describe, expect, it } from 'vitest';
import { RevisionClock } from '../../harness/revision-clock.js';

describe('RevisionClock', () => {
  const clock = new RevisionClock(
    [
      { at: 10, revision: 5 },
      { at: 30, revision: 8 },
    ],
    [
      { startedAt: 12, endedAt: 14, revision: 6 },
      { startedAt: 40, endedAt: 41, revision: 9 },
    ],
  );

  it('settles the revisions that were seen or read before', () => {
    expect([10, 11, 15, 31, 50].map((time) => clock.settledBy(time))).toEqual([0, 5, 6, 8, 9]);
  });

  it('bounds the possible revisions by the first read that began later', () => {
    expect([0, 12, 13, 40].map((time) => clock.possibleBy(time))).toEqual([6, 6, 9, 9]);
  });

  it('sets no bound after the last read', () => {
    expect(clock.possibleBy(41)).toBe(Infinity);
  });

  it('uses the smallest revision of later reads, because a read at an older leader may return late', () => {
    const late = new RevisionClock(
      [],
      [
        { startedAt: 1, endedAt: 9, revision: 7 },
        { startedAt: 2, endedAt: 3, revision: 6 },
      ],
    );
    expect(late.possibleBy(1)).toBe(6);
  });
});
