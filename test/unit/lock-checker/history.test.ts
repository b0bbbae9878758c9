import { describe, expect, it } from 'vitest';
import { checkComplete } from '../../lock-checker/checks/all.js';
import { Story, sentences } from './story.js';

const holders = (story: Story): (readonly number[])[] =>
  story
    .evidence()
    .history.states.get('lock')!
    .map((state) => state.holders);

describe('a history', () => {
  it('lets the oldest exclusive entry hold, and the next when it is gone', () => {
    const story = new Story();
    const [a, b] = [story.acquire('a', 1), story.acquire('b', 1)];
    story.created(2, a).created(3, b).deleted(4, a).deleted(5, b);
    expect(holders(story)).toEqual([[2], [2], [3], []]);
  });

  it('lets shared entries hold together until an exclusive one queues between them', () => {
    const story = new Story();
    const [a, b, d] = ['a', 'b', 'd'].map((id) => story.acquire(id, 1, { mode: 'shared' }));
    const c = story.acquire('c', 1);
    story.created(2, a!).created(3, b!).created(4, c).created(5, d!);
    story.deleted(6, a!).deleted(7, b!).deleted(8, c);
    expect(holders(story)).toEqual([[2], [2, 3], [2, 3], [2, 3], [3], [4], [5]]);
  });

  it('keeps create revision and creator of an entry that is written again', () => {
    const story = new Story();
    const a = story.acquire('a', 1, { ttlSeconds: null });
    story.created(2, a).marked(3, a).moved(4, a, undefined);
    const [entry, ...more] = story.evidence().history.entries;
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ createRevision: 2, creator: 'a', owner: 'a', heldFrom: 2 });
    expect(entry?.puts.map(({ lease }) => lease)).toEqual(['lease-a', 'lease-a', undefined]);
  });

  it('makes a second entry of a key that comes back', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).deleted(3, a).created(4, a);
    const { entries } = story.evidence().history;
    expect(entries.map((entry) => [entry.createRevision, entry.removed?.revision])).toEqual([
      [2, 3],
      [4, undefined],
    ]);
  });

  it('is whole when every revision was seen', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).lease('lease-a', 3, 5).deleted(4, a);
    expect(checkComplete(story.evidence())).toEqual([]);
  });

  it('is not whole when a revision is missing', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    story.created(2, a).deleted(5, a);
    expect(sentences(checkComplete(story.evidence()))).toEqual([
      expect.stringContaining('2 revisions were not seen, the first is 3'),
    ]);
  });
});
