import { describe, expect, it } from 'vitest';
import { checkKeyAnswers, checkLastLook } from '../../chaos/checks/answers.js';
import { checkReads } from '../../chaos/checks/reads.js';
import { KEY, OTHER, Story, seen, sentences } from './story.js';

const reads = (story: Story): string[] => sentences(checkReads(story.evidence()));
const answers = (story: Story): string[] => sentences(checkKeyAnswers(story.evidence()));

/** `a` wrote revision 2, `b` revision 5. */
function written(): Story {
  const story = new Story();
  story.acknowledged(story.put('a', 1), 2).written(2, 'a');
  return story.acknowledged(story.put('b', 4), 5).written(5, 'b');
}

describe('reads', () => {
  it('agree with the history at their revision', () => {
    const story = written();
    story.answered(story.get('r', 2), 3, 200, { kind: 'done', revision: 3, seen: seen('a', 2) });
    story.answered(story.get('s', 4), 6, 200, { kind: 'done', revision: 4, seen: seen('a', 2) });
    expect(reads(story)).toEqual([]);
  });

  it('are found when they show another value, or none', () => {
    const story = written();
    story.answered(story.get('r', 2), 3, 200, { kind: 'done', revision: 3, seen: seen('b', 2) });
    story.answered(story.get('s', 2), 3, 404, { kind: 'absent', revision: 3, seen: [] });
    expect(reads(story)).toEqual([
      expect.stringMatching(/^untrue: r \(get\): at revision 3 .* was a .*, not b /),
      expect.stringMatching(/^untrue: s \(get\): at revision 3 .* was a .*, not missing$/),
    ]);
  });

  it('are found when they are older than what was acknowledged before they began', () => {
    const story = written();
    const told = { kind: 'done', revision: 4, seen: seen('a', 2) } as const;
    story.answered(story.get('r', 6), 7, 200, told);
    expect(reads(story)).toEqual([
      'stale: r (get) read revision 4, but 5 was there before it began',
    ]);
  });

  it('may be old when they ask for no quorum, and not untrue', () => {
    const story = written();
    const told = { kind: 'done', revision: 4, seen: seen('a', 2) } as const;
    story.answered(story.get('r', 6, 'stale get'), 7, 200, told);
    expect(reads(story)).toEqual([]);
    story.answered(story.get('s', 6, 'stale get'), 7, 200, { ...told, revision: 5 });
    expect(reads(story)).toHaveLength(1);
  });

  it('are found when they show what nobody had yet', () => {
    const story = written();
    story.answered(story.get('r', 2), 3, 200, { kind: 'done', revision: 5, seen: seen('b', 5) });
    expect(reads(story)).toEqual(['too new: r (get) read revision 5, but a later read saw only 3']);
  });

  it('of a range show all keys, each as it was', () => {
    const story = written().written(6, 'c', OTHER);
    const list = (id: string): ReturnType<Story['call']> =>
      story.call('list', id, 6, { shown: [KEY, OTHER] });
    const both = [...seen('b', 5), ...seen('c', 6, OTHER)];
    story.answered(list('l'), 7, 200, { kind: 'done', revision: 6, seen: both });
    expect(reads(story)).toEqual([]);
    story.answered(list('m'), 7, 200, { kind: 'done', revision: 6, seen: seen('b', 5) });
    expect(reads(story)).toEqual([expect.stringContaining(`${OTHER} was c`)]);
  });
});

describe('refused writes', () => {
  it('show the key as it was at some revision meanwhile', () => {
    const story = written();
    const told = { kind: 'refused', revision: undefined, seen: seen('a', 2) } as const;
    story.answered(story.put('w', 3, 1), 6, 412, told);
    expect(reads(story)).toEqual([]);
  });

  it('are found when the key was never so', () => {
    const story = written();
    const told = { kind: 'refused', revision: undefined, seen: seen('a', 2) } as const;
    story.answered(story.put('w', 6, 1), 7, 412, told);
    expect(reads(story)).toEqual([expect.stringMatching(/^untrue: w /)]);
  });

  it('are found when their condition was true all the while', () => {
    const story = written();
    const told = { kind: 'refused', revision: undefined, seen: seen('b', 5) } as const;
    story.answered(story.put('w', 6, 5), 7, 412, told);
    expect(reads(story)).toEqual([expect.stringContaining('every condition was true')]);
  });
});

describe('answers', () => {
  it('are found when the call cannot get them, or do not say what became of a write', () => {
    const story = written();
    story.answered(story.get('r', 2), 3, 500);
    story.answered(Object.assign(story.put('w', 2), { code: 'timeout' }), 3, 504);
    expect(answers(story)).toEqual([
      'answers: r (get): the answer 500 is none that it may get',
      'answers: w (put): 504 timeout does not say what became of the write',
    ]);
  });

  it('are found when they never come', () => {
    const story = written();
    story.get('r', 2);
    expect(answers(story)).toEqual([expect.stringMatching(/^liveness: r \(get\) took \d+ ms/)]);
  });

  it('come from both replicas when all is quiet', () => {
    const story = written();
    const told = { kind: 'done', revision: 5, seen: seen('b', 5) } as const;
    story.answered(story.get('last.1', 6), 7, 200, told);
    expect(sentences(checkLastLook(story.evidence(), [KEY], 2))).toEqual([
      `liveness: replica 1 did not answer for ${KEY} when all was quiet`,
    ]);
  });
});
