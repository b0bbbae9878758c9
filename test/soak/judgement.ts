// What a soak must not show: growth from its second quarter to its last, something left when all have gone, answers that never may be.
import { flatnessOf } from '../harness/flatness.js';
import type { ResponseCounts } from './caller.js';
import { COLUMNS } from './sampler.js';
import type { Sample } from './sampler.js';

/** Sockets, handles and the like come and go with the load. */
const COUNT_SLACK = 10;
const MEMORY: readonly (keyof Sample)[] = ['rssBytes', 'heapBytes', 'externalBytes'];
/** What belongs to callers: none of it is left when there are none. */
const GONE: readonly (keyof Sample)[] = [
  'waiters',
  'holds',
  'streams',
  'watchers',
  'etcdWatches',
  'cleanUps',
  'etcdLeases',
];
/** The gateway's own: it follows the list of v2 directories that have a ttl. */
const OWN: Partial<Record<keyof Sample, number>> = { etcdWatches: 1 };
/** Idle connections to etcd, and the timers of those, stay for a while: they are bounded. */
const SETTLED: readonly (keyof Sample)[] = ['descriptors', 'handles', 'timers', 'etcdDescriptors'];
/** Connections that are kept for the next caller. */
const SETTLED_SLACK = 40;
/** Whatever the machine is busy with. */
const NEVER = / (500|501|502|505|broken)$/;

/** A line for each column, and what is wrong with them. */
export function judgeGrowth(samples: readonly Sample[]): { lines: string[]; faults: string[] } {
  const lines: string[] = [];
  const faults: string[] = [];
  for (const name of COLUMNS.filter((column) => column !== 'seconds')) {
    const values = samples.flatMap((sample) => sample[name] ?? []);
    if (values.length === 0) {
      lines.push(`${name}: not to be seen on this system`);
      continue;
    }
    const slack = MEMORY.includes(name) ? 0 : COUNT_SLACK;
    const { before, after, isFlat } = flatnessOf(values, slack);
    const peak = Math.max(...values);
    const line = `${name}: second quarter ${before}, last quarter ${after}, peak ${peak}`;
    lines.push(line);
    if (!isFlat) faults.push(`${line}: it grows`);
  }
  return { lines, faults };
}

/** What is there still, against how it was before the load. Empty when all is at rest. */
export function leftOver(before: Sample, now: Sample): string[] {
  const gone = GONE.filter((name) => now[name] !== 0 && now[name] !== OWN[name]).map(
    (name) => `${name} ${now[name]}`,
  );
  const settled = SETTLED.filter(
    (name) => (now[name] ?? 0) > (before[name] ?? Infinity) + SETTLED_SLACK,
  ).map((name) => `${name} ${now[name]}, before the load ${before[name]}`);
  return [...gone, ...settled];
}

export function judgeResponses(tally: ResponseCounts): string[] {
  return [...tally]
    .filter(([name]) => NEVER.test(name))
    .map(([name, count]) => `${name}: ${count}`);
}

export function responsesText(tally: ResponseCounts): string {
  const total = [...tally.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...tally].sort(([a], [b]) => (a < b ? -1 : 1));
  return `answers ${total} (${parts.map(([name, count]) => `${name}: ${count}`).join(', ')})`;
}
