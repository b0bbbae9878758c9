import { describe, expect, it } from 'vitest';
import { checkComplete } from '../../lock-checker/checks/all.js';
import { ScriptedRun, violationTexts } from './scripted-run.js';

const holders = (run: ScriptedRun): (readonly number[])[] =>
  run
    .evidence()
    .history.states.get('lock')!
    .map((state) => state.holders);

describe('a history', () => {
  it('lets the oldest exclusive entry hold, and the next one after its removal', () => {
    const run = new ScriptedRun();
    const [a, b] = [run.acquire('a', 1), run.acquire('b', 1)];
    run.created(2, a).created(3, b).deleted(4, a).deleted(5, b);
    expect(holders(run)).toEqual([[2], [2], [3], []]);
  });

  it('lets shared entries hold together until an exclusive one queues between them', () => {
    const run = new ScriptedRun();
    const [a, b, d] = ['a', 'b', 'd'].map((id) => run.acquire(id, 1, { mode: 'shared' }));
    const c = run.acquire('c', 1);
    run.created(2, a!).created(3, b!).created(4, c).created(5, d!);
    run.deleted(6, a!).deleted(7, b!).deleted(8, c);
    expect(holders(run)).toEqual([[2], [2, 3], [2, 3], [2, 3], [3], [4], [5]]);
  });

  it('keeps create revision and creator of an entry that is written again', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1, { ttlSeconds: null });
    run.created(2, a).marked(3, a).moved(4, a, undefined);
    const [entry, ...more] = run.evidence().history.entries;
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ createRevision: 2, creator: 'a', owner: 'a', heldFrom: 2 });
    expect(entry?.puts.map(({ lease }) => lease)).toEqual(['lease-a', 'lease-a', undefined]);
  });

  it('records a second entry for a key that reappears', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).deleted(3, a).created(4, a);
    const { entries } = run.evidence().history;
    expect(entries.map((entry) => [entry.createRevision, entry.removed?.revision])).toEqual([
      [2, 3],
      [4, undefined],
    ]);
  });

  it('is complete when every revision was seen', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).lease('lease-a', 3, 5).deleted(4, a);
    expect(checkComplete(run.evidence())).toEqual([]);
  });

  it('is incomplete when a revision is missing', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).deleted(5, a);
    expect(violationTexts(checkComplete(run.evidence()))).toEqual([
      expect.stringContaining('2 revisions were not seen, the first is 3'),
    ]);
  });
});
