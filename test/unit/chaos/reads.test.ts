import { describe, expect, it } from 'vitest';
import { checkKeyResponses, checkFinalReads } from '../../chaos/checks/responses.js';
import { checkReads } from '../../chaos/checks/reads.js';
import { KEY, OTHER, ScriptedRun, seen, violationTexts } from './scripted-run.js';

const reads = (run: ScriptedRun): string[] => violationTexts(checkReads(run.evidence()));
const responses = (run: ScriptedRun): string[] => violationTexts(checkKeyResponses(run.evidence()));

/** `a` wrote revision 2, `b` revision 5. */
function written(): ScriptedRun {
  const run = new ScriptedRun();
  run.acknowledged(run.put('a', 1), 2).written(2, 'a');
  return run.acknowledged(run.put('b', 4), 5).written(5, 'b');
}

describe('reads', () => {
  it('accepts reads that agree with the history at their revision', () => {
    const run = written();
    run.answered(run.get('r', 2), 3, 200, { kind: 'done', revision: 3, seen: seen('a', 2) });
    run.answered(run.get('s', 4), 6, 200, { kind: 'done', revision: 4, seen: seen('a', 2) });
    expect(reads(run)).toEqual([]);
  });

  it('reports reads that show another value, or none', () => {
    const run = written();
    run.answered(run.get('r', 2), 3, 200, { kind: 'done', revision: 3, seen: seen('b', 2) });
    run.answered(run.get('s', 2), 3, 404, { kind: 'absent', revision: 3, seen: [] });
    expect(reads(run)).toEqual([
      expect.stringMatching(/^untrue: r \(get\): at revision 3 .* was a .*, not b /),
      expect.stringMatching(/^untrue: s \(get\): at revision 3 .* was a .*, not missing$/),
    ]);
  });

  it('reports reads older than a write that was acknowledged before they began', () => {
    const run = written();
    const result = { kind: 'done', revision: 4, seen: seen('a', 2) } as const;
    run.answered(run.get('r', 6), 7, 200, result);
    expect(reads(run)).toEqual(['stale: r (get) read revision 4, but 5 existed before it began']);
  });

  it('accepts old serializable reads, but no wrong ones', () => {
    const run = written();
    const result = { kind: 'done', revision: 4, seen: seen('a', 2) } as const;
    run.answered(run.get('r', 6, 'stale get'), 7, 200, result);
    expect(reads(run)).toEqual([]);
    run.answered(run.get('s', 6, 'stale get'), 7, 200, { ...result, revision: 5 });
    expect(reads(run)).toHaveLength(1);
  });

  it('reports reads of a revision that did not exist yet', () => {
    const run = written();
    run.answered(run.get('r', 2), 3, 200, { kind: 'done', revision: 5, seen: seen('b', 5) });
    expect(reads(run)).toEqual(['too new: r (get) read revision 5, but a later read saw only 3']);
  });

  it('compares every key of a range read', () => {
    const run = written().written(6, 'c', OTHER);
    const list = (id: string): ReturnType<ScriptedRun['call']> =>
      run.call('list', id, 6, { shown: [KEY, OTHER] });
    const both = [...seen('b', 5), ...seen('c', 6, OTHER)];
    run.answered(list('l'), 7, 200, { kind: 'done', revision: 6, seen: both });
    expect(reads(run)).toEqual([]);
    run.answered(list('m'), 7, 200, { kind: 'done', revision: 6, seen: seen('b', 5) });
    expect(reads(run)).toEqual([expect.stringContaining(`${OTHER} was c`)]);
  });
});

describe('refused writes', () => {
  it('accepts the state of the key at some revision during the call', () => {
    const run = written();
    const result = { kind: 'refused', revision: undefined, seen: seen('a', 2) } as const;
    run.answered(run.put('w', 3, 1), 6, 412, result);
    expect(reads(run)).toEqual([]);
  });

  it('reports a state that the key never had', () => {
    const run = written();
    const result = { kind: 'refused', revision: undefined, seen: seen('a', 2) } as const;
    run.answered(run.put('w', 6, 1), 7, 412, result);
    expect(reads(run)).toEqual([expect.stringMatching(/^untrue: w /)]);
  });

  it('reports a refusal when the condition was true throughout', () => {
    const run = written();
    const result = { kind: 'refused', revision: undefined, seen: seen('b', 5) } as const;
    run.answered(run.put('w', 6, 5), 7, 412, result);
    expect(reads(run)).toEqual([expect.stringContaining('every condition was true')]);
  });
});

describe('responses', () => {
  it('reports undocumented responses and failed writes without an outcome', () => {
    const run = written();
    run.answered(run.get('r', 2), 3, 500);
    run.answered(Object.assign(run.put('w', 2), { code: 'timeout' }), 3, 504);
    expect(responses(run)).toEqual([
      'responses: r (get): the response 500 is not a documented one',
      'responses: w (put): 504 timeout has no outcome of the write',
    ]);
  });

  it('reports calls without a response', () => {
    const run = written();
    run.get('r', 2);
    expect(responses(run)).toEqual([expect.stringMatching(/^liveness: r \(get\) took \d+ ms/)]);
  });

  it('requires final reads from both replicas', () => {
    const run = written();
    const result = { kind: 'done', revision: 5, seen: seen('b', 5) } as const;
    run.answered(run.get('last.1', 6), 7, 200, result);
    expect(violationTexts(checkFinalReads(run.evidence(), [KEY], 2))).toEqual([
      `liveness: replica 1 did not return ${KEY} after the run`,
    ]);
  });
});
