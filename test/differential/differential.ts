// The whole comparison: an etcd 3.4 that serves v2 itself, and a gateway with an etcd that does not. Every generated sequence is played
// against both, step by step. A sequence with different responses is shortened and printed.
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../harness/random.js';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { ResponseComparison } from './response-comparison.js';
import { Player } from './player.js';
import type { StepResponse } from './player.js';
import { makeSequence } from './sequences.js';
import type { DifferentialSettings } from './settings.js';
import { describeStep } from './step.js';
import type { Sequence, Step } from './step.js';

/** Printed sequences. Further ones rarely show anything new. */
const MISMATCHES_MAX = 5;
const SHRINKS_MAX = 80;
/** Concurrent sequences, for those that take seconds and do not depend on exact indexes. */
const TIMED_CONCURRENT_MAX = 10;
/** How long waits may need to be responses what the others were responses; shorter when they are known to differ. */
const SETTLE_LIMIT_MS = 5_000;
const SHRINK_SETTLE_LIMIT_MS = 500;
const SETTLE_POLL_MS = 10;
/** Surplus events arrive within this time. */
const SETTLED_MS = 40;

export interface DifferentialOutcome {
  readonly report: string;
  readonly mismatches: readonly string[];
}

export async function compareWithEtcd(
  settings: DifferentialSettings,
): Promise<DifferentialOutcome> {
  const native = await startMember({ version: '3.4', extraArgs: ['--enable-v2'] });
  let member: Member | undefined;
  let gateway: Gateway | undefined;
  try {
    member = await startMember();
    gateway = await spawnGateway({ args: ['--endpoints', member.endpoint, '--log-level=error'] });
    return await new Differential(native.endpoint, gateway.baseUrl).run(settings, native, member);
  } finally {
    await gateway?.stop();
    await member?.stop();
    await native.stop();
  }
}

interface Mismatch {
  readonly step: Step;
  readonly what: string;
  readonly etcd: StepResponse | undefined;
  readonly gateway: StepResponse | undefined;
}

class Differential {
  readonly #etcd: string;
  readonly #gateway: string;
  readonly #counts = new Map<string, number>();
  #plays = 0;

  constructor(etcd: string, gateway: string) {
    this.#etcd = etcd;
    this.#gateway = gateway;
  }

  async run(
    { seed, requests }: DifferentialSettings,
    native: Member,
    member: Member,
  ): Promise<DifferentialOutcome> {
    const mismatches: string[] = [];
    const timed: Sequence[] = [];
    const compare = async (sequence: Sequence): Promise<void> => {
      const mismatch = await this.#play(sequence, true);
      if (mismatch === undefined) return;
      mismatches.push(`sequence ${sequence.root}\n${await this.#show(sequence, mismatch)}`);
    };
    let sequences = 0;
    let sent = 0;
    for (; sent < requests && mismatches.length < MISMATCHES_MAX; sequences++) {
      const name = `s${seed}-${sequences}`;
      const sequence = makeSequence(new Random(seed).fork(`sequence ${sequences}`), name);
      sent += sequence.steps.length;
      if (sequence.isTimed && !hasInOrderKeys(sequence)) timed.push(sequence);
      else await compare(sequence);
      const isLast = sent >= requests || mismatches.length >= MISMATCHES_MAX;
      if (isLast || timed.length >= TIMED_CONCURRENT_MAX)
        await Promise.all(timed.splice(0).map(compare));
    }
    const counts = [...this.#counts].sort().map(([name, count]) => `  ${name}: ${count}`);
    const report = [
      `seed ${seed}: ${sent} requests in ${sequences} sequences`,
      `etcd ${native.version} with v2, and the gateway over etcd ${member.version}`,
      ...counts,
      `mismatches ${mismatches.length}`,
      ...mismatches,
    ].join('\n');
    return { report, mismatches };
  }

  /** Describes the shortest sequence that still gets different responses. */
  async #show(sequence: Sequence, mismatch: Mismatch): Promise<string> {
    let shortest = { sequence, mismatch };
    // Timed sequences are not shortened: each takes seconds, and needs all of its steps.
    let tries = sequence.isTimed ? SHRINKS_MAX : 0;
    for (let at = sequence.steps.length - 1; at >= 0 && tries < SHRINKS_MAX; at--, tries++) {
      const steps = shortest.sequence.steps.filter((_, index) => index !== at);
      const shorter = { ...shortest.sequence, steps };
      const again = await this.#play(shorter, false);
      if (again !== undefined) shortest = { sequence: shorter, mismatch: again };
    }
    const { step, what, etcd, gateway } = shortest.mismatch;
    return [
      ...shortest.sequence.steps.map(describeStep),
      `${what} of the response to step ${step.id} differs`,
      `etcd: ${describeStepResponse(etcd)}`,
      `gateway: ${describeStepResponse(gateway)}`,
    ].join('\n');
  }

  async #play(original: Sequence, isCounted: boolean): Promise<Mismatch | undefined> {
    // Each play has its own directory, so that it is independent of the last one.
    const sequence = inRoot(original, `${original.root}-${++this.#plays}`);
    const { root, steps } = sequence;
    const players = [new Player(this.#etcd, root), new Player(this.#gateway, root)] as const;
    try {
      for (const step of sequence.steps)
        await Promise.all(players.map((player) => player.play(step)));
      const limitMs = isCounted ? SETTLE_LIMIT_MS : SHRINK_SETTLE_LIMIT_MS;
      if (steps.some(({ kind }) => kind === 'wait')) await settle(players, limitMs);
      const [etcd, gateway] = [players[0].responses(), players[1].responses()];
      if (isCounted) this.#count(etcd);
      return firstMismatch(sequence, etcd, gateway);
    } finally {
      await Promise.all(players.map((player) => player.cleanUp()));
    }
  }

  /** Counts the kinds of responses, so that the report shows which ones never occur. */
  #count(etcd: ReadonlyMap<number, StepResponse>): void {
    for (const { status, text } of etcd.values()) {
      const word = /"action":"(\w+)"/.exec(text)?.[1] ?? /"errorCode":(\d+)/.exec(text)?.[1] ?? '';
      const name = `${status} ${word}`;
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    }
  }
}

/** In-order keys are named by their index, which is predictable only without concurrent writes. */
function hasInOrderKeys({ steps }: Sequence): boolean {
  return steps.some((step) => step.kind === 'request' && step.method === 'POST');
}

function inRoot({ root, steps, isTimed }: Sequence, name: string): Sequence {
  const rename = (text: string): string => text.replaceAll(root, name);
  return {
    root: name,
    isTimed,
    steps: steps.map((step) => ({ ...step, target: rename(step.target) })),
  };
}

/** Until both have been responses as much, and nothing more comes. */
async function settle(players: readonly [Player, Player], limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  const isEven = (): boolean => players[0].received === players[1].received;
  while (Date.now() < deadline) {
    if (isEven()) {
      const { received } = players[0];
      await pause(SETTLED_MS);
      if (isEven() && players[0].received === received) return;
    }
    await pause(SETTLE_POLL_MS);
  }
}

function firstMismatch(
  sequence: Sequence,
  etcd: ReadonlyMap<number, StepResponse>,
  gateway: ReadonlyMap<number, StepResponse>,
): Mismatch | undefined {
  const comparison = new ResponseComparison(sequence, etcd, gateway);
  for (const step of sequence.steps) {
    const [expected, actual] = [etcd.get(step.id), gateway.get(step.id)];
    if (expected === undefined || actual === undefined) continue;
    const what = comparison.difference(step, expected, actual);
    if (what !== undefined) return { step, what, etcd: expected, gateway: actual };
  }
  return undefined;
}

function describeStepResponse(responses: StepResponse | undefined): string {
  if (responses === undefined) return 'nothing';
  const { status, headers, text, isEnded } = responses;
  const end = isEnded === false ? ' (not ended)' : '';
  return `${status} ${JSON.stringify(headers)}\n  ${text.trimEnd()}${end}`;
}
