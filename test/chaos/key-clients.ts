// The clients of keys in a run: readers and writers of the same few keys, in whatever order chance wants.
import { createDocumentCheck } from '../harness/document-check.js';
import { unlessAborted } from '../harness/faults.js';
import type { Cast, Scene } from '../harness/observation.js';
import type { Random, Span } from '../harness/random.js';
import { LATE_MS_MAX } from '../harness/system.js';
import { CHAOS } from './key-evidence.js';
import type { KeyCall } from './key-call.js';
import { KeyUser } from './key-user.js';
import type { Attempt } from './key-user.js';

const REGISTERS_PREFIX = `${CHAOS}register/`;
const REGISTERS = Array.from({ length: 8 }, (_, index) => `${REGISTERS_PREFIX}${index}`);
/** Written by transactions alone, both at once: they are never seen to differ. */
const PAIRS = Array.from({ length: 4 }, (_, index) => [
  `${CHAOS}pair/${index}/left`,
  `${CHAOS}pair/${index}/right`,
]);
/** All of them. */
export const KEYS = [...REGISTERS, ...PAIRS.flat()];
const REPLICAS = 2;
const CUT_CHANCE = 0.02;
const CUT_AFTER_MS: Span = [0, 60];
/** After everything runs again, until both replicas answer for every key. */
const LAST_LOOK_LIMIT_MS = 30_000;
const LAST_LOOK_PAUSE_MS = 250;

export interface KeyClientSettings {
  readonly keyClients: number;
  /** Of a client between two calls. */
  readonly keyPauseMs: Span;
}

/** `calls` grows as they call. */
export function createKeyCast(settings: KeyClientSettings, scene: Scene, calls: KeyCall[]): Cast {
  const { doors, random, signal } = scene;
  const notebook = { calls, deviationOf: createDocumentCheck() };
  const client = async (name: string): Promise<void> => {
    const chance = random.fork(name);
    const user = new KeyUser(name, doors, notebook);
    while (!signal.aborted) {
      const replica = scene.system.pickReplica(chance);
      await ended(act(user, replica, chance, calls), chance);
      await unlessAborted(chance.between(settings.keyPauseMs), signal);
    }
  };
  return {
    run: () =>
      Promise.all(Array.from({ length: settings.keyClients }, (_, index) => client(`k${index}`))),
    async settle() {
      // What was held back on the way to etcd may still come.
      await new Promise((resolve) => setTimeout(resolve, LATE_MS_MAX));
      await lookAtAll(new KeyUser('last', doors, notebook));
    },
  };
}

/** Now and then the client hangs up before he has his answer. */
async function ended({ done, cut }: Attempt, random: Random): Promise<void> {
  if (random.chance(CUT_CHANCE)) setTimeout(cut, random.between(CUT_AFTER_MS));
  await done;
}

const SHARES = {
  get: 30,
  'stale get': 6,
  list: 8,
  put: 20,
  create: 5,
  replace: 14,
  delete: 4,
  'delete if': 4,
  pair: 10,
  move: 4,
};

function act(user: KeyUser, replica: number, random: Random, calls: readonly KeyCall[]): Attempt {
  const key = random.pick(REGISTERS);
  const kind = random.weighted(SHARES);
  switch (kind) {
    case 'get':
      return user.get(replica, random.chance(0.3) ? random.pick(random.pick(PAIRS)) : key);
    case 'stale get':
      return user.get(replica, key, true);
    case 'list':
      return user.list(replica, REGISTERS_PREFIX, REGISTERS);
    case 'put':
      return user.put(replica, key);
    case 'create':
      return user.put(replica, key, 0);
    case 'replace':
      return user.put(replica, key, lastSeen(calls, key) || 1);
    case 'delete':
      return user.delete(replica, key);
    case 'delete if':
      return user.delete(replica, key, lastSeen(calls, key) || 1);
    case 'pair': {
      const pair = random.pick(PAIRS);
      const conditions = pair.map((each) => ({ key: each, modRevision: lastSeen(calls, each) }));
      return user.transact(replica, conditions, pair, []);
    }
    case 'move': {
      const to = random.pick(REGISTERS.filter((other) => other !== key));
      return user.transact(replica, [{ key, modRevision: lastSeen(calls, key) }], [to], [key]);
    }
  }
}

/** How far back anybody looks for what he knows of a key. */
const LOOK_BACK_CALLS_MAX = 500;

/** The modRevision that anybody was told last; 0 when it did not exist, or nobody knows. Conditions on it are true often enough. */
function lastSeen(calls: readonly KeyCall[], key: string): number {
  const oldest = Math.max(0, calls.length - LOOK_BACK_CALLS_MAX);
  for (let index = calls.length - 1; index >= oldest; index--) {
    const { told, puts, deletes, shown } = calls[index]!;
    if (told === undefined) continue;
    if (told.kind === 'done' && puts.includes(key)) return told.revision ?? 0;
    if (told.kind === 'done' && deletes.includes(key)) return 0;
    if (told.seen !== undefined && shown.includes(key))
      return told.seen.find((seen) => seen.key === key)?.modRevision ?? 0;
  }
  return 0;
}

/** Reads every key at both replicas, until each was answered or the limit is over: the checks see what was not. */
async function lookAtAll(user: KeyUser): Promise<void> {
  const deadline = performance.now() + LAST_LOOK_LIMIT_MS;
  for (let replica = 0; replica < REPLICAS; replica++) {
    for (const key of KEYS) {
      while ((await user.get(replica, key).done).told === undefined) {
        if (performance.now() > deadline) return;
        await new Promise((resolve) => setTimeout(resolve, LAST_LOOK_PAUSE_MS));
      }
    }
  }
}
