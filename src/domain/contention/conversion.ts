// Moves a holder off the lease it entered on, to no lease or to one of the caller's own. Every entry is entered on a lease of ours, which can be
// revoked, so that nothing that arrives late brings the entry back.
import type { Caller } from '../../core/caller.js';
import { outcomeOf } from '../../core/errors.js';
import { gone, noAnswer } from './contender-errors.js';
import { stepCaller } from './contest.js';
import type { Attempt, Standing } from './contest.js';
import { impatient } from './patience.js';
import { convert } from './steps.js';
import type { Touched } from './steps.js';

const CONVERT_ATTEMPTS_MAX = 3;

/** The entry keeps its create revision and its value. Afterwards `standing` has the new lease; the old one is the caller's to revoke. */
export async function convertTo(
  attempt: Attempt,
  standing: Standing,
  lease: string | undefined,
): Promise<void> {
  const { isTokenChosen } = attempt.contest;
  for (let count = 1; count <= CONVERT_ATTEMPTS_MAX; count++) {
    const caller = impatient(stepCaller(attempt), count);
    const touched = await convertOnce(caller, attempt, standing.lastWrite, lease);
    if (touched === undefined) continue;
    if (touched.kind === 'done') standing.lastWrite = touched.revision;
    else {
      if (touched.own?.createRevision !== standing.createRevision) throw gone();
      // Refused after an unanswered one, it was that one. With a chosen token it may have been a newer connection's: forget it.
      if (isTokenChosen || touched.own.lease !== lease) throw noAnswer();
      standing.lastWrite = touched.own.modRevision;
    }
    standing.lease = lease;
    return;
  }
  throw noAnswer();
}

async function convertOnce(
  caller: Caller,
  { deps, contest }: Attempt,
  seen: number,
  lease: string | undefined,
): Promise<Touched | undefined> {
  try {
    return await convert(caller, deps.etcd, contest.place.own, seen, lease);
  } catch (error) {
    if (outcomeOf(error) === 'unknown') return undefined;
    throw error;
  }
}
