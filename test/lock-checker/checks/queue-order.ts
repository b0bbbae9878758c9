// I3: waiters become holders in the order of their create revisions, minus those who left; and an entry keeps its place: whoever
// re-joined or converted it finds it with the same create revision.
import type { Call } from '../call.js';
import type { Evidence } from '../evidence.js';
import type { Entry } from '../history.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

export function checkQueueOrder(evidence: Evidence): Violation[] {
  const byLock = new Map<string, Entry[]>();
  for (const entry of evidence.history.entries)
    byLock.set(entry.lock, [...(byLock.get(entry.lock) ?? []), entry]);
  return [...byLock.values()].flatMap((entries) => [
    ...checkServedInOrder(evidence, entries),
    ...checkPlaces(evidence, entries),
  ]);
}

/** Nobody was told "acquired" while an entry that stands before his, and excludes it, was still there. */
function checkServedInOrder(evidence: Evidence, entries: readonly Entry[]): Violation[] {
  const told = new Map<Entry, { call: Call; toldAt: number }>();
  for (const { entry, call, toldAt } of evidence.tellings) {
    if (entry === undefined || entry.lock !== entries[0]?.lock) continue;
    const first = told.get(entry);
    if (first === undefined || toldAt < first.toldAt) told.set(entry, { call, toldAt });
  }
  return [...told].flatMap(([entry, { call, toldAt }]) => {
    const latest = evidence.clock.possibleBy(toldAt);
    const overtaken = entries.find(
      (other) =>
        other.createRevision < entry.createRevision &&
        (other.mode === 'exclusive' || entry.mode === 'exclusive') &&
        (other.removed?.revision ?? Infinity) > latest,
    );
    if (overtaken === undefined) return [];
    return [
      violation(
        'I3',
        `${call.id} was told "acquired" for ${named(entry)} while ${named(overtaken)}, which came before, was still there at revision ${latest}`,
        {
          entries: [overtaken, entry],
          calls: [call, ...evidence.connectionsOf(overtaken)],
          revision: latest,
        },
      ),
    ];
  });
}

/** A call that found its token's entry queued is answered with that entry's create revision. */
function checkPlaces(evidence: Evidence, entries: readonly Entry[]): Violation[] {
  return entries.flatMap((entry) =>
    evidence.connectionsOf(entry).flatMap((call) => {
      const { fencingToken } = call;
      if (fencingToken === undefined || fencingToken <= entry.createRevision) return [];
      const wasThere = entry.createRevision <= evidence.clock.settledBy(call.startedAt);
      const isThereStill = (entry.removed?.revision ?? Infinity) > fencingToken;
      if (!wasThere || !isThereStill) return [];
      return [
        violation(
          'I3',
          `${call.id} began while its token had ${named(entry)} and was given a later place, ${fencingToken}`,
          { entries: [entry], calls: [call] },
        ),
      ];
    }),
  );
}
