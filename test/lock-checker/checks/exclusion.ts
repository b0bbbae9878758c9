// I2: exclusive holders of one lock never overlap, shared holders overlap only with shared ones, and fencing tokens grow in the order of
// holding. This is checked twice: by the revisions at which each response was true, and by the times at which a client that trusts the
// responses believes that it holds the lock.
import { isDefinite } from '../call.js';
import type { Call } from '../call.js';
import type { Evidence, Acquisition } from '../evidence.js';
import type { Entry } from '../history.js';
import { removalOf } from '../removal.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

/** A response may still be in flight while the next request is carried out. */
const RESPONSE_MS_MAX = 500;
/** A call without a response may still be carried out this much later. */
const LATE_MS_MAX = 30_000;

interface HeldPeriod {
  readonly acquisition: Acquisition;
  readonly entry: Entry;
  readonly from: number;
  readonly until: number;
}

export function checkExclusion(evidence: Evidence): Violation[] {
  return [...byLock(evidence)].flatMap(([, acquisitions]) => [
    ...overlaps(acquisitions.flatMap((each) => inRevisions(evidence, each))).map(([a, b]) =>
      overlap(
        `at revision ${b.from} both ${a.acquisition.call.id} and ${b.acquisition.call.id} had acquired (${named(a.entry)} and ${named(b.entry)}), and both entries existed`,
        [a, b],
      ),
    ),
    ...overlaps(acquisitions.flatMap((each) => inTime(evidence, each))).map(([a, b]) =>
      overlap(
        `${a.acquisition.call.id} and ${b.acquisition.call.id} held at the same time, ${Math.round(Math.min(a.until, b.until) - b.from)} ms longaccording to their responses (${named(a.entry)}, ${named(b.entry)})`,
        [a, b],
      ),
    ),
    ...checkOrder(acquisitions),
  ]);
}

function byLock(evidence: Evidence): Map<string, Acquisition[]> {
  const map = new Map<string, Acquisition[]>();
  for (const acquisition of evidence.acquisitions)
    map.set(acquisition.call.lock, [...(map.get(acquisition.call.lock) ?? []), acquisition]);
  return map;
}

/** Returns the period from the revision by which the response was definitely sent to the removal of the entry. */
function inRevisions(evidence: Evidence, acquisition: Acquisition): HeldPeriod[] {
  const { entry, acquiredAt } = acquisition;
  if (entry === undefined) return [];
  const from = evidence.clock.possibleBy(acquiredAt);
  const until = entry.removed?.revision ?? Infinity;
  return from < until ? [{ acquisition, entry, from, until }] : [];
}

/** Returns the period from the response to the first of: a call that may end it, the close of a hold, the expiry time in the responses, its expiry. */
function inTime(evidence: Evidence, acquisition: Acquisition): HeldPeriod[] {
  const { entry, acquiredAt, call } = acquisition;
  if (entry === undefined) return [];
  const removal = removalOf(evidence, entry);
  const endingCalls = evidence
    .endingCallsAt(entry.lock)
    .filter((each) => mayEnd(evidence, each, acquisition, entry))
    .map((each) => each.startedAt);
  const isPermanent = entry.puts.at(-1)?.lease === undefined;
  // A client whose entry expired no longer believes that it holds. It believes no expiry time beyond the ones it received.
  const until = Math.min(
    isPermanent ? Infinity : believedUntil(evidence, entry, acquiredAt),
    call.kind === 'hold' ? (call.endedAt ?? Infinity) : Infinity,
    removal?.isExpiry === true ? removal.seenAt : Infinity,
    evidence.endedAt,
    ...endingCalls,
  );
  return acquiredAt < until ? [{ acquisition, entry, from: acquiredAt, until }] : [];
}

/** Whether the call may release the lock after the response. */
function mayEnd(
  evidence: Evidence,
  call: Call,
  { acquiredAt }: Acquisition,
  entry: Entry,
): boolean {
  const isOver = isDefinite(call)
    ? (call.endedAt ?? Infinity) < acquiredAt - RESPONSE_MS_MAX
    : call.startedAt < acquiredAt - LATE_MS_MAX;
  if (isOver) return false;
  if (call.kind === 'force') return true;
  if (call.kind === 'release') return evidence.hasTokenOf(call, entry);
  return call.kind === 'release-by-owner' && call.client === entry.owner;
}

/** Returns the latest expiry time in a chain of responses, each received before the previous one expired. */
function believedUntil(evidence: Evidence, entry: Entry, acquiredAt: number): number {
  const claims = evidence
    .callsAt(entry.lock)
    .filter((call) => call.fencingToken === entry.createRevision)
    .flatMap(({ claimedUntil, acquiredAt: receivedAt, endedAt }) => {
      const at = receivedAt ?? endedAt;
      return claimedUntil === undefined || at === undefined ? [] : [{ at, claimedUntil }];
    })
    .sort((a, b) => a.at - b.at);
  let until = 0;
  for (const { at, claimedUntil } of claims)
    if (at <= acquiredAt || at <= until) until = Math.max(until, claimedUntil);
  return until;
}

/** Returns overlapping pairs with at least one exclusive holder. Two responses about the same entry are one holder. */
function overlaps(holdings: readonly HeldPeriod[]): [HeldPeriod, HeldPeriod][] {
  const ordered = [...holdings].sort((a, b) => a.from - b.from);
  const open: HeldPeriod[] = [];
  const found: [HeldPeriod, HeldPeriod][] = [];
  for (const holding of ordered) {
    const live = open.filter((other) => other.until > holding.from);
    for (const other of live) {
      const isOne = other.entry === holding.entry;
      const isShared = other.entry.mode === 'shared' && holding.entry.mode === 'shared';
      if (!isOne && !isShared) found.push([other, holding]);
    }
    open.splice(0, open.length, ...live, holding);
  }
  return found;
}

/** If one of two holders is exclusive, the one with the greater fencing token began to hold later. */
function checkOrder(acquisitions: readonly Acquisition[]): Violation[] {
  const entries = [...new Set(acquisitions.flatMap(({ entry }) => entry ?? []))]
    .filter((entry) => entry.heldFrom !== undefined)
    .sort((a, b) => a.createRevision - b.createRevision);
  return entries.flatMap((entry, index) => {
    const before = entries[index - 1];
    if (before === undefined) return [];
    const isShared = before.mode === 'shared' && entry.mode === 'shared';
    const isOrdered = isShared
      ? before.heldFrom! <= entry.heldFrom!
      : before.heldFrom! < entry.heldFrom!;
    if (isOrdered) return [];
    return [
      violation(
        'I2',
        `${named(entry)} held from revision ${entry.heldFrom}, not later than ${named(before)} with the smaller fencing token, from ${before.heldFrom}`,
        { entries: [before, entry] },
      ),
    ];
  });
}

function overlap(what: string, holdings: readonly HeldPeriod[]): Violation {
  return violation('I2', what, {
    entries: holdings.map(({ entry }) => entry),
    calls: holdings.map(({ acquisition }) => acquisition.call),
    revision: holdings.at(-1)?.entry.heldFrom ?? holdings.at(-1)?.entry.createRevision,
  });
}
