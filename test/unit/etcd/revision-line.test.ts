// The orders of requests and responses that must not be taken for a reset, and those that must.
import { beforeEach, describe, expect, it } from 'vitest';
import { RevisionLine } from '../../../src/etcd/revision-line.js';
import type { LineReset } from '../../../src/etcd/revision-line.js';

let line: RevisionLine;
let resets: LineReset[];
beforeEach(() => {
  line = new RevisionLine();
  resets = [];
  line.subscribe((reset) => resets.push(reset));
});

const header = (revision: number, raftTerm = 5): { revision: number; raftTerm: number } => ({
  revision,
  raftTerm,
});

/** A request and its response, with nothing in between. */
function exchange(revision: number, raftTerm?: number): void {
  line.answered(line.mark(), header(revision, raftTerm));
}

describe('no reset', () => {
  it('is proved by a response that arrives after that of a later request', () => {
    exchange(10);
    const earlier = line.mark();
    const later = line.mark();
    line.answered(later, header(12));
    line.answered(earlier, header(11));
    expect(resets).toEqual([]);
    expect(line.revision).toBe(12);
  });

  it('is proved by a response whose request was sent before an event was received', () => {
    exchange(10);
    const mark = line.mark();
    line.seen(line.epoch, 15);
    line.answered(mark, header(11));
    expect(resets).toEqual([]);
    expect(line.revision).toBe(15);
  });

  it('is proved by a lower revision of a watch', () => {
    exchange(10);
    line.seen(line.epoch, 3);
    expect(line.revision).toBe(10);
    expect(line.epoch).toBe(0);
  });

  it('is proved by a response without a revision or a term', () => {
    exchange(10);
    exchange(0);
    exchange(11, 0);
    expect(resets).toEqual([]);
  });

  it('is proved by an election', () => {
    exchange(10, 5);
    exchange(10, 6);
    expect(resets).toEqual([]);
  });
});

describe('F54: a reset', () => {
  it('is proved by a lower revision of a request that was sent later', () => {
    exchange(10);
    exchange(4);
    expect(resets).toEqual([{ revision: 4, previousRevision: 10 }]);
    expect([line.epoch, line.revision, line.lostRevision]).toEqual([1, 4, 10]);
  });

  it('is proved against the events of a watch, too', () => {
    exchange(10);
    line.seen(line.epoch, 20);
    exchange(15);
    expect(resets).toEqual([{ revision: 15, previousRevision: 20 }]);
  });

  it('is proved by a lower raft term, although the revision is higher', () => {
    exchange(10, 5);
    exchange(30, 2);
    expect(resets).toEqual([{ revision: 30, previousRevision: 10 }]);
  });

  it('is reported once for requests that were sent together', () => {
    exchange(10);
    const marks = [line.mark(), line.mark(), line.mark()];
    marks.forEach((mark, index) => line.answered(mark, header(4 + index, 2)));
    expect(resets).toHaveLength(1);
    exchange(6, 2);
    expect(resets).toHaveLength(1);
  });

  it('is not undone by what the lost history still sends', () => {
    exchange(10);
    const { epoch } = line;
    const inFlight = line.mark();
    exchange(4, 2);
    line.answered(inFlight, header(11));
    line.seen(epoch, 12);
    expect(line.revision).toBe(4);
    exchange(5, 2);
    expect(resets).toHaveLength(1);
  });

  it('keeps the highest revision of all lost histories', () => {
    exchange(10);
    exchange(4);
    exchange(2);
    expect([line.epoch, line.lostRevision]).toEqual([2, 10]);
  });
});
