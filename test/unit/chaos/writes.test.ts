import { describe, expect, it } from 'vitest';
import { checkDeletes } from '../../chaos/checks/deletes.js';
import { checkWrites } from '../../chaos/checks/writes.js';
import { KEY, OTHER, ScriptedRun, violationTexts } from './scripted-run.js';

const writes = (run: ScriptedRun): string[] => violationTexts(checkWrites(run.evidence()));
const deletes = (run: ScriptedRun): string[] => violationTexts(checkDeletes(run.evidence()));

describe('writes in the history', () => {
  it('accepts acknowledged writes', () => {
    const run = new ScriptedRun();
    expect(writes(run.acknowledged(run.put('a', 1), 2).written(2, 'a'))).toEqual([]);
  });

  it('accepts a call with an unknown outcome, applied or not', () => {
    const run = new ScriptedRun();
    run.broken(run.put('a', 1), 3).failed(run.put('b', 1), 3, 'unknown').written(2, 'a');
    expect(writes(run)).toEqual([]);
  });

  it('reports changes that no call requested', () => {
    expect(writes(new ScriptedRun().written(2, 'x'))).toEqual([
      `invented: no call wrote x to ${KEY} (revision 2)`,
    ]);
  });

  it('reports a write that was applied twice', () => {
    const run = new ScriptedRun();
    run.broken(run.put('a', 1), 5).written(2, 'a').written(4, 'a');
    expect(writes(run)).toEqual(['twice: a was applied at 2 and 4']);
  });

  it('reports an acknowledged change that is missing', () => {
    const run = new ScriptedRun();
    expect(writes(run.acknowledged(run.put('a', 1), 2))).toEqual([
      'lost: a was acknowledged with revision 2, but it is not in the history',
    ]);
  });

  it('reports a write that was acknowledged with another revision', () => {
    const run = new ScriptedRun();
    expect(writes(run.acknowledged(run.put('a', 1), 4).written(3, 'a'))).toEqual([
      'lost: a was acknowledged with revision 4, but it is at 3',
    ]);
  });

  it('reports a write that was applied after a definite failure', () => {
    const run = new ScriptedRun();
    expect(writes(run.failed(run.put('a', 1), 3, 'not-applied').written(2, 'a'))).toEqual([
      'applied despite refusal: a returned 503 etcd-unavailable not-applied, but was applied at 2',
    ]);
  });

  it('reports a write whose condition was not true, with and without a response', () => {
    const run = new ScriptedRun();
    run.acknowledged(run.put('a', 1), 2).written(2, 'a');
    run.broken(run.put('b', 1, 1), 4).written(3, 'b');
    expect(writes(run)).toEqual([`condition: b was applied at 3 where ${KEY} was 2, not 1`]);
  });

  it('reports a write at a revision that existed before it began', () => {
    const run = new ScriptedRun();
    run.acknowledged(run.put('a', 6), 5).written(5, 'a');
    expect(writes(run)).toEqual(['stale: a was applied at 5, but 5 existed before it began']);
  });

  it('reports a transaction that was partly applied', () => {
    const run = new ScriptedRun();
    const both = run.call('transact', 't', 1, { puts: [KEY, OTHER] });
    run.broken(both, 5).written(2, 't');
    expect(writes(run)).toEqual([`torn: t was applied at 2 without ${OTHER}`]);
  });

  it('reports a transaction that was applied at two revisions', () => {
    const run = new ScriptedRun();
    const both = run.call('transact', 't', 1, { puts: [KEY, OTHER] });
    run.acknowledged(both, 3).written(2, 't').written(3, 't', OTHER);
    expect(writes(run)).toEqual(['twice: t was applied at 2 and 3']);
  });
});

describe('deletions in the history', () => {
  /** The key is there from revision 2 on. */
  const written = (): ScriptedRun => {
    const run = new ScriptedRun();
    return run.acknowledged(run.put('a', 1), 2).written(2, 'a');
  };

  it('accepts acknowledged deletions and those of transactions', () => {
    const run = written();
    run.acknowledged(run.remove('d', 2), 3).removed(3).written(4, 'b');
    run.acknowledged(run.call('transact', 't', 4, { puts: [OTHER], deletes: [KEY] }), 5);
    run.removed(5).written(5, 't', OTHER);
    expect(deletes(run)).toEqual([]);
  });

  it('reports changes that no call requested', () => {
    expect(deletes(written().removed(3))).toEqual([
      `invented: no call can have deleted ${KEY} at revision 3`,
    ]);
  });

  it('attributes at most one deletion to each call with an unknown outcome', () => {
    const run = written().removed(3).written(4, 'b');
    run.broken(run.remove('d', 2), 6);
    expect(deletes(run)).toEqual([]);
    expect(deletes(run.removed(5))).toEqual([
      `invented: no call can have deleted ${KEY} at revision 5`,
    ]);
  });

  it('attributes no deletion to a call whose condition was not true or that began later', () => {
    const run = written().removed(3);
    run.broken(run.remove('d', 2, 1), 6).broken(run.remove('e', 3), 6);
    expect(deletes(run)).toHaveLength(1);
  });

  it('reports an acknowledged change that is missing', () => {
    const run = written();
    expect(deletes(run.acknowledged(run.remove('d', 2), 3))).toEqual([
      `lost: d returned 200 for the deletion of ${KEY} at 3, but nothing was deleted there`,
    ]);
  });

  it('reports two calls that were acknowledged for the same deletion', () => {
    const run = written().removed(3);
    run.acknowledged(run.remove('d', 2), 3).acknowledged(run.remove('e', 2), 3);
    expect(deletes(run)).toEqual([
      `twice: d and e were both acknowledged for the deletion of ${KEY} at 3`,
    ]);
  });
});
