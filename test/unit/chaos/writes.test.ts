import { describe, expect, it } from 'vitest';
import { checkDeletes } from '../../chaos/checks/deletes.js';
import { checkWrites } from '../../chaos/checks/writes.js';
import { KEY, OTHER, Story, sentences } from './story.js';

const writes = (story: Story): string[] => sentences(checkWrites(story.evidence()));
const deletes = (story: Story): string[] => sentences(checkDeletes(story.evidence()));

describe('writes in the history', () => {
  it('are those that were acknowledged', () => {
    const story = new Story();
    expect(writes(story.acknowledged(story.put('a', 1), 2).written(2, 'a'))).toEqual([]);
  });

  it('may be of a call that does not know, or not be', () => {
    const story = new Story();
    story.broken(story.put('a', 1), 3).failed(story.put('b', 1), 3, 'unknown').written(2, 'a');
    expect(writes(story)).toEqual([]);
  });

  it('are found when nobody asked for them', () => {
    expect(writes(new Story().written(2, 'x'))).toEqual([
      `invented: nobody wrote x to ${KEY} (revision 2)`,
    ]);
  });

  it('are found when they come twice', () => {
    const story = new Story();
    story.broken(story.put('a', 1), 5).written(2, 'a').written(4, 'a');
    expect(writes(story)).toEqual(['twice: a was applied at 2 and 4']);
  });

  it('are found when they are acknowledged and missing', () => {
    const story = new Story();
    expect(writes(story.acknowledged(story.put('a', 1), 2))).toEqual([
      'lost: a was acknowledged with revision 2, but it is nowhere',
    ]);
  });

  it('are found when they are acknowledged with another revision', () => {
    const story = new Story();
    expect(writes(story.acknowledged(story.put('a', 1), 4).written(3, 'a'))).toEqual([
      'lost: a was acknowledged with revision 4, but it is at 3',
    ]);
  });

  it('are found when the caller was told that they did not happen', () => {
    const story = new Story();
    expect(writes(story.failed(story.put('a', 1), 3, 'not-applied').written(2, 'a'))).toEqual([
      'not told: a was told 503 etcd-unavailable not-applied, but was applied at 2',
    ]);
  });

  it('are found when a condition was not true, whoever was told of it', () => {
    const story = new Story();
    story.acknowledged(story.put('a', 1), 2).written(2, 'a');
    story.broken(story.put('b', 1, 1), 4).written(3, 'b');
    expect(writes(story)).toEqual([`condition: b was applied at 3 where ${KEY} was 2, not 1`]);
  });

  it('are found when they are older than what was there before they began', () => {
    const story = new Story();
    story.acknowledged(story.put('a', 6), 5).written(5, 'a');
    expect(writes(story)).toEqual(['stale: a was applied at 5, but 5 was there before it began']);
  });

  it('are found when only a part of them happened', () => {
    const story = new Story();
    const both = story.call('transact', 't', 1, { puts: [KEY, OTHER] });
    story.broken(both, 5).written(2, 't');
    expect(writes(story)).toEqual([`torn: t was applied at 2 without ${OTHER}`]);
  });

  it('are found when the parts of them happened one after the other', () => {
    const story = new Story();
    const both = story.call('transact', 't', 1, { puts: [KEY, OTHER] });
    story.acknowledged(both, 3).written(2, 't').written(3, 't', OTHER);
    expect(writes(story)).toEqual(['twice: t was applied at 2 and 3']);
  });
});

describe('deletions in the history', () => {
  /** The key is there from revision 2 on. */
  const written = (): Story => {
    const story = new Story();
    return story.acknowledged(story.put('a', 1), 2).written(2, 'a');
  };

  it('are those that were acknowledged, and those that a transaction names', () => {
    const story = written();
    story.acknowledged(story.remove('d', 2), 3).removed(3).written(4, 'b');
    story.acknowledged(story.call('transact', 't', 4, { puts: [OTHER], deletes: [KEY] }), 5);
    story.removed(5).written(5, 't', OTHER);
    expect(deletes(story)).toEqual([]);
  });

  it('are found when nobody asked for them', () => {
    expect(deletes(written().removed(3))).toEqual([
      `invented: nobody can have deleted ${KEY} at revision 3`,
    ]);
  });

  it('are done by calls that do not know, by each of them once', () => {
    const story = written().removed(3).written(4, 'b');
    story.broken(story.remove('d', 2), 6);
    expect(deletes(story)).toEqual([]);
    expect(deletes(story.removed(5))).toEqual([
      `invented: nobody can have deleted ${KEY} at revision 5`,
    ]);
  });

  it('are not done by a call whose condition was not true, nor by one that began later', () => {
    const story = written().removed(3);
    story.broken(story.remove('d', 2, 1), 6).broken(story.remove('e', 3), 6);
    expect(deletes(story)).toHaveLength(1);
  });

  it('are found when they are acknowledged and missing', () => {
    const story = written();
    expect(deletes(story.acknowledged(story.remove('d', 2), 3))).toEqual([
      `lost: d was told that it deleted ${KEY} at 3, but nothing was deleted there`,
    ]);
  });

  it('are found when two were told that they did the same one', () => {
    const story = written().removed(3);
    story.acknowledged(story.remove('d', 2), 3).acknowledged(story.remove('e', 2), 3);
    expect(deletes(story)).toEqual([`twice: d and e were both told that they deleted ${KEY} at 3`]);
  });
});
