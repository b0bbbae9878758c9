// Judges a soak: no growth from its second to its last quarter, nothing left after all clients stopped, and no forbidden responses.
import { flatnessOf } from '../harness/flatness.js';
import type { ResponseCounts } from './caller.js';
import { COLUMNS } from './sampler.js';
import type { Sample } from './sampler.js';

/** The numbers of sockets, handles and similar vary with the load. */
const COUNT_SLACK = 10;
const MEMORY: readonly (keyof Sample)[] = ['rssBytes', 'heapBytes', 'externalBytes'];
/** Resources of clients: none may be left when there are no clients. */
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
/** Idle connections to etcd and their timers stay for a while, but their number is bounded. */
const SETTLED: readonly (keyof Sample)[] = ['descriptors', 'handles', 'timers', 'etcdDescriptors'];
/** Connections that are kept for the next client. */
const SETTLED_SLACK = 40;
/** Responses that must not occur, however busy the machine is. */
const NEVER = / (500|501|502|505|broken)$/;

/** Returns a line for each column, and those that grow. */
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

/** Returns what is left compared to the time before the load. Empty when everything is released. */
export function leftOver(before: Sample, now: Sample): string[] {
  const gone = GONE.filter((name) => now[name] !== 0 && now[name] !== OWN[name]).map(
    (name) => `${name} ${now[name]}`,
  );
  const settled = SETTLED.filter(
    (name) => (now[name] ?? 0) > (before[name] ?? Infinity) + SETTLED_SLACK,
  ).map((name) => `${name} ${now[name]}, before the load ${before[name]}`);
  return [...gone, ...settled];
}

export function judgeResponses(counts: ResponseCounts): string[] {
  return [...counts]
    .filter(([name]) => NEVER.test(name))
    .map(([name, count]) => `${name}: ${count}`);
}

export function responsesText(counts: ResponseCounts): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return `responses ${total} (${parts.map(([name, count]) => `${name}: ${count}`).join(', ')})`;
}
