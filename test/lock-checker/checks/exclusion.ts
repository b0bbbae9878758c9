// I2: exclusive holders of one lock never overlap, shared ones only with shared ones, and fencing tokens grow in the order of holding.
// Two ways to look: at the revisions between which each caller's answer was true, and at the times between which a caller who trusts the
// answers believes that he holds.
import { isDefinite } from '../call.js';
import type { Call } from '../call.js';
import type { Evidence, Telling } from '../evidence.js';
import type { Entry } from '../history.js';
import { removalOf } from '../removal.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

/** The answer to the one may have been on its way while the other was carried out. */
const ANSWER_MS_MAX = 500;
/** A call without an answer may still be carried out for as long. */
const LATE_MS_MAX = 30_000;

interface Holding {
  readonly telling: Telling;
  readonly entry: Entry;
  readonly from: number;
  readonly until: number;
}

export function checkExclusion(evidence: Evidence): Violation[] {
  return [...byLock(evidence)].flatMap(([, tellings]) => [
    ...overlaps(tellings.flatMap((each) => inRevisions(evidence, each))).map(([a, b]) =>
      overlap(
        `at revision ${b.from} both ${a.telling.call.id} and ${b.telling.call.id} had been told that they hold ${named(a.entry)} and ${named(b.entry)}, and both entries were there`,
        [a, b],
      ),
    ),
    ...overlaps(tellings.flatMap((each) => inTime(evidence, each))).map(([a, b]) =>
      overlap(
        `${a.telling.call.id} and ${b.telling.call.id} held at the same time, ${Math.round(Math.min(a.until, b.until) - b.from)} ms long, as far as their answers say (${named(a.entry)}, ${named(b.entry)})`,
        [a, b],
      ),
    ),
    ...checkOrder(tellings),
  ]);
}

function byLock(evidence: Evidence): Map<string, Telling[]> {
  const map = new Map<string, Telling[]>();
  for (const telling of evidence.tellings)
    map.set(telling.call.lock, [...(map.get(telling.call.lock) ?? []), telling]);
  return map;
}

/** From the revision by which the answer had surely been given to the entry's end. */
function inRevisions(evidence: Evidence, telling: Telling): Holding[] {
  const { entry, toldAt } = telling;
  if (entry === undefined) return [];
  const from = evidence.clock.possibleBy(toldAt);
  const until = entry.removed?.revision ?? Infinity;
  return from < until ? [{ telling, entry, from, until }] : [];
}

/** From the answer to the first of: a call that may end it, the connection's end of a hold, what the last answer promised, its end. */
function inTime(evidence: Evidence, telling: Telling): Holding[] {
  const { entry, toldAt, call } = telling;
  if (entry === undefined) return [];
  const removal = removalOf(evidence, entry);
  const asked = evidence
    .endersAt(entry.lock)
    .filter((each) => mayEnd(evidence, each, telling, entry))
    .map((each) => each.startedAt);
  const isPermanent = entry.puts.at(-1)?.lease === undefined;
  // Who knows that his entry is gone does not believe any more; and a promise counts only as far as it was given.
  const until = Math.min(
    isPermanent ? Infinity : promisedUntil(evidence, entry, toldAt),
    call.kind === 'hold' ? (call.endedAt ?? Infinity) : Infinity,
    removal?.isExpiry === true ? removal.seenAt : Infinity,
    evidence.endedAt,
    ...asked,
  );
  return toldAt < until ? [{ telling, entry, from: toldAt, until }] : [];
}

/** Whether the call may end the holding after it was told. */
function mayEnd(evidence: Evidence, call: Call, { toldAt }: Telling, entry: Entry): boolean {
  const isOver = isDefinite(call)
    ? (call.endedAt ?? Infinity) < toldAt - ANSWER_MS_MAX
    : call.startedAt < toldAt - LATE_MS_MAX;
  if (isOver) return false;
  if (call.kind === 'force') return true;
  if (call.kind === 'release') return evidence.hasTokenOf(call, entry);
  return call.kind === 'release-by-owner' && call.client === entry.owner;
}

/** A chain of answers, each given before the promise of the one before it was over. */
function promisedUntil(evidence: Evidence, entry: Entry, toldAt: number): number {
  const claims = evidence
    .callsAt(entry.lock)
    .filter((call) => call.fencingToken === entry.createRevision)
    .flatMap(({ claimedUntil, toldAt: told, endedAt }) => {
      const at = told ?? endedAt;
      return claimedUntil === undefined || at === undefined ? [] : [{ at, claimedUntil }];
    })
    .sort((a, b) => a.at - b.at);
  let until = 0;
  for (const { at, claimedUntil } of claims)
    if (at <= toldAt || at <= until) until = Math.max(until, claimedUntil);
  return until;
}

/** Pairs of neighbours that overlap though one of them is exclusive. The same entry, told twice, is one holder. */
function overlaps(holdings: readonly Holding[]): [Holding, Holding][] {
  const ordered = [...holdings].sort((a, b) => a.from - b.from);
  const open: Holding[] = [];
  const found: [Holding, Holding][] = [];
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

/** Of two holders one of whom is exclusive, the one with the greater fencing token began to hold later. */
function checkOrder(tellings: readonly Telling[]): Violation[] {
  const entries = [...new Set(tellings.flatMap(({ entry }) => entry ?? []))]
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

function overlap(what: string, holdings: readonly Holding[]): Violation {
  return violation('I2', what, {
    entries: holdings.map(({ entry }) => entry),
    calls: holdings.map(({ telling }) => telling.call),
    revision: holdings.at(-1)?.entry.heldFrom ?? holdings.at(-1)?.entry.createRevision,
  });
}
