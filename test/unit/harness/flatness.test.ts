import { describe, expect, it } from 'vitest';
import { flatnessOf } from '../../harness/flatness.js';

const steps = (...quarters: number[]): number[] =>
  quarters.flatMap((value) => Array.from({ length: 9 }, () => value));

describe('flatness', () => {
  it('ignores growth during the warm-up', () => {
    expect(flatnessOf(steps(10, 100, 105, 110)).isFlat).toBe(true);
  });

  it('detects a last quarter more than a tenth above the second', () => {
    expect(flatnessOf(steps(10, 100, 105, 111))).toEqual({
      before: 100,
      after: 111,
      isFlat: false,
    });
  });

  it('accepts growth of small numbers within the slack', () => {
    expect(flatnessOf(steps(1, 2, 3, 7), 5).isFlat).toBe(true);
    expect(flatnessOf(steps(1, 2, 3, 8), 5).isFlat).toBe(false);
  });

  it('ignores single peaks', () => {
    const samples = steps(100, 100, 100, 100);
    samples[30] = 10_000;
    expect(flatnessOf(samples).isFlat).toBe(true);
  });

  it('throws for too few samples', () => {
    expect(() => flatnessOf([1, 2, 3])).toThrow('too few');
  });
});
