// Waits for the predecessor, looks again, and calls it holding only when a linearizable read says so.
import type { KeyValue } from '../../etcd/wire.js';
import { gone, hungUp, isPassing, shuttingDown } from './contender-errors.js';
import { stepCaller } from './contest.js';
import type { Attempt } from './contest.js';
import { look, lookAround } from './steps.js';

const LOOK_PAUSE_MS = 250;

export type Turn =
  | { readonly kind: 'holder' }
  | { readonly kind: 'waiting'; readonly blocker: KeyValue; readonly revision: number };

/** Where the entry with this create revision stands now. Throws `lock-expired` when it is gone. */
export async function lookAt(attempt: Attempt, createRevision: number): Promise<Turn> {
  const { deps, contest } = attempt;
  const { own, blocker, revision } = await look(
    stepCaller(attempt),
    deps.etcd,
    contest.place,
    createRevision,
  );
  if (own?.createRevision !== createRevision) throw gone();
  return blocker === undefined ? { kind: 'holder' } : { kind: 'waiting', blocker, revision };
}

/** Resolves when the entry holds. Throws the contest's refusal when the wait is over, or why the waiting ended. */
export async function untilHolder(attempt: Attempt, createRevision: number): Promise<void> {
  const { caller, contest, deps, startedAt } = attempt;
  for (;;) {
    const { epoch } = deps.pictures;
    const turn = await lookPatiently(attempt, createRevision);
    if (turn.kind === 'holder') return;
    const leftMs = startedAt + contest.waitMs - performance.now();
    if (leftMs <= 0) {
      const around = await lookAround(stepCaller(attempt), deps.etcd, contest.place);
      // The predecessor may have gone between the two looks: the oldest entry holds, and who holds is not refused.
      if (around.first?.createRevision === createRevision) return;
      throw await contest.refusal(around, performance.now() - startedAt);
    }
    if (deps.draining.aborted) throw shuttingDown();
    contest.onWaiting?.(createRevision);
    // A wait that runs out looks once more: the predecessor may go in that moment.
    await deps.pictures.wait(caller.identity, contest.place.arena, {
      keys: [contest.place.own, turn.blocker.key],
      revision: turn.revision,
      epoch,
      timeoutMs: leftMs,
      signals: [caller.signal, deps.draining],
    });
    if (caller.signal.aborted) throw hungUp();
  }
}

// An etcd that cannot be read for a moment is no reason to lose a place in the queue.
async function lookPatiently(attempt: Attempt, createRevision: number): Promise<Turn> {
  const { caller, contest, deps, startedAt } = attempt;
  for (;;) {
    try {
      return await lookAt(attempt, createRevision);
    } catch (error) {
      const isOver = performance.now() > startedAt + contest.waitMs;
      if (!isPassing(error) || isOver || caller.signal.aborted) throw error;
      if (deps.draining.aborted) throw shuttingDown();
      await new Promise((resolve) => setTimeout(resolve, LOOK_PAUSE_MS));
    }
  }
}
