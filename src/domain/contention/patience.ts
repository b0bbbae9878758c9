// How long a step of the lock algorithm waits for one member before it is repeated through another. Only for steps whose repetition the
// algorithm allows. Pure.
import type { Caller } from '../../core/caller.js';

/** A healthy member responds in milliseconds. After silence of this length the gateway also probes the member, which ejects it if it is down. */
const SILENCE_MS = 2_000;
/** The attempts after these wait until the deadline: a cluster that is slow as a whole still gets to answer. */
const IMPATIENT_ATTEMPTS_MAX = 2;

/** The caller for one attempt of a step, the first being 1. */
export function impatient(caller: Caller, attempt: number): Caller {
  return attempt > IMPATIENT_ATTEMPTS_MAX ? caller : { ...caller, responseTimeoutMs: SILENCE_MS };
}
