import { describe, expect, it } from 'vitest';
import { checkRenewals, checkAcquisitions } from '../../lock-checker/checks/acquisitions.js';
import { ScriptedRun, at, violationTexts } from './scripted-run.js';

const violations = (run: ScriptedRun): string[] =>
  violationTexts(checkAcquisitions(run.evidence()));
const renewalViolations = (run: ScriptedRun): string[] =>
  violationTexts(checkRenewals(run.evidence()));

describe('I1, acquisitions', () => {
  it('accepts a holder that releases', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).acquired(a, 3, 2, at(1_000)).deleted(5, a);
    run.answered(run.call('release', 'r', 4, { client: 'a' }), 6, 200);
    expect(violations(run)).toEqual([]);
  });

  it('reports a fencing token without an entry', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).acquired(a, 3, 7);
    expect(violations(run)).toEqual([expect.stringContaining('no entry was created')]);
  });

  it("reports a fencing token of another client's entry", () => {
    const run = new ScriptedRun();
    const [a, b] = [run.acquire('a', 1), run.acquire('b', 1)];
    run.created(2, a).acquired(b, 3, 2);
    expect(violations(run)).toEqual([expect.stringContaining('is not its entry')]);
  });

  it('reports a response before the entry held', () => {
    const run = new ScriptedRun();
    const [a, b] = [run.acquire('a', 1), run.acquire('b', 1)];
    run.created(2, a).created(3, b).acquired(a, 3, 2).acquired(b, 5, 3).deleted(7, a);
    run.answered(run.call('release', 'r', 6, { client: 'a' }), 7, 200);
    expect(violations(run)).toEqual([
      expect.stringMatching(/^I1: b received .* held only from revision 7, after the response/),
    ]);
  });

  it('reports a response for an entry that never held', () => {
    const run = new ScriptedRun();
    const [a, b] = [run.acquire('a', 1), run.acquire('b', 1)];
    run.created(2, a).created(3, b).deleted(4, b).acquired(b, 5, 3);
    expect(violations(run)).toContainEqual(expect.stringContaining('never held'));
  });

  it('reports a response for an entry that was removed before the call', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).deleted(3, a);
    const again = run.acquire('again', 4, { client: 'a' });
    run.acquired(again, 5, 2);
    expect(violations(run)).toContainEqual(expect.stringContaining('before the call began'));
  });

  it('reports an entry that is deleted without a request', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).lease('lease-a', 3, 9).acquired(a, 4, 2).deleted(6, a);
    expect(violations(run)).toEqual([
      expect.stringMatching(/no client requested .* revision 6 .* while its lease continued/),
    ]);
  });

  it('reports a lease that ends before the expiry time in the response', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1, { ttlSeconds: 0 });
    run.created(2, a).lease('lease-a', 3, 6).acquired(a, 4, 2, at(20)).deleted(6, a);
    expect(violations(run)).toEqual([expect.stringContaining('together with its lease')]);
  });

  it('accepts a lease that expires after its expiry time', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1, { ttlSeconds: 0 });
    run.created(2, a).lease('lease-a', 3, 26).acquired(a, 4, 2, at(20)).deleted(26, a);
    expect(violations(run)).toEqual([]);
  });

  it('does not count a release that finished before the acquisition as a request', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.answered(run.call('release', 'r', 1, { client: 'a' }), 1, 200);
    run.created(2, a).acquired(a, 4, 2).deleted(6, a);
    expect(violations(run)).toHaveLength(1);
  });

  it('does not count a refused release as a request', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).acquired(a, 4, 2).deleted(6, a);
    run.answered(run.call('release', 'r', 5, { client: 'a' }), 7, 409, 'not-holder');
    expect(violations(run)).toHaveLength(1);
  });

  it('counts a release without a response as a request', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).acquired(a, 4, 2).deleted(6, a);
    run.cut(run.call('release', 'r', 5, { client: 'a' }), 5);
    expect(violations(run)).toEqual([]);
  });

  it('accepts a forced release of any holder', () => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    run.created(2, a).acquired(a, 4, 2).deleted(6, a);
    run.answered(run.call('force', 'f', 5), 7, 200);
    expect(violations(run)).toEqual([]);
  });

  it('accepts a hold that ends with its connection', () => {
    const run = new ScriptedRun();
    const a = run.hold('a', 1);
    run.created(2, a).acquired(a, 3, 2).cut(a, 4).deleted(5, a);
    expect(violations(run)).toEqual([]);
  });

  it('reports a hold that ends before its connection', () => {
    const run = new ScriptedRun();
    const a = run.hold('a', 1);
    run.created(2, a).acquired(a, 3, 2).deleted(5, a).cut(a, 8);
    expect(violations(run)).toHaveLength(1);
  });

  it('reports a holder whose entry is removed with the older hold of its token', () => {
    const run = new ScriptedRun();
    const older = run.hold('older', 1, { client: 'a' });
    const newer = run.acquire('newer', 3, { client: 'a' });
    run.created(2, older).acquired(older, 3, 2).marked(4, older).acquired(newer, 5, 2);
    run.cut(older, 6).deleted(7, older);
    expect(violations(run)).toEqual([expect.stringContaining('newer acquired')]);
  });
});

describe('I1, renewals', () => {
  const held = (): ScriptedRun => {
    const run = new ScriptedRun();
    const a = run.acquire('a', 1);
    return run.created(2, a).acquired(a, 3, 2).deleted(10, a);
  };

  it('accepts 200 for a holder and 410 after the entry is removed', () => {
    const run = held();
    const good = run.call('keepalive', 'k1', 4, { client: 'a', requestedFencingToken: 2 });
    good.fencingToken = 2;
    run.answered(good, 5, 200);
    const late = run.call('keepalive', 'k2', 11, { client: 'a', requestedFencingToken: 2 });
    run.answered(late, 12, 410, 'lock-expired');
    expect(renewalViolations(run)).toEqual([]);
  });

  it('reports a renewal that succeeds after the entry is removed', () => {
    const run = held();
    const late = run.call('keepalive', 'k', 11, { client: 'a', requestedFencingToken: 2 });
    late.fencingToken = 2;
    run.answered(late, 12, 200);
    expect(renewalViolations(run)).toEqual([expect.stringContaining('removed at revision 10')]);
  });

  it('reports a 410 for an entry that holds', () => {
    const run = held();
    const denied = run.call('keepalive', 'k', 4, { client: 'a', requestedFencingToken: 2 });
    run.answered(denied, 5, 410, 'lock-expired');
    expect(renewalViolations(run)).toEqual([expect.stringContaining('held throughout')]);
  });

  it('reports a renewal of a waiter that succeeds', () => {
    const run = held();
    const b = run.acquire('b', 1);
    run.created(3, b);
    const early = run.call('keepalive', 'k', 4, { client: 'b', requestedFencingToken: 3 });
    early.fencingToken = 3;
    run.answered(early, 5, 200);
    expect(renewalViolations(run)).toEqual([expect.stringContaining('did not hold')]);
  });
});
