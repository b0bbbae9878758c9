// No client waits indefinitely: every call ends within its wait plus slack, and a connected client receives "acquired" when its entry holds.
import { isConnection } from '../evidence.js';
import type { Evidence } from '../evidence.js';
import type { Call } from '../call.js';
import type { Entry } from '../history.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

/** A step of a waiter takes up to 8 s while a member is silent. The last read and the clean-up are extra. */
const CALL_SLACK_MS = 30_000;
/** From the revision at which the entry holds to the response. A watch on a silent member is abandoned after the same time. */
const HAND_OVER_MS_MAX = 20_000;

export function checkLiveness(evidence: Evidence): Violation[] {
  return [
    ...evidence.calls.flatMap((call) => checkEnds(evidence, call)),
    ...evidence.history.entries.flatMap((entry) => checkHandOver(evidence, entry)),
  ];
}

function checkEnds(evidence: Evidence, call: Call): Violation[] {
  // A hold lasts as long as its client stays connected.
  const until = call.kind === 'hold' ? (call.acquiredAt ?? call.endedAt) : call.endedAt;
  const tookMs = (until ?? evidence.endedAt) - call.startedAt;
  if (call.ending !== 'overdue' && tookMs <= call.waitMs + CALL_SLACK_MS) return [];
  return [
    violation(
      'liveness',
      `${call.id} waited ${Math.round(tookMs)} ms for a response to ${call.kind} with a wait of ${call.waitMs} ms, ${until === undefined || call.ending === 'overdue' ? 'and received none' : 'which is too long'}`,
      { calls: [call] },
    ),
  ];
}

function checkHandOver(evidence: Evidence, entry: Entry): Violation[] {
  const heldAt = entry.heldSeenAt;
  if (heldAt === undefined) return [];
  const removedAt = entry.removed?.seenAt ?? evidence.endedAt;
  return evidence
    .connectionsOf(entry)
    .filter((call) => isConnection(call) && call.waitMs > 0)
    .flatMap((call) => {
      const from = Math.max(heldAt, call.startedAt);
      const until = Math.min(call.acquiredAt ?? call.endedAt ?? evidence.endedAt, removedAt);
      if (until - from <= HAND_OVER_MS_MAX) return [];
      return [
        violation(
          'liveness',
          `${call.id} continued to wait for ${Math.round(until - from)} ms while ${named(entry)} held from revision ${entry.heldFrom}`,
          { entries: [entry], calls: [call], revision: entry.heldFrom },
        ),
      ];
    });
}
