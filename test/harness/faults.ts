// The faults of a run. At most one member and one replica fail at a time, so a quorum and a replica always run.
import { setTimeout as pause } from 'node:timers/promises';
import type { Member } from '../support/etcd.js';
import type { CallKind } from '../support/fault-proxy.js';
import type { Random, Span } from './random.js';
import type { System } from './system.js';

const MEMBER_FAULTS = ['kill leader', 'pause leader', 'kill follower', 'pause follower'] as const;
const REPLICAS = 2;

export interface FaultSettings {
  /** The pause between two faults of members, and of replicas. */
  readonly memberGapMs: Span;
  readonly replicaGapMs: Span;
  readonly downMs: Span;
  /** The share of disturbed requests between the first gateway and etcd. */
  readonly disturbedShare: number;
  readonly disturbedKinds: readonly CallKind[];
  /** The pause between two cuts of all connections from the first gateway to etcd; undefined for no cuts. */
  readonly connectionGapMs?: Span;
}

/** Causes faults until the signal. Resolves when everything runs again. */
export async function causeFaults(
  system: System,
  settings: FaultSettings,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  const { disturbedShare, disturbedKinds, connectionGapMs } = settings;
  const settle = system.disturb(random.fork('requests'), disturbedShare, disturbedKinds);
  await Promise.all([
    disturbMembers(system, settings, random.fork('members'), signal),
    disturbReplicas(system, settings, random.fork('replicas'), signal),
    cutConnections(system, connectionGapMs, random.fork('connections'), signal),
  ]);
  settle();
}

async function disturbMembers(
  system: System,
  settings: FaultSettings,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  // The first two of a run are always a kill and a pause of the leader.
  const first = random.shuffled(['kill leader', 'pause leader'] as const);
  for (let count = 0; ; count++) {
    await pauseUnlessAborted(random.between(settings.memberGapMs), signal);
    if (signal.aborted) return;
    const fault = first[count] ?? random.pick(MEMBER_FAULTS);
    const downMs = random.between(settings.downMs);
    const leader = await system.cluster.leader();
    const member = fault.endsWith('leader') ? leader : pickFollower(system, leader, random);
    if (random.chance(0.3)) system.cutWatches();
    if (fault.startsWith('kill')) await system.killMember(member, downMs);
    else await system.pauseMember(member, downMs);
  }
}

async function disturbReplicas(
  system: System,
  settings: FaultSettings,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  const first = random.whole([0, REPLICAS - 1]);
  for (let count = 0; ; count++) {
    await pauseUnlessAborted(random.between(settings.replicaGapMs), signal);
    if (signal.aborted) return;
    await system.killReplica((first + count) % REPLICAS, random.between([50, 1_000]));
  }
}

async function cutConnections(
  system: System,
  gapMs: Span | undefined,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  if (gapMs === undefined) return;
  for (;;) {
    await pauseUnlessAborted(random.between(gapMs), signal);
    if (signal.aborted) return;
    system.cutConnections();
  }
}

function pickFollower(system: System, leader: Member, random: Random): Member {
  return random.pick(system.cluster.members.filter((member) => member !== leader));
}

/** Resolves after that time, or when the signal is aborted. */
export async function pauseUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
