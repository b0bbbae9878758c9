import { describe, expect, it } from 'vitest';
import { Slots } from '../../../../src/etcd/transport/slots.js';

function enterAll(slots: Slots, names: string, started: string[]): (() => void)[] {
  return Array.from(names, (name) => slots.enter('endpoint', () => started.push(name)));
}

describe('slots', () => {
  it('start as many as there are, the others in line as places become free', () => {
    const started: string[] = [];
    const leaves = enterAll(new Slots(2), 'abcd', started);
    expect(started).toEqual(['a', 'b']);
    leaves[1]!();
    leaves[0]!();
    expect(started).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are not taken by those who left the line', () => {
    const started: string[] = [];
    const leaves = enterAll(new Slots(1), 'abc', started);
    leaves[1]!();
    leaves[0]!();
    expect(started).toEqual(['a', 'c']);
  });

  it('are each endpoint on its own', () => {
    const slots = new Slots(1);
    const started: string[] = [];
    slots.enter('one', () => started.push('one'));
    slots.enter('two', () => started.push('two'));
    expect(started).toEqual(['one', 'two']);
  });

  it('are all free again when all have left', () => {
    const slots = new Slots(2);
    const started: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (const leave of enterAll(slots, 'abc', started)) leave();
    }
    expect(started.join('')).toBe('abcabcabc');
  });
});
