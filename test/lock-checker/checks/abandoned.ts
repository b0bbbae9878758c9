// I4: an entry that nobody waits for or holds any more goes: at once when its only caller left in an orderly way, else when its ttl is
// over, counted from the last renewal or the last new leader. Nothing is left at the end.
import { isDefinite } from '../call.js';
import type { Call } from '../call.js';
import type { Evidence } from '../evidence.js';
import type { Entry } from '../history.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

/** What the invariant allows, five times over: this machine may be busy. */
const SLACK_MS = 15_000;

export function checkAbandoned(evidence: Evidence): Violation[] {
  return evidence.history.entries.flatMap((entry) => {
    const due = dueAt(evidence, entry);
    const goneAt = entry.removed?.seenAt;
    if (due === undefined || (goneAt ?? evidence.endedAt) <= due.at) return [];
    const fate =
      goneAt === undefined ? 'is still there' : `went only at revision ${entry.removed?.revision}`;
    const late = Math.round(((goneAt ?? evidence.endedAt) - due.at) / 100) / 10;
    return [
      violation('I4', `${named(entry)} ${fate}, ${late} s after it had to: ${due.why}`, {
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

/** By when the entry has to be gone; undefined for one that may stay: held without a ttl, or somebody is still there. */
function dueAt(evidence: Evidence, entry: Entry): { at: number; why: string } | undefined {
  const connections = evidence.connectionsOf(entry);
  const ttlMs = evidence.ttlMs(entry);
  if (ttlMs === undefined || entry.puts.at(-1)?.lease === undefined) return undefined;
  const lastUse = lastUseAt(evidence, entry);
  if (lastUse === undefined) return undefined;
  const [only] = connections;
  const isUndisturbed =
    only !== undefined && !evidence.hasFault(only.startedAt, lastUse + SLACK_MS, entry.key);
  if (connections.length === 1 && isUndisturbed && leftInOrder(evidence, only)) {
    return { at: lastUse + SLACK_MS, why: `its only caller ${only.id} left` };
  }
  const goneAt = entry.removed?.seenAt ?? evidence.endedAt;
  const elections = evidence.elections.filter((at) => at <= goneAt);
  const from = Math.max(lastUse, ...elections);
  return {
    at: from + ttlMs + SLACK_MS,
    why: `nobody used it for its ttl of ${ttlMs / 1000} s and ${SLACK_MS / 1000} s more`,
  };
}

/** The last moment at which a caller or his gateway may have renewed it. */
function lastUseAt(evidence: Evidence, entry: Entry): number | undefined {
  const seen = entry.puts.at(-1)?.seenAt ?? 0;
  const uses = evidence
    .callsOf(entry)
    .filter((call) => call.kind === 'acquire' || call.kind === 'hold' || call.kind === 'keepalive')
    .map((call) => call.endedAt);
  return uses.includes(undefined) ? undefined : Math.max(seen, ...uses.map(Number));
}

/** He closed his connection, or was refused, without having been told "acquired" by a PUT. */
function leftInOrder(evidence: Evidence, call: Call): boolean {
  const isHolding = call.kind === 'acquire' && call.ending === 'answered' && call.status === 200;
  if (isHolding || (call.ending !== 'cut' && !isDefinite(call))) return false;
  // Of a 200 that was cut the gateway does not know.
  return call.kind === 'hold' || call.ending === 'answered' || isWaiting(evidence, call);
}

/** Its entry surely did not hold yet when the connection was cut. */
function isWaiting(evidence: Evidence, call: Call): boolean {
  const entry = evidence.history.entries.find(({ creator }) => creator === call.id);
  const latest = evidence.clock.possibleBy(call.endedAt ?? Infinity);
  return entry?.heldFrom === undefined || entry.heldFrom > latest;
}
