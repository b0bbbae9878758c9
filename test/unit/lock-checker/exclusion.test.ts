import { describe, expect, it } from 'vitest';
import { checkExclusion } from '../../lock-checker/checks/exclusion.js';
import { checkQueueOrder } from '../../lock-checker/checks/queue-order.js';
import { ScriptedRun, at, violationTexts } from './scripted-run.js';

const exclusion = (run: ScriptedRun): string[] => violationTexts(checkExclusion(run.evidence()));
const order = (run: ScriptedRun): string[] => violationTexts(checkQueueOrder(run.evidence()));

/** Two clients in a row: `b` acquires at revision `acquiredB`, the entry of `a` is removed at revision `removedA`. */
function two(
  acquiredB: number,
  removedA: number,
  mode: 'exclusive' | 'shared' = 'exclusive',
): ScriptedRun {
  const run = new ScriptedRun();
  const a = run.acquire('a', 1, { mode });
  const b = run.acquire('b', 1, { mode });
  run.created(2, a).created(3, b).acquired(a, 4, 2, at(500)).acquired(b, acquiredB, 3, at(500));
  run.answered(run.call('release', 'ra', removedA - 1, { client: 'a' }), removedA, 200);
  run.answered(run.call('release', 'rb', 30, { client: 'b' }), 31, 200);
  return run.deleted(removedA, a).deleted(31, b);
}

describe('I2, exclusion', () => {
  it('accepts holders one after the other', () => {
    expect(exclusion(two(8, 7))).toEqual([]);
  });

  it('reports two exclusive holders at one revision and at one time', () => {
    expect(exclusion(two(5, 10))).toEqual([
      expect.stringMatching(/at revision 5 both a and b had acquired/),
      expect.stringMatching(/a and b held at the same time, 40 ms long/),
    ]);
  });

  it('accepts shared holders that overlap', () => {
    expect(exclusion(two(5, 10, 'shared'))).toEqual([]);
  });

  it('reports a shared holder that overlaps an exclusive one', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    const b = run.acquire('b', 1, { mode: 'shared' });
    run.created(2, a).created(3, b).acquired(a, 4, 2, at(9)).acquired(b, 5, 3, at(9));
    expect(exclusion(run)).toHaveLength(2);
  });

  it('counts one entry with responses on two connections once', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    const again = run.acquire('again', 4, { client: 'a' });
    run.created(2, a).acquired(a, 3, 2, at(9)).acquired(again, 5, 2, at(9));
    expect(exclusion(run)).toEqual([]);
  });

  it('ends the belief of a holder at the expiry time in its responses', () => {
    const run = new ScriptedRun();
    const [a, b] = [run.acquire('a', 1), run.acquire('b', 1)];
    run
      .created(2, a)
      .created(3, b)
      .acquired(a, 4, 2, at(6))
      .deleted(7, a)
      .acquired(b, 8, 3, at(20));
    expect(exclusion(run)).toEqual([]);
  });

  it('keeps the belief of a holder whose lease ended early until its expiry time', () => {
    const run = new ScriptedRun();
    const [a, b] = [run.acquire('a', 1), run.acquire('b', 1)];
    run
      .created(2, a)
      .created(3, b)
      .acquired(a, 4, 2, at(50))
      .deleted(7, a)
      .acquired(b, 8, 3, at(50));
    expect(exclusion(run)).toEqual([expect.stringContaining('held at the same time')]);
  });

  it('reports fencing tokens that do not grow in the order of holding', () => {
    const run = new ScriptedRun();
    const [a, b] = [run.acquire('a', 1), run.acquire('b', 1)];
    run.created(2, a).created(3, b).acquired(a, 4, 2).acquired(b, 5, 3);
    const evidence = run.evidence();
    evidence.entry('lock', 2)!.heldFrom = 9;
    evidence.entry('lock', 3)!.heldFrom = 3;
    expect(violationTexts(checkExclusion(evidence))).toContainEqual(
      expect.stringContaining('not later than'),
    );
  });
});

describe('I3, the order of the queue', () => {
  it('accepts waiters in their order, except those that disconnected', () => {
    const run = new ScriptedRun();
    const [a, b, c] = ['a', 'b', 'c'].map((id) => run.acquire(id, 1));
    run.created(2, a!).created(3, b!).created(4, c!).acquired(a!, 5, 2);
    run.deleted(6, b!).deleted(7, a!).acquired(c!, 8, 4);
    expect(order(run)).toEqual([]);
  });

  it('reports a waiter that is served before an earlier one', () => {
    const run = new ScriptedRun();
    const [a, b, c] = ['a', 'b', 'c'].map((id) => run.acquire(id, 1));
    run.created(2, a!).created(3, b!).created(4, c!).acquired(a!, 5, 2);
    run.deleted(7, a!).acquired(c!, 8, 4);
    expect(order(run)).toEqual([expect.stringMatching(/c received .* while exclusive .*@3/)]);
  });

  it('reports a shared waiter that overtakes an exclusive one', () => {
    const run = new ScriptedRun();
    const [a, c] = ['a', 'c'].map((id) => run.acquire(id, 1, { mode: 'shared' }));
    const b = run.acquire('b', 1);
    run.created(2, a!).created(3, b).created(4, c!).acquired(a!, 5, 2).acquired(c!, 6, 4);
    expect(order(run)).toEqual([expect.stringContaining('c received')]);
  });

  it('reports a call that received a later position than its token had', () => {
    const run = new ScriptedRun();
    const [a, again] = [run.acquire('a', 1), run.acquire('again', 3, { client: 'a' })];
    run.created(2, a).acquired(again, 6, 5);
    expect(order(run)).toEqual([expect.stringContaining('received a later position, 5')]);
  });
});
