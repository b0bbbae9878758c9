import { describe, expect, it } from 'vitest';
import { checkExclusion } from '../../lock-checker/checks/exclusion.js';
import { checkQueueOrder } from '../../lock-checker/checks/queue-order.js';
import { Story, at, sentences } from './story.js';

const exclusion = (story: Story): string[] => sentences(checkExclusion(story.evidence()));
const order = (story: Story): string[] => sentences(checkQueueOrder(story.evidence()));

/** Two callers in a row; `b` is told at revision `toldB`, `a` is gone from revision `endA` on. */
function two(toldB: number, endA: number, mode: 'exclusive' | 'shared' = 'exclusive'): Story {
  const story = new Story();
  const a = story.acquire('a', 1, { mode });
  const b = story.acquire('b', 1, { mode });
  story.created(2, a).created(3, b).told(a, 4, 2, at(500)).told(b, toldB, 3, at(500));
  story.answered(story.call('release', 'ra', endA - 1, { client: 'a' }), endA, 200);
  story.answered(story.call('release', 'rb', 30, { client: 'b' }), 31, 200);
  return story.deleted(endA, a).deleted(31, b);
}

describe('I2, exclusion', () => {
  it('is content with one after the other', () => {
    expect(exclusion(two(8, 7))).toEqual([]);
  });

  it('finds two exclusive holders at one revision, and at one time', () => {
    expect(exclusion(two(5, 10))).toEqual([
      expect.stringMatching(/at revision 5 both a and b had been told/),
      expect.stringMatching(/a and b held at the same time, 40 ms long/),
    ]);
  });

  it('lets shared holders overlap', () => {
    expect(exclusion(two(5, 10, 'shared'))).toEqual([]);
  });

  it('finds a shared holder beside an exclusive one', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    const b = story.acquire('b', 1, { mode: 'shared' });
    story.created(2, a).created(3, b).told(a, 4, 2, at(9)).told(b, 5, 3, at(9));
    expect(exclusion(story)).toHaveLength(2);
  });

  it('counts one entry that was told over two connections once', () => {
    const story = new Story();
    const a = story.acquire('a', 1);
    const again = story.acquire('again', 4, { client: 'a' });
    story.created(2, a).told(a, 3, 2, at(9)).told(again, 5, 2, at(9));
    expect(exclusion(story)).toEqual([]);
  });

  it('does not take a holder to believe longer than his answers promise', () => {
    const story = new Story();
    const [a, b] = [story.acquire('a', 1), story.acquire('b', 1)];
    story.created(2, a).created(3, b).told(a, 4, 2, at(6)).deleted(7, a).told(b, 8, 3, at(20));
    expect(exclusion(story)).toEqual([]);
  });

  it('takes a holder whose lease ended early to believe what he was told', () => {
    const story = new Story();
    const [a, b] = [story.acquire('a', 1), story.acquire('b', 1)];
    story.created(2, a).created(3, b).told(a, 4, 2, at(50)).deleted(7, a).told(b, 8, 3, at(50));
    expect(exclusion(story)).toEqual([expect.stringContaining('held at the same time')]);
  });

  it('finds fencing tokens that do not grow in the order of holding', () => {
    const story = new Story();
    const [a, b] = [story.acquire('a', 1), story.acquire('b', 1)];
    story.created(2, a).created(3, b).told(a, 4, 2).told(b, 5, 3);
    const evidence = story.evidence();
    evidence.entry('lock', 2)!.heldFrom = 9;
    evidence.entry('lock', 3)!.heldFrom = 3;
    expect(sentences(checkExclusion(evidence))).toContainEqual(
      expect.stringContaining('not later than'),
    );
  });
});

describe('I3, the order of the queue', () => {
  it('is content when waiters are served in their order, minus those who left', () => {
    const story = new Story();
    const [a, b, c] = ['a', 'b', 'c'].map((id) => story.acquire(id, 1));
    story.created(2, a!).created(3, b!).created(4, c!).told(a!, 5, 2);
    story.deleted(6, b!).deleted(7, a!).told(c!, 8, 4);
    expect(order(story)).toEqual([]);
  });

  it('finds a waiter who is served before an earlier one', () => {
    const story = new Story();
    const [a, b, c] = ['a', 'b', 'c'].map((id) => story.acquire(id, 1));
    story.created(2, a!).created(3, b!).created(4, c!).told(a!, 5, 2);
    story.deleted(7, a!).told(c!, 8, 4);
    expect(order(story)).toEqual([expect.stringMatching(/c was told .* while exclusive .*@3/)]);
  });

  it('finds a shared waiter who overtakes an exclusive one', () => {
    const story = new Story();
    const [a, c] = ['a', 'c'].map((id) => story.acquire(id, 1, { mode: 'shared' }));
    const b = story.acquire('b', 1);
    story.created(2, a!).created(3, b).created(4, c!).told(a!, 5, 2).told(c!, 6, 4);
    expect(order(story)).toEqual([expect.stringContaining('c was told')]);
  });

  it('finds a call that was given a later place than its token had', () => {
    const story = new Story();
    const [a, again] = [story.acquire('a', 1), story.acquire('again', 3, { client: 'a' })];
    story.created(2, a).told(again, 6, 5);
    expect(order(story)).toEqual([expect.stringContaining('given a later place, 5')]);
  });
});
