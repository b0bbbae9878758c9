import { describe, expect, it } from 'vitest';
import { checkRenewals, checkToldHolders } from '../../lock-checker/checks/told-holders.js';
import { Story, at, sentences } from './story.js';

const told = (story: Story): string[] => sentences(checkToldHolders(story.evidence()));
const renewed = (story: Story): string[] => sentences(checkRenewals(story.evidence()));

describe('I1, who is told that he holds', () => {
  it('is content with a holder who releases', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).told(a, 3, 2, at(1_000)).deleted(5, a);
    story.answered(story.call('release', 'r', 4, { client: 'a' }), 6, 200);
    expect(told(story)).toEqual([]);
  });

  it('finds a fencing token that no entry has', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).told(a, 3, 7);
    expect(told(story)).toEqual([expect.stringContaining('no entry was created')]);
  });

  it("finds a fencing token of somebody else's entry", () => {
    const story = new Story();
    const [a, b] = [story.acquire('a', 1), story.acquire('b', 1)];
    story.created(2, a).told(b, 3, 2);
    expect(told(story)).toEqual([expect.stringContaining('is not its entry')]);
  });

  it('finds an answer that was given before the entry held', () => {
    const story = new Story();
    const [a, b] = [story.acquire('a', 1), story.acquire('b', 1)];
    story.created(2, a).created(3, b).told(a, 3, 2).told(b, 5, 3).deleted(7, a);
    story.answered(story.call('release', 'r', 6, { client: 'a' }), 7, 200);
    expect(told(story)).toEqual([
      expect.stringMatching(/^I1: b was told .* held only from revision 7, after the answer/),
    ]);
  });

  it('finds an answer for an entry that never held', () => {
    const story = new Story();
    const [a, b] = [story.acquire('a', 1), story.acquire('b', 1)];
    story.created(2, a).created(3, b).deleted(4, b).told(b, 5, 3);
    expect(told(story)).toContainEqual(expect.stringContaining('never held'));
  });

  it('finds an answer for an entry that was gone before the call', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).deleted(3, a);
    const again = story.acquire('again', 4, { client: 'a' });
    story.told(again, 5, 2);
    expect(told(story)).toContainEqual(expect.stringContaining('before the call began'));
  });

  it('finds an entry that is deleted though nobody asked', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).lease('lease-a', 3, 9).told(a, 4, 2).deleted(6, a);
    expect(told(story)).toEqual([
      expect.stringMatching(/nobody asked .* revision 6 .* while its lease lived on/),
    ]);
  });

  it('finds a lease that ends before the time that the answer promised', () => {
    const story = new Story();
    const a = story.acquire('a', 1, { ttlSeconds: 0 });
    story.created(2, a).lease('lease-a', 3, 6).told(a, 4, 2, at(20)).deleted(6, a);
    expect(told(story)).toEqual([expect.stringContaining('together with its lease')]);
  });

  it('takes a lease for run out when its time is over', () => {
    const story = new Story();
    const a = story.acquire('a', 1, { ttlSeconds: 0 });
    story.created(2, a).lease('lease-a', 3, 26).told(a, 4, 2, at(20)).deleted(26, a);
    expect(told(story)).toEqual([]);
  });

  it('does not take a release for asking when it was over before', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.answered(story.call('release', 'r', 1, { client: 'a' }), 1, 200);
    story.created(2, a).told(a, 4, 2).deleted(6, a);
    expect(told(story)).toHaveLength(1);
  });

  it('does not take a release that was refused for asking', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).told(a, 4, 2).deleted(6, a);
    story.answered(story.call('release', 'r', 5, { client: 'a' }), 7, 409, 'not-holder');
    expect(told(story)).toHaveLength(1);
  });

  it('takes a release without an answer for asking', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).told(a, 4, 2).deleted(6, a);
    story.cut(story.call('release', 'r', 5, { client: 'a' }), 5);
    expect(told(story)).toEqual([]);
  });

  it('lets force end whoever holds', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).told(a, 4, 2).deleted(6, a);
    story.answered(story.call('force', 'f', 5), 7, 200);
    expect(told(story)).toEqual([]);
  });

  it('lets a hold end with its connection', () => {
    const story = new Story();
    const a = story.hold('a', 1);
    story.created(2, a).told(a, 3, 2).cut(a, 4).deleted(5, a);
    expect(told(story)).toEqual([]);
  });

  it('finds a hold that ends before its connection', () => {
    const story = new Story();
    const a = story.hold('a', 1);
    story.created(2, a).told(a, 3, 2).deleted(5, a).cut(a, 8);
    expect(told(story)).toHaveLength(1);
  });

  it('finds a holder whose entry goes with the older hold of his token', () => {
    const story = new Story();
    const older = story.hold('older', 1, { client: 'a' });
    const newer = story.acquire('newer', 3, { client: 'a' });
    story.created(2, older).told(older, 3, 2).marked(4, older).told(newer, 5, 2);
    story.cut(older, 6).deleted(7, older);
    expect(told(story)).toEqual([expect.stringContaining('newer was told that it holds')]);
  });
});

describe('I1, renewals', () => {
  const held = (): Story => {
    const story = new Story();
    const a = story.acquire('a', 1);
    return story.created(2, a).told(a, 3, 2).deleted(10, a);
  };

  it('is content with 200 for a holder and 410 for a holding that is over', () => {
    const story = held();
    const good = story.call('keepalive', 'k1', 4, { client: 'a', asksFor: 2 });
    good.fencingToken = 2;
    story.answered(good, 5, 200);
    const late = story.call('keepalive', 'k2', 11, { client: 'a', asksFor: 2 });
    story.answered(late, 12, 410, 'lock-expired');
    expect(renewed(story)).toEqual([]);
  });

  it('finds a renewal that succeeds after the end', () => {
    const story = held();
    const late = story.call('keepalive', 'k', 11, { client: 'a', asksFor: 2 });
    late.fencingToken = 2;
    story.answered(late, 12, 200);
    expect(renewed(story)).toEqual([expect.stringContaining('gone at revision 10')]);
  });

  it('finds a renewal that denies a living holding', () => {
    const story = held();
    const denied = story.call('keepalive', 'k', 4, { client: 'a', asksFor: 2 });
    story.answered(denied, 5, 410, 'lock-expired');
    expect(renewed(story)).toEqual([expect.stringContaining('held all the while')]);
  });

  it('finds a renewal of a waiter that succeeds', () => {
    const story = held();
    const b = story.acquire('b', 1);
    story.created(3, b);
    const early = story.call('keepalive', 'k', 4, { client: 'b', asksFor: 3 });
    early.fencingToken = 3;
    story.answered(early, 5, 200);
    expect(renewed(story)).toEqual([expect.stringContaining('did not hold')]);
  });
});
