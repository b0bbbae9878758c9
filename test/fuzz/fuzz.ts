// The whole fuzz: one gateway over one healthy etcd, made-up requests at both doors, many at a time, and the gateway's memory all along.
import fc from 'fast-check';
import { flatnessOf } from '../harness/flatness.js';
import { readGatewayMetrics } from '../harness/gateway-metrics.js';
import type { Member } from '../support/etcd.js';
import type { Gateway } from '../support/processes.js';
import { etcdRequests, tryRaw } from './etcd-leg.js';
import { friendlyRequests, tryFriendly } from './friendly-leg.js';
import type { Verdict } from './friendly-leg.js';
import { withHealthyGateway } from './healthy-gateway.js';
import type { FuzzRequest } from './request.js';
import type { FuzzSettings } from './settings.js';

const BATCH = 100;
const AT_A_TIME = 10;
const FAULTS_SHOWN_MAX = 20;

export interface FuzzOutcome {
  /** For people. */
  readonly report: string;
  readonly faults: readonly string[];
}

type Try = (request: FuzzRequest) => Promise<Verdict>;

export async function fuzz(settings: FuzzSettings): Promise<FuzzOutcome> {
  return withHealthyGateway(({ member, gateway }) => fuzzBoth(settings, member, gateway));
}

async function fuzzBoth(
  settings: FuzzSettings,
  { endpoint, version }: Member,
  { baseUrl, pid }: Gateway,
): Promise<FuzzOutcome> {
  const memory: number[] = [];
  const sample = async (): Promise<void> => {
    memory.push((await readGatewayMetrics(baseUrl, pid)).rssBytes);
  };
  const { seed, requests, rawRequests } = settings;
  const friendly = await run(friendlyRequests, seed, requests, sample, (request) =>
    tryFriendly(baseUrl, request),
  );
  const raw = await run(
    etcdRequests,
    seed,
    rawRequests,
    () => Promise.resolve(),
    (request) => tryRaw(baseUrl, endpoint, request),
  );
  const growth = settings.isMemoryJudged ? flatnessOf(memory) : undefined;
  const memoryText =
    growth === undefined
      ? `memory: ${memory.at(-1)} bytes, not judged`
      : `memory (rss in bytes, ${memory.length} samples: ${memory.join(' ')}): second quarter ${growth.before}, last quarter ${growth.after}`;
  const faults = [...friendly, ...raw].flatMap(({ fault }) => fault ?? []);
  if (growth?.isFlat === false) faults.push(`it grows: ${memoryText}`);
  const report = [
    `seed ${seed}, etcd ${version}`,
    `latchkey.yaml: ${friendly.length} requests\n${countsText(friendly)}`,
    `etcd-v3.yaml: ${raw.length} requests\n${countsText(raw)}`,
    memoryText,
    `faults ${faults.length}`,
    ...faults.slice(0, FAULTS_SHOWN_MAX),
  ].join('\n');
  return { report, faults };
}

/** So many requests, some at a time; `between` the batches somebody has a look. */
async function run(
  requests: fc.Arbitrary<FuzzRequest>,
  seed: number,
  count: number,
  between: () => Promise<void>,
  attempt: Try,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (let batch = 0; verdicts.length < count; batch++) {
    await between();
    const numRuns = Math.min(BATCH, count - verdicts.length);
    const list = fc.sample(requests, { seed: seed + batch, numRuns });
    const worker = async (): Promise<void> => {
      for (let next = list.shift(); next !== undefined; next = list.shift())
        verdicts.push(await attempt(next));
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  }
  return verdicts;
}

function countsText(verdicts: readonly Verdict[]): string {
  const counts = new Map<string, Map<number | 'broken', number>>();
  for (const { operationId, status } of verdicts) {
    const statuses = counts.get(operationId) ?? new Map<number | 'broken', number>();
    counts.set(operationId, statuses.set(status, (statuses.get(status) ?? 0) + 1));
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([operationId, statuses]) => {
      const parts = [...statuses].sort(([a], [b]) => Number(a) - Number(b));
      return `  ${operationId}: ${parts.map(([status, count]) => `${status} ${count}`).join(', ')}`;
    })
    .join('\n');
}
