import { describe, expect, it } from 'vitest';
import { judgeResponses, judgeGrowth, leftOver } from '../../soak/judgement.js';
import type { Sample } from '../../soak/sampler.js';

const SAMPLE: Sample = {
  seconds: 0,
  rssBytes: 100e6,
  heapBytes: 40e6,
  externalBytes: 4e6,
  descriptors: 30,
  handles: 5,
  timers: 0,
  waiters: 0,
  holds: 0,
  streams: 0,
  watchers: 0,
  etcdWatches: 0,
  cleanUps: 0,
  etcdLeases: 0,
  etcdDescriptors: 17,
};

const run = (change: (index: number) => Partial<Sample>): Sample[] =>
  Array.from({ length: 40 }, (_, index) => ({ ...SAMPLE, seconds: index, ...change(index) }));

describe('the judgement of a soak', () => {
  it('accepts a run without growth', () => {
    expect(judgeGrowth(run(() => ({}))).faults).toEqual([]);
  });

  it('reports memory that grows', () => {
    const { faults } = judgeGrowth(run((index) => ({ rssBytes: 100e6 + index * 1e6 })));
    expect(faults).toEqual([expect.stringMatching(/^rssBytes: .*: it grows$/)]);
  });

  it('reports timers that accumulate, and accepts small variations', () => {
    const { faults } = judgeGrowth(run((index) => ({ timers: index })));
    expect(faults).toEqual([expect.stringContaining('timers')]);
    expect(judgeGrowth(run((index) => ({ timers: index % 9 }))).faults).toEqual([]);
  });

  it('states which numbers the system does not provide', () => {
    const { lines } = judgeGrowth(run(() => ({ descriptors: undefined })));
    expect(lines).toContain('descriptors: not to be seen on this system');
  });

  it('reports everything that is left at the end', () => {
    const now = { ...SAMPLE, etcdLeases: 1, streams: 2, descriptors: 90 };
    expect(leftOver(SAMPLE, now)).toEqual([
      'streams 2',
      'etcdLeases 1',
      'descriptors 90, before the load 30',
    ]);
    expect(leftOver(SAMPLE, { ...SAMPLE, descriptors: 40 })).toEqual([]);
  });

  it('reports responses that must not occur', () => {
    const tally = new Map([
      ['put 200', 9],
      ['put 503', 1],
      ['put 500', 2],
      ['get broken', 1],
    ]);
    expect(judgeResponses(tally)).toEqual(['put 500: 2', 'get broken: 1']);
  });
});
