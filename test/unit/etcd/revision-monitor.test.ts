// The orders of requests and responses that must not be taken for a reset, and those that must.
import { beforeEach, describe, expect, it } from 'vitest';
import { RevisionMonitor } from '../../../src/etcd/revision-monitor.js';
import type { StoreReset } from '../../../src/etcd/revision-monitor.js';

let monitor: RevisionMonitor;
let resets: StoreReset[];
beforeEach(() => {
  monitor = new RevisionMonitor();
  resets = [];
  monitor.subscribe((reset) => resets.push(reset));
});

const header = (revision: number, raftTerm = 5): { revision: number; raftTerm: number } => ({
  revision,
  raftTerm,
});

/** A request and its response, with nothing in between. */
function exchange(revision: number, raftTerm?: number): void {
  monitor.observeResponse(monitor.baseline(), header(revision, raftTerm));
}

describe('no reset', () => {
  it('is proved by a response that arrives after that of a later request', () => {
    exchange(10);
    const earlier = monitor.baseline();
    const later = monitor.baseline();
    monitor.observeResponse(later, header(12));
    monitor.observeResponse(earlier, header(11));
    expect(resets).toEqual([]);
    expect(monitor.revision).toBe(12);
  });

  it('is proved by a response whose request was sent before an event was received', () => {
    exchange(10);
    const mark = monitor.baseline();
    monitor.observe(monitor.epoch, 15);
    monitor.observeResponse(mark, header(11));
    expect(resets).toEqual([]);
    expect(monitor.revision).toBe(15);
  });

  it('is proved by a lower revision of a watch', () => {
    exchange(10);
    monitor.observe(monitor.epoch, 3);
    expect(monitor.revision).toBe(10);
    expect(monitor.epoch).toBe(0);
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
    expect([monitor.epoch, monitor.revision, monitor.lostRevision]).toEqual([1, 4, 10]);
  });

  it('is proved against the events of a watch, too', () => {
    exchange(10);
    monitor.observe(monitor.epoch, 20);
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
    const marks = [monitor.baseline(), monitor.baseline(), monitor.baseline()];
    marks.forEach((mark, index) => monitor.observeResponse(mark, header(4 + index, 2)));
    expect(resets).toHaveLength(1);
    exchange(6, 2);
    expect(resets).toHaveLength(1);
  });

  it('is not undone by what the lost history still sends', () => {
    exchange(10);
    const { epoch } = monitor;
    const inFlight = monitor.baseline();
    exchange(4, 2);
    monitor.observeResponse(inFlight, header(11));
    monitor.observe(epoch, 12);
    expect(monitor.revision).toBe(4);
    exchange(5, 2);
    expect(resets).toHaveLength(1);
  });

  it('keeps the highest revision of all lost histories', () => {
    exchange(10);
    exchange(4);
    exchange(2);
    expect([monitor.epoch, monitor.lostRevision]).toEqual([2, 10]);
  });
});
