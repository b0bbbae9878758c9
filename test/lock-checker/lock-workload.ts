// The lock clients of a run as a workload. It has settled when no entry is left.
import { createDocumentCheck } from '../harness/document-check.js';
import type { Workload, WorkloadContext } from '../harness/observation.js';
import type { Call } from './call.js';
import { EntryMarker } from './entry-marker.js';
import { LockUser } from './lock-user.js';
import type { CheckSettings } from './settings.js';
import { LockClients } from './lock-clients.js';

/** Abandoned entries have a ttl of at most 30 s. A new leader may restart that time. */
const QUIET_MS_MAX = 60_000;
const QUIET_POLL_MS = 100;

/** Adds a record to `calls` for each call. */
export function createLockWorkload(
  settings: CheckSettings,
  context: WorkloadContext,
  calls: Call[],
): Workload {
  const { system, clients, random, signal } = context;
  const log = { calls, deviationOf: createDocumentCheck() };
  const marker = new EntryMarker(system.cluster.endpoints);
  const lockClients = new LockClients({
    settings,
    random: random.fork('clients'),
    signal,
    alive: marker.alive,
    pickReplica: (chance) => system.pickReplica(chance),
    createUser: (name) => new LockUser(name, clients, log),
  });
  return {
    onEvent: (event) => marker.onEvent(event),
    run: () => lockClients.run(),
    async settle() {
      await lockClients.cleanUp();
      // The checks report entries that are left at the deadline.
      const deadline = performance.now() + QUIET_MS_MAX;
      while (marker.alive.size > 0 && performance.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, QUIET_POLL_MS));
    },
  };
}
