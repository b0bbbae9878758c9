// The whole comparison: an etcd 3.4 that speaks v2 itself, and a gateway over an etcd that need not. Every made-up sequence is played
// against both, step by step; one that is answered differently is made shorter, and shown.
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../harness/random.js';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { AnswerComparison } from './answers.js';
import { Player } from './player.js';
import type { Told } from './player.js';
import { makeSequence } from './sequences.js';
import type { DifferentialSettings } from './settings.js';
import { describeStep } from './step.js';
import type { Sequence, Step } from './step.js';

/** Sequences that are shown: more are seldom of another kind. */
const MISMATCHES_MAX = 5;
const SHRINKS_MAX = 80;
/** Sequences that take seconds, and go by no exact index, are played at the same time. */
const TIMED_TOGETHER_MAX = 10;
/** How long waits may need to be told what the others were told; shorter when they are known to differ. */
const SETTLE_LIMIT_MS = 5_000;
const SHRINK_SETTLE_LIMIT_MS = 500;
const SETTLE_POLL_MS = 10;
/** What comes too much comes soon. */
const SETTLED_MS = 40;

export interface DifferentialOutcome {
  /** For people. */
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
  readonly etcd: Told | undefined;
  readonly door: Told | undefined;
}

class Differential {
  readonly #etcd: string;
  readonly #door: string;
  readonly #counts = new Map<string, number>();
  #plays = 0;

  constructor(etcd: string, door: string) {
    this.#etcd = etcd;
    this.#door = door;
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
      if (isLast || timed.length >= TIMED_TOGETHER_MAX)
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

  /** Shows the shortest sequence that is still answered differently. */
  async #show(sequence: Sequence, mismatch: Mismatch): Promise<string> {
    let shortest = { sequence, mismatch };
    // What ends takes its time, and ends only where all of it is made.
    let tries = sequence.isTimed ? SHRINKS_MAX : 0;
    for (let at = sequence.steps.length - 1; at >= 0 && tries < SHRINKS_MAX; at--, tries++) {
      const steps = shortest.sequence.steps.filter((_, index) => index !== at);
      const shorter = { ...shortest.sequence, steps };
      const again = await this.#play(shorter, false);
      if (again !== undefined) shortest = { sequence: shorter, mismatch: again };
    }
    const { step, what, etcd, door } = shortest.mismatch;
    return [
      ...shortest.sequence.steps.map(describeStep),
      `${what} of the answer to step ${step.id} differs`,
      `etcd: ${describeTold(etcd)}`,
      `gateway: ${describeTold(door)}`,
    ].join('\n');
  }

  async #play(original: Sequence, isCounted: boolean): Promise<Mismatch | undefined> {
    // Of each play its own directory: nothing of the last one is in its way.
    const sequence = inRoot(original, `${original.root}-${++this.#plays}`);
    const { root, steps } = sequence;
    const players = [new Player(this.#etcd, root), new Player(this.#door, root)] as const;
    try {
      for (const step of sequence.steps)
        await Promise.all(players.map((player) => player.play(step)));
      const limitMs = isCounted ? SETTLE_LIMIT_MS : SHRINK_SETTLE_LIMIT_MS;
      if (steps.some(({ kind }) => kind === 'wait')) await settle(players, limitMs);
      const [etcd, door] = [players[0].told(), players[1].told()];
      if (isCounted) this.#count(etcd);
      return firstMismatch(sequence, etcd, door);
    } finally {
      await Promise.all(players.map((player) => player.leave()));
    }
  }

  /** What was seen, so that what never happens is seen too. */
  #count(etcd: ReadonlyMap<number, Told>): void {
    for (const { status, text } of etcd.values()) {
      const word = /"action":"(\w+)"/.exec(text)?.[1] ?? /"errorCode":(\d+)/.exec(text)?.[1] ?? '';
      const name = `${status} ${word}`;
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    }
  }
}

/** Their names are the indexes of their creation only while nobody else writes. */
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

/** Until both have been told as much, and nothing more comes. */
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
  etcd: ReadonlyMap<number, Told>,
  door: ReadonlyMap<number, Told>,
): Mismatch | undefined {
  const comparison = new AnswerComparison(sequence, etcd, door);
  for (const step of sequence.steps) {
    const [theirs, ours] = [etcd.get(step.id), door.get(step.id)];
    if (theirs === undefined || ours === undefined) continue;
    const what = comparison.difference(step, theirs, ours);
    if (what !== undefined) return { step, what, etcd: theirs, door: ours };
  }
  return undefined;
}

function describeTold(told: Told | undefined): string {
  if (told === undefined) return 'nothing';
  const { status, headers, text, isEnded } = told;
  const end = isEnded === false ? ' (not over)' : '';
  return `${status} ${JSON.stringify(headers)}\n  ${text.trimEnd()}${end}`;
}
