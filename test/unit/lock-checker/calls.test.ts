import { describe, expect, it } from 'vitest';
import { checkAll } from '../../lock-checker/checks/all.js';
import { checkResponses } from '../../lock-checker/checks/responses.js';
import { checkGuards } from '../../lock-checker/checks/guards.js';
import { checkLiveness } from '../../lock-checker/checks/liveness.js';
import { ScriptedRun, at, violationTexts } from './scripted-run.js';

const guards = (run: ScriptedRun): string[] => violationTexts(checkGuards(run.evidence()));
const liveness = (run: ScriptedRun, endedAt?: number): string[] =>
  violationTexts(checkLiveness(run.evidence(endedAt)));
const answers = (run: ScriptedRun): string[] => violationTexts(checkResponses(run.evidence()));

/** `a` holds from revision 2 to 10. `b` waits from revision 3 and holds after `a`. */
function held(): ScriptedRun {
  const run = new ScriptedRun();
  const [a, b] = [run.acquire('a', 1), run.acquire('b', 1)];
  run
    .created(2, a)
    .created(3, b)
    .acquired(a, 4, 2)
    .acquired(b, 11, 3)
    .deleted(10, a)
    .deleted(20, b);
  run.answered(run.call('release', 'ra', 9, { client: 'a' }), 10, 200);
  return run.answered(run.call('release', 'rb', 19, { client: 'b' }), 20, 200);
}

function guarded(
  run: ScriptedRun,
  fencingToken: number,
  revision: number,
  status: number,
): ScriptedRun {
  const write = run.call('guarded-write', 'w', revision - 1, {
    requestedFencingToken: fencingToken,
  });
  write.revision = revision;
  return run.answered(write, revision, status, status === 412 ? 'lock-lost' : undefined);
}

describe('I6, guarded writes', () => {
  it('accepts a write of the holder', () => {
    expect(guards(guarded(held(), 2, 6, 200).guardedWrite(6, 'w', 2))).toEqual([]);
  });

  it('reports a write of a waiter', () => {
    expect(guards(guarded(held(), 3, 6, 200).guardedWrite(6, 'w', 3))).toEqual([
      expect.stringContaining('held only from revision 10'),
    ]);
  });

  it('reports a write at and after the revision at which the entry was removed', () => {
    expect(guards(guarded(held(), 2, 10, 200).guardedWrite(10, 'w', 2))).toEqual([
      expect.stringContaining('removed at revision 10'),
    ]);
  });

  it('reports a write with a fencing token that never existed', () => {
    expect(guards(held().guardedWrite(6, 'w', 5))).toEqual([
      expect.stringContaining('no such entry ever existed'),
    ]);
  });

  it('reports a 200 without a write', () => {
    expect(guards(guarded(held(), 2, 6, 200))).toEqual([
      expect.stringContaining('is not in the history'),
    ]);
  });

  it('reports a write that was refused and applied', () => {
    expect(guards(guarded(held(), 2, 6, 412).guardedWrite(6, 'w', 2))).toEqual([
      expect.stringContaining('returned 412 and was applied at 6'),
    ]);
  });

  it('reports a refused write of a holder', () => {
    expect(guards(guarded(held(), 2, 6, 412))).toEqual([
      expect.stringContaining('held throughout'),
    ]);
    expect(guards(guarded(held(), 2, 15, 412))).toEqual([]);
  });
});

describe('liveness', () => {
  it('accepts calls that end', () => {
    expect(liveness(held())).toEqual([]);
  });

  it('reports a call that never ends', () => {
    const run = new ScriptedRun();
    run.acquire('a', 1, { waitMs: 5_000 });
    expect(liveness(run)).toEqual([expect.stringContaining('and received none')]);
  });

  it('reports a call that ends long after its wait', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1, { waitMs: 1_000 });
    run.answered(a, 4_000, 423, 'lock-held');
    expect(liveness(run)).toEqual([expect.stringContaining('which is too long')]);
  });

  it('reports a waiter that does not receive "acquired" when its entry holds', () => {
    const run = new ScriptedRun();
    const [a, b] = [run.acquire('a', 1), run.acquire('b', 1)];
    run.created(2, a).created(3, b).acquired(a, 4, 2).deleted(5, a).acquired(b, 2_500, 3);
    expect(liveness(run)).toEqual([expect.stringContaining('b continued to wait for')]);
  });

  it('accepts a hold of any length', () => {
    const run = new ScriptedRun();
    const a = run.hold('a', 1, { waitMs: 1_000 });
    run.created(2, a).acquired(a, 3, 2).cut(a, 9_000).deleted(9_001, a);
    expect(liveness(run)).toEqual([]);
  });
});

describe('responses', () => {
  it('reports an undocumented response', () => {
    const run = held();
    run.answered(run.acquire('c', 2), 3, 409, 'already-exists');
    run.answered(run.acquire('d', 2), 3, 500, 'internal-error');
    expect(answers(run)).toEqual([
      expect.stringContaining('409 already-exists is not a documented one'),
      expect.stringContaining('500 internal-error is not a documented one'),
    ]);
  });

  it('reports a failed write without an outcome', () => {
    const run = held();
    run.answered(run.acquire('c', 2), 3, 503, 'etcd-unavailable');
    expect(answers(run)).toEqual([expect.stringContaining('has no outcome of the write')]);
  });

  it('reports a response that deviates from the OpenAPI document', () => {
    const run = held();
    const call = run.acquire('c', 2);
    call.deviation = 'the body has no ttl';
    run.answered(call, 3, 423, 'lock-held');
    expect(answers(run)).toEqual([expect.stringContaining('the body has no ttl')]);
  });

  it('reports a 423 without a conflicting entry', () => {
    const run = held();
    run.answered(run.acquire('c', 21), 22, 423, 'lock-held');
    expect(answers(run)).toEqual([expect.stringContaining('no entry conflicted')]);
  });

  it('reports a 423 for a shared entry among shared ones', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1, { mode: 'shared' });
    run.created(2, a).acquired(a, 3, 2);
    run.answered(run.acquire('c', 4, { mode: 'shared' }), 5, 423, 'lock-held');
    expect(answers(run)).toHaveLength(1);
  });

  it('compares the holders of an inspection with those at its revisions', () => {
    const inspect = (holders: number[]): string[] => {
      const run = held();
      const call = run.call('inspect', 'i', 5);
      call.holders = holders;
      return answers(run.answered(call, 11, 200));
    };
    expect([inspect([2]), inspect([3])]).toEqual([[], []]);
    expect(inspect([])).toEqual([
      expect.stringContaining('it showed the holders none, but they were 3: 2; 10: 3'),
    ]);
    expect(inspect([2, 3])).toHaveLength(1);
  });
});

describe('all checks together', () => {
  it('accept a run without faults', () => {
    const run = held();
    for (const revision of [1, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19])
      run.lease(`x${revision}`, revision);
    const evidence = run.evidence(at(200));
    expect(checkAll(evidence)).toEqual({ violations: [], excusedReturns: 0, rejoined: 0 });
  });
});
