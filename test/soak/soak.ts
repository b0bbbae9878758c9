// Runs a soak: one gateway over one etcd, clients of every kind for a while, and regular samples. Then checks what is left after all
// clients stopped.
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { GatewayClient } from '../harness/gateway-client.js';
import { Random } from '../harness/random.js';
import { startMember } from '../support/etcd.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { Caller } from './caller.js';
import type { ResponseCounts } from './caller.js';
import { responsesText, judgeResponses, judgeGrowth, leftOver } from './judgement.js';
import { LOADS } from './load/all.js';
import type { Load } from './load/all.js';
import { writeBulk } from './load/keys.js';
import { Sampler } from './sampler.js';
import type { SoakSettings } from './settings.js';

/** The longest ttl of the load is 5 s. Idle connections close within this time. */
const REST_LIMIT_MS = 90_000;
const REST_POLL_MS = 500;
/** Limits etcd's history, to save memory on the machine. */
const ETCD_ARGS = ['--auto-compaction-mode=revision', '--auto-compaction-retention=50000'];

export interface SoakOutcome {
  /** The report for the reader. */
  readonly report: string;
  /** Empty when no check failed. */
  readonly faults: readonly string[];
}

export async function soak(settings: SoakSettings): Promise<SoakOutcome> {
  const member = await startMember({ extraArgs: ETCD_ARGS });
  let gateway: Gateway | undefined;
  try {
    gateway = await spawnGateway({ args: ['--endpoints', member.endpoint, '--log-level=error'] });
    const sampler = new Sampler(gateway, member, settings.file);
    const before = await sampler.take();
    const tally = await underLoad(settings, gateway, sampler);
    const rest = await untilAtRest(sampler, before);
    const growth = settings.isGrowthJudged
      ? judgeGrowth(sampler.samples)
      : { lines: [`growth: not judged in ${settings.loadMs / 1000} s`], faults: [] };
    const faults = [...growth.faults, ...rest.faults, ...judgeResponses(tally)];
    const report = [
      `seed ${settings.seed}, ${settings.loadMs / 1000} s of load, ${sampler.samples.length} samples${settings.file === undefined ? '' : ` in ${settings.file}`}, etcd ${member.version}`,
      responsesText(tally),
      ...growth.lines,
      rest.line,
      gateway.output(),
    ].join('\n');
    return { report, faults };
  } finally {
    await gateway?.stop();
    await member.stop();
  }
}

/** Resolves when every client has stopped. */
async function underLoad(
  settings: SoakSettings,
  { baseUrl }: Gateway,
  sampler: Sampler,
): Promise<ResponseCounts> {
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const tally: ResponseCounts = new Map();
  const random = new Random(settings.seed);
  const client = new GatewayClient(baseUrl);
  const callerFor = (name: string): Caller =>
    new Caller(client, random.fork(name), over.signal, tally);
  await writeBulk(callerFor('bulk'));
  const callers = LOADS.flatMap((load) =>
    Array.from({ length: load.callers }, (_, index) =>
      actUntilOver(callerFor(`${load.name} ${index}`), load, baseUrl),
    ),
  );
  const sampling = sampler.run(settings.sampleEveryMs, over.signal);
  try {
    // Only an error in the soak itself ends the load early.
    await Promise.race([pause(settings.loadMs), sampling, ...callers]);
  } finally {
    over.abort();
  }
  await Promise.all([sampling, ...callers]);
  client.close();
  return tally;
}

async function actUntilOver(caller: Caller, load: Load, baseUrl: string): Promise<void> {
  const { pauseMs, act, hasOwnConnections = false } = load;
  // The clients do not start all at once.
  await caller.pause([0, pauseMs[1]]);
  while (!caller.signal.aborted) {
    if (hasOwnConnections) await caller.withOwnConnection(baseUrl, act);
    else await act(caller);
    await caller.pause(pauseMs);
  }
}

async function untilAtRest(
  sampler: Sampler,
  before: Awaited<ReturnType<Sampler['take']>>,
): Promise<{ line: string; faults: string[] }> {
  const deadline = performance.now() + REST_LIMIT_MS;
  const startedAt = performance.now();
  for (;;) {
    const now = await sampler.take();
    const left = leftOver(before, now);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    if (left.length === 0) {
      const { descriptors, handles, timers, etcdDescriptors } = now;
      const line = `at rest after ${seconds} s: descriptors ${descriptors}, handles ${handles}, timers ${timers}, etcd's descriptors ${etcdDescriptors} (before the load ${before.descriptors}, ${before.handles}, ${before.timers}, ${before.etcdDescriptors})`;
      return { line, faults: [] };
    }
    if (performance.now() > deadline) {
      const line = `not at rest after ${seconds} s: ${left.join('; ')}`;
      return { line, faults: [line] };
    }
    await pause(REST_POLL_MS);
  }
}
