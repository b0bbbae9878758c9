// I3: waiters become holders in the order of their create revisions, except those that disconnected. An entry keeps its position: a re-join
// or a conversion does not change its create revision.
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
    ...checkPositions(evidence, entries),
  ]);
}

/** No client receives "acquired" while an earlier, conflicting entry exists. */
function checkServedInOrder(evidence: Evidence, entries: readonly Entry[]): Violation[] {
  const firsts = new Map<Entry, { call: Call; acquiredAt: number }>();
  for (const { entry, call, acquiredAt } of evidence.acquisitions) {
    if (entry === undefined || entry.lock !== entries[0]?.lock) continue;
    const first = firsts.get(entry);
    if (first === undefined || acquiredAt < first.acquiredAt)
      firsts.set(entry, { call, acquiredAt });
  }
  return [...firsts].flatMap(([entry, { call, acquiredAt }]) => {
    const latest = evidence.clock.possibleBy(acquiredAt);
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
        `${call.id} received "acquired" for ${named(entry)} while ${named(overtaken)}, which came before, still existed at revision ${latest}`,
        {
          entries: [overtaken, entry],
          calls: [call, ...evidence.connectionsOf(overtaken)],
          revision: latest,
        },
      ),
    ];
  });
}

/** A call whose token already has a queued entry receives the create revision of that entry. */
function checkPositions(evidence: Evidence, entries: readonly Entry[]): Violation[] {
  return entries.flatMap((entry) =>
    evidence.connectionsOf(entry).flatMap((call) => {
      const { fencingToken } = call;
      if (fencingToken === undefined || fencingToken <= entry.createRevision) return [];
      const existedBefore = entry.createRevision <= evidence.clock.settledBy(call.startedAt);
      const stillExisted = (entry.removed?.revision ?? Infinity) > fencingToken;
      if (!existedBefore || !stillExisted) return [];
      return [
        violation(
          'I3',
          `${call.id} began while its token had ${named(entry)} and received a later position, ${fencingToken}`,
          { entries: [entry], calls: [call] },
        ),
      ];
    }),
  );
}
