import { describe, expect, it } from 'vitest';
import { checkAbandoned, checkNothingLeft } from '../../lock-checker/checks/abandoned.js';
import { checkLateCopies } from '../../lock-checker/checks/late-copies.js';
import { checkOneEntry } from '../../lock-checker/checks/one-entry.js';
import { checkRejoined } from '../../lock-checker/checks/rejoined.js';
import { ScriptedRun, at, violationTexts } from './scripted-run.js';

const abandoned = (run: ScriptedRun, endedAt?: number): string[] =>
  violationTexts(checkAbandoned(run.evidence(endedAt)));
const oneEntry = (run: ScriptedRun): string[] =>
  violationTexts(checkOneEntry(run.evidence()).violations);
const rejoined = (run: ScriptedRun): string[] =>
  violationTexts(checkRejoined(run.evidence()).violations);
const copies = (run: ScriptedRun): string[] => violationTexts(checkLateCopies(run.evidence()));

describe('I4, abandoned entries', () => {
  const vanished = (goneAt: number): ScriptedRun => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    return run.created(2, a).acquired(a, 3, 2, at(1_003)).deleted(goneAt, a);
  };

  it('accepts an entry that expires with its ttl', () => {
    expect(abandoned(vanished(1_100))).toEqual([]);
  });

  it('reports an entry that exists longer than its ttl and the slack', () => {
    expect(abandoned(vanished(2_700))).toEqual([
      expect.stringContaining('was removed only at revision'),
    ]);
  });

  it('counts the ttl from the last new leader', () => {
    expect(abandoned(vanished(2_700).election(at(1_000)))).toEqual([]);
  });

  it('counts the ttl from the last renewal, with or without a response', () => {
    const run = vanished(2_700);
    run.cut(run.call('keepalive', 'k', 900, { client: 'a', requestedFencingToken: 2 }), 901);
    expect(abandoned(run)).toEqual([]);
  });

  it('reports a waiter that stays after its only client disconnected', () => {
    const run = new ScriptedRun();
    const [a, b] = [run.acquire('a', 1), run.acquire('b', 1, { ttlSeconds: 3_600 })];
    run.created(2, a).acquired(a, 3, 2, at(9_000)).created(4, b).cut(b, 5);
    run.deleted(1_000, a).deleted(2_000, b);
    expect(abandoned(run)).toEqual([expect.stringContaining('its only client b disconnected')]);
  });

  it('does not expect a killed replica to remove entries', () => {
    const run = new ScriptedRun();
    const [a, b] = [run.acquire('a', 1), run.acquire('b', 1)];
    run.created(2, a).acquired(a, 3, 2, at(9_000)).created(4, b).cut(b, 5);
    run.deleted(1_000, a).deleted(2_000, b);
    run.fault({ kind: 'replica-killed', what: '0', from: at(5), until: at(8) });
    expect(abandoned(run)).toEqual([]);
  });

  it('accepts an entry that is held without a ttl and stays', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1, { ttlSeconds: null });
    run.created(2, a).moved(3, a, undefined).acquired(a, 4, 2);
    expect(abandoned(run)).toEqual([]);
  });

  it('reports entries that are left at the end', () => {
    const run = new ScriptedRun();
    run.created(2, run.acquire('a', 1));
    expect(violationTexts(checkNothingLeft(run.evidence()))).toEqual([
      expect.stringContaining('lock@2 is left'),
    ]);
  });
});

describe('I5, one entry for one token', () => {
  it('does not count a release that began after the removal, even if the removal is seen late', () => {
    const run = new ScriptedRun();
    const first = run.acquire('a1', 1, { client: 'a' });
    const second = run.acquire('a2', 4, { client: 'a' });
    run.created(2, first).cut(first, 3).deleted(5, first);
    run.created(6, second).acquired(second, 7, 6);
    const release = run.call('release', 'r', 8, { client: 'a' });
    run.deleted(9, second).answered(release, 10, 200).seenOnlyAt(20);
    expect(oneEntry(run)).toEqual([]);
  });

  it('accepts an entry that is created once', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).acquired(a, 3, 2).deleted(5, a);
    run.answered(run.call('release', 'r', 4, { client: 'a' }), 6, 200);
    expect(oneEntry(run)).toEqual([]);
  });

  it('reports a second entry in the other mode', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    const b = run.acquire('b', 1, { client: 'a', mode: 'shared' });
    run.created(2, a).created(3, b);
    expect(oneEntry(run)).toEqual([expect.stringContaining('one token has two entries')]);
  });

  it('reports a released entry that reappears', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.cut(run.acquire('x', 1, { client: 'a' }), 2);
    run.created(2, a).acquired(a, 3, 2).deleted(5, a);
    run.answered(run.call('release', 'r', 4, { client: 'a' }), 6, 200);
    run.created(9, a, 'another-lease');
    expect(oneEntry(run)).toEqual([expect.stringContaining('a had its response before')]);
  });

  it('reports an entry that reappears on the lease of the released one, even without a response', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).cut(a, 3);
    const b = run.acquire('b', 3, { client: 'a' });
    run.marked(4, a).acquired(b, 5, 2).deleted(7, a);
    run.answered(run.call('release', 'r', 6, { client: 'a' }), 8, 200);
    run.created(9, a);
    expect(oneEntry(run)).toEqual([expect.stringContaining('on the lease of the released entry')]);
  });

  it('reports an entry that reappears with a generated token', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1, { isTokenChosen: false });
    run.created(2, a).acquired(a, 3, 2).deleted(5, a);
    run.answered(run.call('release', 'r', 4, { client: 'a' }), 6, 200);
    run.created(9, a, 'another-lease');
    expect(oneEntry(run)).toEqual([expect.stringContaining('the gateway generated the token')]);
  });

  it('excuses an older connection without a response whose client continued elsewhere', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.cut(a, 2);
    const b = run.acquire('b', 2, { client: 'a' });
    run.created(3, b).acquired(b, 4, 3).deleted(6, b);
    run.answered(run.call('release', 'r', 5, { client: 'a' }), 7, 200);
    run.created(9, a);
    const { violations, excused } = checkOneEntry(run.evidence());
    expect([violations, excused.map(({ createRevision }) => createRevision)]).toEqual([[], [9]]);
  });
});

describe('I8, re-joined entries', () => {
  /** `a` queues behind `x`, `b` joins the entry of `a` at revision 6, `a` disconnects. */
  const rejoin = (): { run: ScriptedRun; end: (revision: number) => ScriptedRun } => {
    const run = new ScriptedRun();
    const [x, a] = [run.acquire('x', 1), run.acquire('a', 1)];
    run.created(2, x).acquired(x, 3, 2).created(4, a);
    const b = run.acquire('b', 5, { client: 'a' });
    run.marked(6, a).cut(a, 7);
    return {
      run,
      end: (revision) => run.deleted(revision, a).answered(b, revision + 1, 410, 'lock-expired'),
    };
  };

  it('reports an entry that its older connection removes', () => {
    const { end } = rejoin();
    expect(rejoined(end(8))).toEqual([
      expect.stringMatching(/@4 was re-joined by b, .* revision 8 .* older: a \(cut\)/),
    ]);
  });

  it('accepts a removal that a client requested', () => {
    const { run, end } = rejoin();
    run.answered(run.call('release', 'r', 7, { client: 'a' }), 9, 200);
    expect(rejoined(end(8))).toEqual([]);
  });

  it('counts a client that receives "acquired" as joined', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    const b = run.acquire('b', 3, { client: 'a' });
    run.created(2, a).acquired(a, 3, 2).marked(4, a).acquired(b, 5, 2);
    expect(checkRejoined(run.evidence())).toEqual({ violations: [], count: 1 });
  });

  it('accepts an older connection that closed before the newer one joined', () => {
    const run = new ScriptedRun();
    const [x, a] = [run.acquire('x', 1), run.acquire('a', 1)];
    run.created(2, x).acquired(x, 3, 2).created(4, a);
    const b = run.acquire('b', 5, { client: 'a' });
    run.cut(a, 6).deleted(7, a).answered(b, 8, 410, 'lock-expired');
    expect(rejoined(run)).toEqual([]);
  });

  it('does not decide if the only write may be of a creator whose request was disturbed', () => {
    const { run, end } = rejoin();
    run.fault({ kind: 'request-disturbed', what: 'enter', from: at(4), until: at(4) });
    expect(rejoined(end(8))).toEqual([]);
  });

  it('reports a waiter whose entry is removed while it is connected', () => {
    const run = new ScriptedRun();
    const [x, a] = [run.acquire('x', 1), run.acquire('a', 1)];
    run.created(2, x).acquired(x, 3, 2).created(4, a).deleted(6, a);
    run.answered(a, 7, 410, 'lock-expired');
    expect(rejoined(run)).toEqual([expect.stringContaining('a waited for exclusive entry')]);
  });

  it('reports a waiter whose entry a newer connection of the same client removes', () => {
    const run = new ScriptedRun();
    const [x, a] = [run.acquire('x', 1), run.acquire('a', 1)];
    run.created(2, x).acquired(x, 3, 2).created(4, a);
    run.cut(run.acquire('b', 5, { client: 'a' }), 7);
    run.marked(6, a).deleted(8, a).answered(a, 9, 410, 'lock-expired');
    expect(rejoined(run)).toEqual([expect.stringContaining('a waited for')]);
  });

  it('accepts a lease that expired because its entry was created long after the grant', () => {
    const run = new ScriptedRun();
    const [x, a] = [run.acquire('x', 1), run.acquire('a', 1)];
    run.created(2, x).acquired(x, 3, 2).created(900, a).deleted(1_050, a);
    run.answered(a, 1_060, 410, 'lock-expired');
    expect(rejoined(run)).toEqual([]);
  });

  it('distinguishes violations that a slow machine may cause from those that must not happen', () => {
    const gone = (revision: number): boolean[] =>
      checkRejoined(rejoin().end(revision).evidence()).violations.map(({ isOfTime }) => isOfTime);
    expect([gone(8), gone(1_500)]).toEqual([[false], [true]]);
  });

  it('reports a waiter that a release by owner removed', () => {
    const run = new ScriptedRun();
    const [x, a] = [run.acquire('x', 1, { client: 'o' }), run.acquire('a', 1, { client: 'o' })];
    const waiter = Object.assign(a, { token: 'another-token-of-o' });
    run.created(2, x).acquired(x, 3, 2).created(4, waiter);
    run.answered(run.call('release-by-owner', 'r', 5, { client: 'o' }), 8, 200);
    run.deleted(6, x).deleted(6, waiter).answered(waiter, 7, 410, 'lock-expired');
    expect(rejoined(run)).toEqual([expect.stringContaining('a waited for')]);
  });
});

describe('late copies', () => {
  const twice = (secondLease: string): ScriptedRun => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    return run.created(2, a).deleted(6, a).created(8, a, secondLease);
  };

  it('accepts entries that were created on different leases', () => {
    expect(copies(twice('lease-b'))).toEqual([]);
  });

  it('reports two entries that were created on one lease', () => {
    expect(copies(twice('lease-a'))).toEqual([
      expect.stringContaining('both created on the lease lease-a'),
    ]);
  });

  it('reports the lease of a queued entry that continues after "acquired" without a ttl', () => {
    const convert = (leaseEnd: number): ScriptedRun => {
      const run = new ScriptedRun();
      const a = run.acquire('a', 1, { ttlSeconds: null });
      return run
        .created(2, a)
        .lease('lease-a', 3, leaseEnd)
        .moved(4, a, undefined)
        .acquired(a, 6, 2);
    };
    expect(copies(convert(5))).toEqual([]);
    expect(copies(convert(9))).toEqual([expect.stringContaining('on which it had queued')]);
  });
});
