// I8: an entry that a client re-joined is never removed by an older connection of the same client. For entries of one connection: the
// gateway renews the entry while the client waits, so only a request removes it.
import type { Call } from '../call.js';
import { isConnectedAt } from '../call.js';
import type { Evidence } from '../evidence.js';
import type { Entry } from '../history.js';
import { howText, removalOf } from '../removal.js';
import type { Removal } from '../removal.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

/** After this time an enter without a response has been abandoned, found, or repeated. */
const SETTLED_AFTER_MS = 20_000;

/** The share of the ttl after which a waiting entry is first renewed. */
const FIRST_RENEWAL_SHARE = 1 / 4;

export interface Rejoined {
  readonly violations: Violation[];
  /** Entries that another connection definitely re-joined. */
  readonly count: number;
}

export function checkRejoined(evidence: Evidence): Rejoined {
  const violations: Violation[] = [];
  let count = 0;
  for (const entry of evidence.history.entries) {
    const newer = rejoinersOf(evidence, entry);
    if (newer.length > 0) count++;
    const removal = removalOf(evidence, entry);
    if (removal === undefined || removal.requestedBy.length > 0) continue;
    const affected = newer.find((call) => isAffected(call, removal));
    if (affected !== undefined)
      violations.push(removedUnderNewer(evidence, entry, removal, affected));
    else violations.push(...checkWaiter(evidence, entry, removal));
  }
  return { violations, count };
}

/** Returns connections that definitely joined an entry of an older connection. */
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
    // A creator whose enter had no response finds its own entry and writes to it too.
    const isCreatorSettled = seenAt - creator.startedAt > SETTLED_AFTER_MS;
    return (
      marks.length > 1 ||
      isCreatorSettled ||
      !evidence.hasFault(creator.startedAt, seenAt, entry.key)
    );
  });
}

/** Whether the call was connected when the entry was removed, or received 410 because of it. */
function isAffected(call: Call, removal: Removal): boolean {
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
    `${named(entry)} was re-joined by ${newer.id}, and at revision ${removal.revision} ${howText(removal)}, though no client requested it; older: ${older.map(({ id, ending }) => `${id} (${ending ?? 'open'})`).join(', ')}`,
    {
      entries: [entry],
      calls: evidence.callsOf(entry),
      revision: removal.revision,
      isOfTime: removal.isExpiry,
    },
  );
}

/** Whether an outage between the grant of the lease and the entry left too little of the ttl for a first renewal. */
function isLateStart(evidence: Evidence, entry: Entry, creator: Call): boolean {
  const ttlMs = evidence.ttlMs(entry) ?? 0;
  return entry.puts[0]!.seenAt - creator.startedAt > ttlMs * (1 - FIRST_RENEWAL_SHARE);
}

/** Checks a removal for which the waiting creator of the entry received 410. */
function checkWaiter(evidence: Evidence, entry: Entry, removal: Removal): Violation[] {
  const connections = evidence.connectionsOf(entry);
  const creator = connections.find(({ id }) => id === entry.creator);
  // A creator with any other response ended the wait itself, which removes its entry.
  if (creator?.status !== 410 || creator.acquiredAt !== undefined) return [];
  if (removal.isExpiry && isLateStart(evidence, entry, creator)) return [];
  return [
    violation(
      'I8',
      `${creator.id} waited for ${named(entry)}, which at revision ${removal.revision} was ${howText(removal)}, though no client requested it and its gateway renews it`,
      {
        entries: [entry],
        calls: connections,
        revision: removal.revision,
        isOfTime: removal.isExpiry,
      },
    ),
  ];
}
