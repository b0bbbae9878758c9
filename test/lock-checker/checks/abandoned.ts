// I4: an entry that no client uses is removed: at once if its only client disconnected in an orderly way, otherwise after its ttl,
// counted from the last renewal or the last new leader. No entry is left at the end.
import { isDefinite } from '../call.js';
import type { Call } from '../call.js';
import type { Evidence } from '../evidence.js';
import type { Entry } from '../history.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

/** Five times what the invariant allows, because the machine may be busy. */
const SLACK_MS = 15_000;

export function checkAbandoned(evidence: Evidence): Violation[] {
  return evidence.history.entries.flatMap((entry) => {
    const due = dueAt(evidence, entry);
    const removedAt = entry.removed?.seenAt;
    if (due === undefined || (removedAt ?? evidence.endedAt) <= due.at) return [];
    const state =
      removedAt === undefined
        ? 'still exists'
        : `was removed only at revision ${entry.removed?.revision}`;
    const late = Math.round(((removedAt ?? evidence.endedAt) - due.at) / 100) / 10;
    return [
      violation('I4', `${named(entry)} ${state}, ${late} s after the limit: ${due.why}`, {
        entries: [entry],
        calls: evidence.callsOf(entry),
      }),
    ];
  });
}

export function checkNothingLeft(evidence: Evidence): Violation[] {
  return evidence.history.entries
    .filter((entry) => entry.removed === undefined)
    .map((entry) =>
      violation('I4', `${named(entry)} is left at the end`, {
        entries: [entry],
        calls: evidence.callsOf(entry),
      }),
    );
}

/** Returns when the entry must be removed. Undefined for an entry that may stay: held without a ttl, or with a connected client. */
function dueAt(evidence: Evidence, entry: Entry): { at: number; why: string } | undefined {
  const connections = evidence.connectionsOf(entry);
  const ttlMs = evidence.ttlMs(entry);
  if (ttlMs === undefined || entry.puts.at(-1)?.lease === undefined) return undefined;
  const lastUse = lastUseAt(evidence, entry);
  if (lastUse === undefined) return undefined;
  const [only] = connections;
  const isUndisturbed =
    only !== undefined && !evidence.hasFault(only.startedAt, lastUse + SLACK_MS, entry.key);
  if (connections.length === 1 && isUndisturbed && isOrderlyEnd(evidence, only)) {
    return { at: lastUse + SLACK_MS, why: `its only client ${only.id} disconnected` };
  }
  const removedAt = entry.removed?.seenAt ?? evidence.endedAt;
  const elections = evidence.elections.filter((at) => at <= removedAt);
  const from = Math.max(lastUse, ...elections);
  return {
    at: from + ttlMs + SLACK_MS,
    why: `no client used it for its ttl of ${ttlMs / 1000} s and ${SLACK_MS / 1000} s more`,
  };
}

/** Returns the last time at which a client or its gateway may have renewed the entry. */
function lastUseAt(evidence: Evidence, entry: Entry): number | undefined {
  const seen = entry.puts.at(-1)?.seenAt ?? 0;
  const uses = evidence
    .callsOf(entry)
    .filter((call) => call.kind === 'acquire' || call.kind === 'hold' || call.kind === 'keepalive')
    .map((call) => call.endedAt);
  return uses.includes(undefined) ? undefined : Math.max(seen, ...uses.map(Number));
}

/** Whether the client disconnected or was refused, without an "acquired" response to a PUT. */
function isOrderlyEnd(evidence: Evidence, call: Call): boolean {
  const isHolding = call.kind === 'acquire' && call.ending === 'answered' && call.status === 200;
  if (isHolding || (call.ending !== 'cut' && !isDefinite(call))) return false;
  // The gateway cannot see whether a client received a 200 that was cut.
  return call.kind === 'hold' || call.ending === 'answered' || isWaiting(evidence, call);
}

/** Whether its entry definitely did not hold yet when the connection was cut. */
function isWaiting(evidence: Evidence, call: Call): boolean {
  const entry = evidence.history.entries.find(({ creator }) => creator === call.id);
  const latest = evidence.clock.possibleBy(call.endedAt ?? Infinity);
  return entry?.heldFrom === undefined || entry.heldFrom > latest;
}
