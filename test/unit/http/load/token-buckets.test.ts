import { describe, expect, it } from 'vitest';
import { TokenBuckets } from '../../../../src/http/load/token-buckets.js';

describe('token buckets', () => {
  it('refill with time up to their size, separately for each key', () => {
    let now = 0;
    const buckets = new TokenBuckets(2, 3, () => now);
    const take = (key: string): number => buckets.take(key);
    expect([take('a'), take('a'), take('a'), take('a'), take('b')]).toEqual([0, 0, 0, 0.5, 0]);
    now = 250;
    expect(take('a')).toBe(0.25);
    now = 500;
    expect([take('a'), take('a')]).toEqual([0, 0.5]);
    now = 1_000_000;
    expect([take('a'), take('a'), take('a'), take('a')]).toEqual([0, 0, 0, 0.5]);
  });

  it('are at most ten thousand: the least recently used key is dropped', () => {
    const buckets = new TokenBuckets(1, 1, () => 0);
    for (let i = 0; i < 10_000; i++) buckets.take(`key-${i}`);
    expect(buckets.take('key-0')).toBeGreaterThan(0);
    buckets.take('key-10000');
    expect(buckets.keys).toBe(10_000);
    expect([buckets.take('key-0') > 0, buckets.take('key-1')]).toEqual([true, 0]);
  });
});
