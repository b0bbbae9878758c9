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
  it('is content with a run that stays as it is', () => {
    expect(judgeGrowth(run(() => ({}))).faults).toEqual([]);
  });

  it('finds memory that grows', () => {
    const { faults } = judgeGrowth(run((index) => ({ rssBytes: 100e6 + index * 1e6 })));
    expect(faults).toEqual([expect.stringMatching(/^rssBytes: .*: it grows$/)]);
  });

  it('finds timers that pile up, and lets a few come and go', () => {
    const { faults } = judgeGrowth(run((index) => ({ timers: index })));
    expect(faults).toEqual([expect.stringContaining('timers')]);
    expect(judgeGrowth(run((index) => ({ timers: index % 9 }))).faults).toEqual([]);
  });

  it('says what the system does not tell', () => {
    const { lines } = judgeGrowth(run(() => ({ descriptors: undefined })));
    expect(lines).toContain('descriptors: not to be seen on this system');
  });

  it('finds each thing that is left in the end', () => {
    const now = { ...SAMPLE, etcdLeases: 1, streams: 2, descriptors: 90 };
    expect(leftOver(SAMPLE, now)).toEqual([
      'streams 2',
      'etcdLeases 1',
      'descriptors 90, before the load 30',
    ]);
    expect(leftOver(SAMPLE, { ...SAMPLE, descriptors: 40 })).toEqual([]);
  });

  it('finds answers that never may be', () => {
    const tally = new Map([
      ['put 200', 9],
      ['put 503', 1],
      ['put 500', 2],
      ['get broken', 1],
    ]);
    expect(judgeResponses(tally)).toEqual(['put 500: 2', 'get broken: 1']);
  });
});
