// The clients of the locks in a run, as the observation wants them: their calls, and when their locks are quiet.
import { createDocumentCheck } from '../harness/document-check.js';
import type { Cast, Scene } from '../harness/observation.js';
import type { Call } from './call.js';
import { EntryMarker } from './entry-marker.js';
import { LockUser } from './lock-user.js';
import type { CheckSettings } from './settings.js';
import { visit } from './visit.js';
import { Visitors } from './visitors.js';

/** What is abandoned has a ttl, and 30 s at the most; a new leader may start its clock again. */
const QUIET_MS_MAX = 60_000;
const QUIET_POLL_MS = 100;

/** `calls` grows as they call. */
export function createLockCast(settings: CheckSettings, scene: Scene, calls: Call[]): Cast {
  const { system, doors, random, signal } = scene;
  const notebook = { calls, deviationOf: createDocumentCheck() };
  const marker = new EntryMarker(system.cluster.endpoints);
  const visitors = new Visitors({
    settings,
    random: random.fork('visitors'),
    signal,
    alive: marker.alive,
    visit,
    pickReplica: (chance) => system.pickReplica(chance),
    createUser: (name) => new LockUser(name, doors, notebook),
  });
  return {
    hear: (event) => marker.hear(event),
    run: () => visitors.run(),
    async settle() {
      await visitors.cleanUp();
      // The checks say what is left at the limit.
      const deadline = performance.now() + QUIET_MS_MAX;
      while (marker.alive.size > 0 && performance.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, QUIET_POLL_MS));
    },
  };
}
