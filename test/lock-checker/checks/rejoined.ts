// I8: an entry that a caller re-joined is never removed by an older connection of his. And, for entries of one connection: while it
// waits the gateway renews, so nothing but a request ends it.
import type { Call } from '../call.js';
import { isConnectedAt } from '../call.js';
import type { Evidence } from '../evidence.js';
import type { Entry } from '../history.js';
import { howText, removalOf } from '../removal.js';
import type { Removal } from '../removal.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

/** After this long an enter without an answer has been given up, found, or asked for again. */
const SETTLED_AFTER_MS = 20_000;

/** Of the ttl, after which a waiting entry is renewed for the first time. */
const FIRST_RENEWAL_SHARE = 1 / 4;

export interface Rejoined {
  readonly violations: Violation[];
  /** Entries that were re-joined by another connection, as far as it is certain. */
  readonly count: number;
}

export function checkRejoined(evidence: Evidence): Rejoined {
  const violations: Violation[] = [];
  let count = 0;
  for (const entry of evidence.history.entries) {
    const newer = rejoinersOf(evidence, entry);
    if (newer.length > 0) count++;
    const removal = removalOf(evidence, entry);
    if (removal === undefined || removal.asked.length > 0) continue;
    const hit = newer.find((call) => wanted(call, removal));
    if (hit !== undefined) violations.push(removedUnderNewer(evidence, entry, removal, hit));
    else violations.push(...checkWaiter(evidence, entry, removal));
  }
  return { violations, count };
}

/** Connections that surely joined an entry which an older connection had made. */
function rejoinersOf(evidence: Evidence, entry: Entry): Call[] {
  const [creator, ...others] = evidence.connectionsOf(entry);
  if (creator === undefined || creator.id !== entry.creator) return [];
  return others.filter(
    (call) => call.fencingToken === entry.createRevision || hasMark(evidence, entry, creator, call),
  );
}

/** A write to the entry after the newer call began that cannot be the creator's own. */
function hasMark(evidence: Evidence, entry: Entry, creator: Call, newer: Call): boolean {
  const begun = evidence.clock.settledBy(newer.startedAt);
  const marks = entry.puts.filter(
    (put, index) => index > 0 && put.revision > begun && put.lease === entry.puts[index - 1]?.lease,
  );
  return marks.some(({ seenAt }) => {
    // A creator whose enter had no answer finds its own entry and marks it too.
    const isCreatorSettled = seenAt - creator.startedAt > SETTLED_AFTER_MS;
    return (
      marks.length > 1 ||
      isCreatorSettled ||
      !evidence.hasFault(creator.startedAt, seenAt, entry.key)
    );
  });
}

/** Whether the call still wanted the entry when it went: it was there, or was told that the entry is gone. */
function wanted(call: Call, removal: Removal): boolean {
  return isConnectedAt(call, removal.seenAt) || call.status === 410;
}

function removedUnderNewer(
  evidence: Evidence,
  entry: Entry,
  removal: Removal,
  newer: Call,
): Violation {
  const older = evidence.connectionsOf(entry).filter((call) => call.startedAt < newer.startedAt);
  return violation(
    'I8',
    `${named(entry)} was re-joined by ${newer.id}, and at revision ${removal.revision} ${howText(removal)}, though nobody asked; older: ${older.map(({ id, ending }) => `${id} (${ending ?? 'open'})`).join(', ')}`,
    {
      entries: [entry],
      calls: evidence.callsOf(entry),
      revision: removal.revision,
      isOfTime: removal.isExpiry,
    },
  );
}

/** An outage between the grant of the lease and the entry may have left little of the lease for a first renewal. */
function isLateStart(evidence: Evidence, entry: Entry, creator: Call): boolean {
  const ttlMs = evidence.ttlMs(entry) ?? 0;
  return entry.puts[0]!.seenAt - creator.startedAt > ttlMs * (1 - FIRST_RENEWAL_SHARE);
}

/** Whoever made the entry waits for it, and is told that it is gone. */
function checkWaiter(evidence: Evidence, entry: Entry, removal: Removal): Violation[] {
  const connections = evidence.connectionsOf(entry);
  const creator = connections.find(({ id }) => id === entry.creator);
  // Who is told anything but "gone" left, and took his entry along.
  if (creator?.status !== 410 || creator.toldAt !== undefined) return [];
  if (removal.isExpiry && isLateStart(evidence, entry, creator)) return [];
  return [
    violation(
      'I8',
      `${creator.id} waited for ${named(entry)}, which at revision ${removal.revision} was ${howText(removal)}, though nobody asked and its gateway renews it`,
      {
        entries: [entry],
        calls: connections,
        revision: removal.revision,
        isOfTime: removal.isExpiry,
      },
    ),
  ];
}
