// Waits until the entry is a holder: watches its blocker, then confirms with a linearizable read.
import type { KeyValue } from '../../etcd/wire.js';
import { clientDisconnected, entryLost, isTransient, waitCutShort } from './acquire-errors.js';
import { stepCaller } from './acquire-spec.js';
import type { AcquireContext } from './acquire-spec.js';
import { readOwn, readQueue } from './entry-transactions.js';

const READ_RETRY_MS = 250;

export type QueueStatus =
  | { readonly kind: 'holder' }
  | { readonly kind: 'waiting'; readonly blocker: KeyValue; readonly revision: number };

/** Reads whether the entry with this create revision holds or waits. Throws `lock-expired` if it no longer exists. */
export async function readQueueStatus(
  context: AcquireContext,
  createRevision: number,
): Promise<QueueStatus> {
  const { deps, spec } = context;
  const { own, blocker, revision } = await readOwn(
    stepCaller(context),
    deps.etcd,
    spec.keys,
    createRevision,
  );
  if (own?.createRevision !== createRevision) throw entryLost();
  return blocker === undefined ? { kind: 'holder' } : { kind: 'waiting', blocker, revision };
}

/** Resolves when the entry is a holder. Throws the refusal of the spec after the wait, or the reason why the wait ended early. */
export async function waitUntilHolder(
  context: AcquireContext,
  createRevision: number,
): Promise<void> {
  const { caller, spec, deps, startedAt } = context;
  for (;;) {
    const { epoch } = deps.deletionWatches;
    const status = await readStatusWithRetry(context, createRevision);
    if (status.kind === 'holder') return;
    const remainingMs = startedAt + spec.waitMs - performance.now();
    if (remainingMs <= 0) {
      const queue = await readQueue(stepCaller(context), deps.etcd, spec.keys);
      // The blocker may have been deleted between the two reads. The oldest entry holds, and a holder is not refused.
      if (queue.first?.createRevision === createRevision) return;
      throw await spec.createRefusal(queue, performance.now() - startedAt);
    }
    if (deps.draining.aborted) throw waitCutShort();
    spec.onWaiting?.(createRevision);
    // After a timeout the status is read once more, because the blocker may be deleted at that time.
    await deps.deletionWatches.wait(caller.identity, spec.keys.resource, {
      keys: [spec.keys.own, status.blocker.key],
      revision: status.revision,
      epoch,
      timeoutMs: remainingMs,
      signals: [caller.signal, deps.draining],
    });
    if (caller.signal.aborted) throw clientDisconnected();
  }
}

// Repeats reads that fail for a short time, so that an outage of etcd does not cost the client its position in the queue.
async function readStatusWithRetry(
  context: AcquireContext,
  createRevision: number,
): Promise<QueueStatus> {
  const { caller, spec, deps, startedAt } = context;
  for (;;) {
    try {
      return await readQueueStatus(context, createRevision);
    } catch (error) {
      const isOver = performance.now() > startedAt + spec.waitMs;
      if (!isTransient(error) || isOver || caller.signal.aborted) throw error;
      if (deps.draining.aborted) throw waitCutShort();
      await new Promise((resolve) => setTimeout(resolve, READ_RETRY_MS));
    }
  }
}
