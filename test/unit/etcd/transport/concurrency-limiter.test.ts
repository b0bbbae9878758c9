import { describe, expect, it } from 'vitest';
import { ConcurrencyLimiter } from '../../../../src/etcd/transport/concurrency-limiter.js';

function enterAll(slots: ConcurrencyLimiter, names: string, started: string[]): (() => void)[] {
  return Array.from(names, (name) => slots.acquire('endpoint', () => started.push(name)));
}

describe('slots', () => {
  it('start as many as there are, the others in line as places become free', () => {
    const started: string[] = [];
    const leaves = enterAll(new ConcurrencyLimiter(2), 'abcd', started);
    expect(started).toEqual(['a', 'b']);
    leaves[1]!();
    leaves[0]!();
    expect(started).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are not taken by those who left the line', () => {
    const started: string[] = [];
    const leaves = enterAll(new ConcurrencyLimiter(1), 'abc', started);
    leaves[1]!();
    leaves[0]!();
    expect(started).toEqual(['a', 'c']);
  });

  it('are each endpoint on its own', () => {
    const slots = new ConcurrencyLimiter(1);
    const started: string[] = [];
    slots.acquire('one', () => started.push('one'));
    slots.acquire('two', () => started.push('two'));
    expect(started).toEqual(['one', 'two']);
  });

  it('are all free again when all have left', () => {
    const slots = new ConcurrencyLimiter(2);
    const started: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (const leave of enterAll(slots, 'abc', started)) leave();
    }
    expect(started.join('')).toBe('abcabcabc');
  });
});
