import { describe, expect, it } from 'vitest';
import { checkAll } from '../../lock-checker/checks/all.js';
import { checkAnswers } from '../../lock-checker/checks/answers.js';
import { checkGuards } from '../../lock-checker/checks/guards.js';
import { checkLiveness } from '../../lock-checker/checks/liveness.js';
import { Story, at, sentences } from './story.js';

const guards = (story: Story): string[] => sentences(checkGuards(story.evidence()));
const liveness = (story: Story, endedAt?: number): string[] =>
  sentences(checkLiveness(story.evidence(endedAt)));
const answers = (story: Story): string[] => sentences(checkAnswers(story.evidence()));

/** `a` holds from revision 2 to 10, `b` waits from 3 on and holds then. */
function held(): Story {
  const story = new Story();
  const [a, b] = [story.acquire('a', 1), story.acquire('b', 1)];
  story.created(2, a).created(3, b).told(a, 4, 2).told(b, 11, 3).deleted(10, a).deleted(20, b);
  story.answered(story.call('release', 'ra', 9, { client: 'a' }), 10, 200);
  return story.answered(story.call('release', 'rb', 19, { client: 'b' }), 20, 200);
}

function guarded(story: Story, fencingToken: number, revision: number, status: number): Story {
  const write = story.call('guarded-write', 'w', revision - 1, { asksFor: fencingToken });
  write.revision = revision;
  return story.answered(write, revision, status, status === 412 ? 'lock-lost' : undefined);
}

describe('I6, guarded writes', () => {
  it('is content with a write of the holder', () => {
    expect(guards(guarded(held(), 2, 6, 200).guardedWrite(6, 'w', 2))).toEqual([]);
  });

  it('finds a write of a waiter', () => {
    expect(guards(guarded(held(), 3, 6, 200).guardedWrite(6, 'w', 3))).toEqual([
      expect.stringContaining('held only from revision 10'),
    ]);
  });

  it('finds a write of a holding that was over, at the very revision of its end too', () => {
    expect(guards(guarded(held(), 2, 10, 200).guardedWrite(10, 'w', 2))).toEqual([
      expect.stringContaining('gone at revision 10'),
    ]);
  });

  it('finds a write under a fencing token that never was', () => {
    expect(guards(held().guardedWrite(6, 'w', 5))).toEqual([
      expect.stringContaining('no such entry ever was'),
    ]);
  });

  it('finds an answer without a write', () => {
    expect(guards(guarded(held(), 2, 6, 200))).toEqual([
      expect.stringContaining('is not in the history'),
    ]);
  });

  it('finds a write that was refused and applied', () => {
    expect(guards(guarded(held(), 2, 6, 412).guardedWrite(6, 'w', 2))).toEqual([
      expect.stringContaining('was answered 412 and applied at 6'),
    ]);
  });

  it('finds a holder who was refused', () => {
    expect(guards(guarded(held(), 2, 6, 412))).toEqual([
      expect.stringContaining('held all the while'),
    ]);
    expect(guards(guarded(held(), 2, 15, 412))).toEqual([]);
  });
});

describe('liveness', () => {
  it('is content with calls that end', () => {
    expect(liveness(held())).toEqual([]);
  });

  it('finds a call that never ends', () => {
    const story = new Story();
    story.acquire('a', 1, { waitMs: 5_000 });
    expect(liveness(story)).toEqual([expect.stringContaining('and none came')]);
  });

  it('finds a call that ends long after its wait', () => {
    const story = new Story();
    const a = story.acquire('a', 1, { waitMs: 1_000 });
    story.answered(a, 4_000, 423, 'lock-held');
    expect(liveness(story)).toEqual([expect.stringContaining('which is too long')]);
  });

  it('finds a waiter who is not told that he holds', () => {
    const story = new Story();
    const [a, b] = [story.acquire('a', 1), story.acquire('b', 1)];
    story.created(2, a).created(3, b).told(a, 4, 2).deleted(5, a).told(b, 2_500, 3);
    expect(liveness(story)).toEqual([expect.stringContaining('b waited on for')]);
  });

  it('lets a hold last as long as its client wants', () => {
    const story = new Story();
    const a = story.hold('a', 1, { waitMs: 1_000 });
    story.created(2, a).told(a, 3, 2).cut(a, 9_000).deleted(9_001, a);
    expect(liveness(story)).toEqual([]);
  });
});

describe('answers', () => {
  it('finds one that the call may not get', () => {
    const story = held();
    story.answered(story.acquire('c', 2), 3, 409, 'already-exists');
    story.answered(story.acquire('d', 2), 3, 500, 'internal-error');
    expect(answers(story)).toEqual([
      expect.stringContaining('409 already-exists is none'),
      expect.stringContaining('500 internal-error is none'),
    ]);
  });

  it('finds a failed write that does not say what became of it', () => {
    const story = held();
    story.answered(story.acquire('c', 2), 3, 503, 'etcd-unavailable');
    expect(answers(story)).toEqual([expect.stringContaining('what became of the write')]);
  });

  it('finds one that is not as the document says', () => {
    const story = held();
    const call = story.acquire('c', 2);
    call.deviation = 'the body has no ttl';
    story.answered(call, 3, 423, 'lock-held');
    expect(answers(story)).toEqual([expect.stringContaining('the body has no ttl')]);
  });

  it('finds "held" for a lock where nobody stood in the way', () => {
    const story = held();
    story.answered(story.acquire('c', 21), 22, 423, 'lock-held');
    expect(answers(story)).toEqual([expect.stringContaining('nobody stood in the way')]);
  });

  it('finds "held" for a shared entry among shared ones', () => {
    const story = new Story();
    const a = story.acquire('a', 1, { mode: 'shared' });
    story.created(2, a).told(a, 3, 2);
    story.answered(story.acquire('c', 4, { mode: 'shared' }), 5, 423, 'lock-held');
    expect(answers(story)).toHaveLength(1);
  });

  it('compares the holders that an inspection shows with those of its revisions', () => {
    const inspect = (holders: number[]): string[] => {
      const story = held();
      const call = story.call('inspect', 'i', 5);
      call.holders = holders;
      return answers(story.answered(call, 11, 200));
    };
    expect([inspect([2]), inspect([3])]).toEqual([[], []]);
    expect(inspect([])).toEqual([
      expect.stringContaining('it showed the holders none, but they were 3: 2; 10: 3'),
    ]);
    expect(inspect([2, 3])).toHaveLength(1);
  });
});

describe('all checks together', () => {
  it('are content with a run in which all was well', () => {
    const story = held();
    for (const revision of [1, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19])
      story.lease(`x${revision}`, revision);
    const evidence = story.evidence(at(200));
    expect(checkAll(evidence)).toEqual({ violations: [], excusedReturns: 0, rejoined: 0 });
  });
});
