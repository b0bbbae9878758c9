// Nobody waits for ever: every call ends within its wait and some slack, and whoever holds while he is connected is told so.
import { isConnection } from '../evidence.js';
import type { Evidence } from '../evidence.js';
import type { Call } from '../call.js';
import type { Entry } from '../history.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

/** A step of a waiter takes up to 8 s while a member is silent, a last look and the departure come on top. */
const CALL_SLACK_MS = 30_000;
/** From the revision at which the entry holds to the answer; a watch on a silent member is given up after as long. */
const HAND_OVER_MS_MAX = 20_000;

export function checkLiveness(evidence: Evidence): Violation[] {
  return [
    ...evidence.calls.flatMap((call) => checkEnds(evidence, call)),
    ...evidence.history.entries.flatMap((entry) => checkHandOver(evidence, entry)),
  ];
}

function checkEnds(evidence: Evidence, call: Call): Violation[] {
  // What is held lasts as long as the client wants.
  const until = call.kind === 'hold' ? (call.toldAt ?? call.endedAt) : call.endedAt;
  const tookMs = (until ?? evidence.endedAt) - call.startedAt;
  if (call.ending !== 'overdue' && tookMs <= call.waitMs + CALL_SLACK_MS) return [];
  return [
    violation(
      'liveness',
      `${call.id} waited ${Math.round(tookMs)} ms for an answer to ${call.kind} with a wait of ${call.waitMs} ms, ${until === undefined || call.ending === 'overdue' ? 'and none came' : 'which is too long'}`,
      { calls: [call] },
    ),
  ];
}

function checkHandOver(evidence: Evidence, entry: Entry): Violation[] {
  const heldAt = entry.heldSeenAt;
  if (heldAt === undefined) return [];
  const goneAt = entry.removed?.seenAt ?? evidence.endedAt;
  return evidence
    .connectionsOf(entry)
    .filter((call) => isConnection(call) && call.waitMs > 0)
    .flatMap((call) => {
      const from = Math.max(heldAt, call.startedAt);
      const until = Math.min(call.toldAt ?? call.endedAt ?? evidence.endedAt, goneAt);
      if (until - from <= HAND_OVER_MS_MAX) return [];
      return [
        violation(
          'liveness',
          `${call.id} waited on for ${Math.round(until - from)} ms while ${named(entry)} held from revision ${entry.heldFrom}`,
          { entries: [entry], calls: [call], revision: entry.heldFrom },
        ),
      ];
    });
}
