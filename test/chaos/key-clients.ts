// The clients of keys in a run: they read and write the same few keys in random order.
import { createDocumentCheck } from '../harness/document-check.js';
import { pauseUnlessAborted } from '../harness/faults.js';
import type { Workload, WorkloadContext } from '../harness/observation.js';
import type { Random, Span } from '../harness/random.js';
import { LATE_MS_MAX } from '../harness/system.js';
import { CHAOS } from './key-evidence.js';
import type { KeyCall } from './key-call.js';
import { KeyUser } from './key-user.js';
import type { Attempt } from './key-user.js';

const REGISTERS_PREFIX = `${CHAOS}register/`;
const REGISTERS = Array.from({ length: 8 }, (_, index) => `${REGISTERS_PREFIX}${index}`);
/** Only transactions write these, both keys at once, so a read never shows different values. */
const PAIRS = Array.from({ length: 4 }, (_, index) => [
  `${CHAOS}pair/${index}/left`,
  `${CHAOS}pair/${index}/right`,
]);
/** All keys of a run. */
export const KEYS = [...REGISTERS, ...PAIRS.flat()];
const REPLICAS = 2;
const CUT_CHANCE = 0.02;
const CUT_AFTER_MS: Span = [0, 60];
/** After everything runs again, both replicas must return every key within this time. */
const FINAL_READ_LIMIT_MS = 30_000;
const FINAL_READ_PAUSE_MS = 250;

export interface KeyClientSettings {
  readonly keyClients: number;
  /** The pause of a client between two calls. */
  readonly keyPauseMs: Span;
}

/** Adds a record to `calls` for each call. */
export function createKeyWorkload(
  settings: KeyClientSettings,
  context: WorkloadContext,
  calls: KeyCall[],
): Workload {
  const { clients, random, signal } = context;
  const log = { calls, deviationOf: createDocumentCheck() };
  const client = async (name: string): Promise<void> => {
    const chance = random.fork(name);
    const user = new KeyUser(name, clients, log);
    while (!signal.aborted) {
      const replica = context.system.pickReplica(chance);
      await finish(act(user, replica, chance, calls), chance);
      await pauseUnlessAborted(chance.between(settings.keyPauseMs), signal);
    }
  };
  return {
    run: () =>
      Promise.all(Array.from({ length: settings.keyClients }, (_, index) => client(`k${index}`))),
    async settle() {
      // Requests that a proxy delayed may still arrive at etcd.
      await new Promise((resolve) => setTimeout(resolve, LATE_MS_MAX));
      await readAll(new KeyUser('last', clients, log));
    },
  };
}

/** Disconnects some calls before their response. */
async function finish({ done, cut }: Attempt, random: Random): Promise<void> {
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

/** The number of earlier calls that are searched for the last state of a key. */
const SEARCHED_CALLS_MAX = 500;

/** Returns the last modRevision in any response, 0 if the key did not exist or is unknown. Conditions on it are often true. */
function lastSeen(calls: readonly KeyCall[], key: string): number {
  const oldest = Math.max(0, calls.length - SEARCHED_CALLS_MAX);
  for (let index = calls.length - 1; index >= oldest; index--) {
    const { result, puts, deletes, shown } = calls[index]!;
    if (result === undefined) continue;
    if (result.kind === 'done' && puts.includes(key)) return result.revision ?? 0;
    if (result.kind === 'done' && deletes.includes(key)) return 0;
    if (result.seen !== undefined && shown.includes(key))
      return result.seen.find((seen) => seen.key === key)?.modRevision ?? 0;
  }
  return 0;
}

/** Reads every key at both replicas until each was returned or the limit is reached. The checks report missing reads. */
async function readAll(user: KeyUser): Promise<void> {
  const deadline = performance.now() + FINAL_READ_LIMIT_MS;
  for (let replica = 0; replica < REPLICAS; replica++) {
    for (const key of KEYS) {
      while ((await user.get(replica, key).done).result === undefined) {
        if (performance.now() > deadline) return;
        await new Promise((resolve) => setTimeout(resolve, FINAL_READ_PAUSE_MS));
      }
    }
  }
}
