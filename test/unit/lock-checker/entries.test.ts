import { describe, expect, it } from 'vitest';
import { checkAbandoned, checkNothingLeft } from '../../lock-checker/checks/abandoned.js';
import { checkLateCopies } from '../../lock-checker/checks/late-copies.js';
import { checkOneEntry } from '../../lock-checker/checks/one-entry.js';
import { checkRejoined } from '../../lock-checker/checks/rejoined.js';
import { Story, at, sentences } from './story.js';

const abandoned = (story: Story, endedAt?: number): string[] =>
  sentences(checkAbandoned(story.evidence(endedAt)));
const oneEntry = (story: Story): string[] => sentences(checkOneEntry(story.evidence()).violations);
const rejoined = (story: Story): string[] => sentences(checkRejoined(story.evidence()).violations);
const copies = (story: Story): string[] => sentences(checkLateCopies(story.evidence()));

describe('I4, abandoned entries', () => {
  const vanished = (goneAt: number): Story => {
    const story = new Story();
    const a = story.acquire('a', 1);
    return story.created(2, a).told(a, 3, 2, at(1_003)).deleted(goneAt, a);
  };

  it('is content when one goes with its ttl', () => {
    expect(abandoned(vanished(1_100))).toEqual([]);
  });

  it('finds one that stays for ttl, slack and more', () => {
    expect(abandoned(vanished(2_700))).toEqual([expect.stringContaining('went only at revision')]);
  });

  it('counts from the last new leader', () => {
    expect(abandoned(vanished(2_700).election(at(1_000)))).toEqual([]);
  });

  it('counts from the last renewal, answered or not', () => {
    const story = vanished(2_700);
    story.cut(story.call('keepalive', 'k', 900, { client: 'a', asksFor: 2 }), 901);
    expect(abandoned(story)).toEqual([]);
  });

  it('finds a waiter that stays though its only caller hung up', () => {
    const story = new Story();
    const [a, b] = [story.acquire('a', 1), story.acquire('b', 1, { ttlSeconds: 3_600 })];
    story.created(2, a).told(a, 3, 2, at(9_000)).created(4, b).cut(b, 5);
    story.deleted(1_000, a).deleted(2_000, b);
    expect(abandoned(story)).toEqual([expect.stringContaining('its only caller b left')]);
  });

  it('expects no orderly departure from a replica that was killed', () => {
    const story = new Story();
    const [a, b] = [story.acquire('a', 1), story.acquire('b', 1)];
    story.created(2, a).told(a, 3, 2, at(9_000)).created(4, b).cut(b, 5);
    story.deleted(1_000, a).deleted(2_000, b);
    story.fault({ kind: 'replica-killed', what: '0', from: at(5), until: at(8) });
    expect(abandoned(story)).toEqual([]);
  });

  it('lets what is held without a ttl stay', () => {
    const story = new Story();
    const a = story.acquire('a', 1, { ttlSeconds: null });
    story.created(2, a).moved(3, a, undefined).told(a, 4, 2);
    expect(abandoned(story)).toEqual([]);
  });

  it('finds whatever is left at the end', () => {
    const story = new Story();
    story.created(2, story.acquire('a', 1));
    expect(sentences(checkNothingLeft(story.evidence()))).toEqual([
      expect.stringContaining('lock@2 is left'),
    ]);
  });
});

describe('I5, one entry for one token', () => {
  it('does not take a release for the end of what had gone before it began, however late that is seen', () => {
    const story = new Story();
    const first = story.acquire('a1', 1, { client: 'a' });
    const second = story.acquire('a2', 4, { client: 'a' });
    story.created(2, first).cut(first, 3).deleted(5, first);
    story.created(6, second).told(second, 7, 6);
    const release = story.call('release', 'r', 8, { client: 'a' });
    story.deleted(9, second).answered(release, 10, 200).seenOnlyAt(20);
    expect(oneEntry(story)).toEqual([]);
  });

  it('is content with an entry that is made once', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).told(a, 3, 2).deleted(5, a);
    story.answered(story.call('release', 'r', 4, { client: 'a' }), 6, 200);
    expect(oneEntry(story)).toEqual([]);
  });

  it('finds a second entry in the other mode', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    const b = story.acquire('b', 1, { client: 'a', mode: 'shared' });
    story.created(2, a).created(3, b);
    expect(oneEntry(story)).toEqual([expect.stringContaining('one token has two entries')]);
  });

  it('finds a released entry that comes back', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.cut(story.acquire('x', 1, { client: 'a' }), 2);
    story.created(2, a).told(a, 3, 2).deleted(5, a);
    story.answered(story.call('release', 'r', 4, { client: 'a' }), 6, 200);
    story.created(9, a, 'another-lease');
    expect(oneEntry(story)).toEqual([expect.stringContaining('a had had its answer before')]);
  });

  it('finds one that comes back on the lease of the released one, whoever had no answer', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).cut(a, 3);
    const b = story.acquire('b', 3, { client: 'a' });
    story.marked(4, a).told(b, 5, 2).deleted(7, a);
    story.answered(story.call('release', 'r', 6, { client: 'a' }), 8, 200);
    story.created(9, a);
    expect(oneEntry(story)).toEqual([expect.stringContaining('on the very lease')]);
  });

  it('finds one that comes back with a token that the gateway made', () => {
    const story = new Story();
    const a = story.acquire('a', 1, { isTokenChosen: false });
    story.created(2, a).told(a, 3, 2).deleted(5, a);
    story.answered(story.call('release', 'r', 4, { client: 'a' }), 6, 200);
    story.created(9, a, 'another-lease');
    expect(oneEntry(story)).toEqual([expect.stringContaining('the gateway made the token')]);
  });

  it('excuses an older connection without an answer of a caller who went on elsewhere', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.cut(a, 2);
    const b = story.acquire('b', 2, { client: 'a' });
    story.created(3, b).told(b, 4, 3).deleted(6, b);
    story.answered(story.call('release', 'r', 5, { client: 'a' }), 7, 200);
    story.created(9, a);
    const { violations, excused } = checkOneEntry(story.evidence());
    expect([violations, excused.map(({ createRevision }) => createRevision)]).toEqual([[], [9]]);
  });
});

describe('I8, re-joined entries', () => {
  /** `a` queues behind `x`, `b` joins its entry at revision 6, `a` is cut. */
  const rejoin = (): { story: Story; end: (revision: number) => Story } => {
    const story = new Story();
    const [x, a] = [story.acquire('x', 1), story.acquire('a', 1)];
    story.created(2, x).told(x, 3, 2).created(4, a);
    const b = story.acquire('b', 5, { client: 'a' });
    story.marked(6, a).cut(a, 7);
    return {
      story,
      end: (revision) => story.deleted(revision, a).answered(b, revision + 1, 410, 'lock-expired'),
    };
  };

  it('finds an entry that its older connection takes along', () => {
    const { end } = rejoin();
    expect(rejoined(end(8))).toEqual([
      expect.stringMatching(/@4 was re-joined by b, .* revision 8 .* older: a \(cut\)/),
    ]);
  });

  it('is content when somebody released it', () => {
    const { story, end } = rejoin();
    story.answered(story.call('release', 'r', 7, { client: 'a' }), 9, 200);
    expect(rejoined(end(8))).toEqual([]);
  });

  it('counts a caller who is told "acquired" as joined', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    const b = story.acquire('b', 3, { client: 'a' });
    story.created(2, a).told(a, 3, 2).marked(4, a).told(b, 5, 2);
    expect(checkRejoined(story.evidence())).toEqual({ violations: [], count: 1 });
  });

  it('is content when the older connection left before the newer had joined', () => {
    const story = new Story();
    const [x, a] = [story.acquire('x', 1), story.acquire('a', 1)];
    story.created(2, x).told(x, 3, 2).created(4, a);
    const b = story.acquire('b', 5, { client: 'a' });
    story.cut(a, 6).deleted(7, a).answered(b, 8, 410, 'lock-expired');
    expect(rejoined(story)).toEqual([]);
  });

  it('does not decide when the only mark may be of a creator whose request was disturbed', () => {
    const { story, end } = rejoin();
    story.fault({ kind: 'request-disturbed', what: 'enter', from: at(4), until: at(4) });
    expect(rejoined(end(8))).toEqual([]);
  });

  it('finds a waiter whose entry goes while he is connected', () => {
    const story = new Story();
    const [x, a] = [story.acquire('x', 1), story.acquire('a', 1)];
    story.created(2, x).told(x, 3, 2).created(4, a).deleted(6, a);
    story.answered(a, 7, 410, 'lock-expired');
    expect(rejoined(story)).toEqual([expect.stringContaining('a waited for exclusive entry')]);
  });

  it('finds a waiter whose entry a newer connection of his takes along', () => {
    const story = new Story();
    const [x, a] = [story.acquire('x', 1), story.acquire('a', 1)];
    story.created(2, x).told(x, 3, 2).created(4, a);
    story.cut(story.acquire('b', 5, { client: 'a' }), 7);
    story.marked(6, a).deleted(8, a).answered(a, 9, 410, 'lock-expired');
    expect(rejoined(story)).toEqual([expect.stringContaining('a waited for')]);
  });

  it('forgives a lease that ran out when its entry was made long after it was granted', () => {
    const story = new Story();
    const [x, a] = [story.acquire('x', 1), story.acquire('a', 1)];
    story.created(2, x).told(x, 3, 2).created(900, a).deleted(1_050, a);
    story.answered(a, 1_060, 410, 'lock-expired');
    expect(rejoined(story)).toEqual([]);
  });

  it('knows what may be the fault of a slow machine from what must never be', () => {
    const gone = (revision: number): boolean[] =>
      checkRejoined(rejoin().end(revision).evidence()).violations.map(({ isOfTime }) => isOfTime);
    expect([gone(8), gone(1_500)]).toEqual([[false], [true]]);
  });

  it('finds a waiter whom a release by owner took along', () => {
    const story = new Story();
    const [x, a] = [story.acquire('x', 1, { client: 'o' }), story.acquire('a', 1, { client: 'o' })];
    const waiter = Object.assign(a, { token: 'another-token-of-o' });
    story.created(2, x).told(x, 3, 2).created(4, waiter);
    story.answered(story.call('release-by-owner', 'r', 5, { client: 'o' }), 8, 200);
    story.deleted(6, x).deleted(6, waiter).answered(waiter, 7, 410, 'lock-expired');
    expect(rejoined(story)).toEqual([expect.stringContaining('a waited for')]);
  });
});

describe('late copies', () => {
  const twice = (secondLease: string): Story => {
    const story = new Story();
    const a = story.acquire('a', 1);
    return story.created(2, a).deleted(6, a).created(8, a, secondLease);
  };

  it('accepts entries that were created on different leases', () => {
    expect(copies(twice('lease-b'))).toEqual([]);
  });

  it('finds two entries that were created on one lease', () => {
    expect(copies(twice('lease-a'))).toEqual([
      expect.stringContaining('both created on the lease lease-a'),
    ]);
  });

  it('finds the lease of a queued entry that lives on after "acquired" without a ttl', () => {
    const convert = (leaseEnd: number): Story => {
      const story = new Story();
      const a = story.acquire('a', 1, { ttlSeconds: null });
      return story.created(2, a).lease('lease-a', 3, leaseEnd).moved(4, a, undefined).told(a, 6, 2);
    };
    expect(copies(convert(5))).toEqual([]);
    expect(copies(convert(9))).toEqual([expect.stringContaining('on which it had queued')]);
  });
});
