// What makes late copies harmless is that no lease is left which they could put an entry on. Before "released" is
// answered the entry's lease is revoked; before "acquired" without a ttl is answered, the lease on which the entry queued.
import type { Call } from '../call.js';
import type { Evidence } from '../evidence.js';
import type { Entry, Mark } from '../history.js';
import { removalOf } from '../removal.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

export function checkLateCopies(evidence: Evidence): Violation[] {
  return [...checkReleases(evidence), ...checkConversions(evidence)];
}

function checkReleases(evidence: Evidence): Violation[] {
  return evidence.history.entries.flatMap((entry) => {
    const removal = removalOf(evidence, entry);
    const answered = removal?.asked.filter((call) => call.status === 200) ?? [];
    // With two releases under way the other one may have deleted and be about to revoke.
    const [release] = answered;
    if (removal?.lease === undefined || release === undefined || removal.asked.length > 1)
      return [];
    if (release.kind !== 'release' && !stays(evidence, entry)) return [];
    // Nobody was told that he holds: his own leaving, not the release, may have deleted it, and its lease may run out.
    if (!evidence.tellings.some((telling) => telling.entry === entry)) return [];
    return outlives(evidence, removal.lease, release.endedAt ?? Infinity)
      ? [
          violation(
            'late-copies',
            `${release.id} was answered "released" for ${named(entry)}, whose lease ${removal.lease} lived on: a late copy could bring the entry back`,
            { entries: [entry], calls: [release], revision: removal.revision },
          ),
        ]
      : [];
  });
}

/** All its connections were answered "acquired" by PUT: nothing but a request ends it, or its lease. */
function stays(evidence: Evidence, entry: Entry): boolean {
  return evidence
    .connectionsOf(entry)
    .every(
      ({ kind, status, ending }) => kind === 'acquire' && ending === 'answered' && status === 200,
    );
}

function checkConversions(evidence: Evidence): Violation[] {
  return evidence.tellings.flatMap(({ call, entry, toldAt }) => {
    if (entry === undefined || call.ttlSeconds !== null) return [];
    // Of a lease that an older connection of another gateway left behind, nobody knows once the entry was moved off it.
    if (evidence.connectionsOf(entry).length > 1) return [];
    return carriers(entry).flatMap((lease) =>
      outlives(evidence, lease, toldAt) ? [carried(entry, lease, call)] : [],
    );
  });
}

/** Leases that the entry stood on before it was moved off them. */
function carriers(entry: Entry): string[] {
  const last = entry.puts.at(-1)?.lease;
  const leases = entry.puts.flatMap(({ lease }) => lease ?? []);
  return [...new Set(leases)].filter((lease) => lease !== last);
}

function carried(entry: Entry, lease: string, call: Call): Violation {
  return violation(
    'late-copies',
    `${call.id} was told "acquired" without a ttl for ${named(entry)} while the lease ${lease}, on which it had queued, lived on`,
    { entries: [entry], calls: [call] },
  );
}

/** Whether the lease surely lived on after that time. */
function outlives(evidence: Evidence, lease: string, at: number): boolean {
  const mark: Mark | undefined = evidence.history.marks.get(lease);
  if (mark === undefined) return false;
  return (mark.removedRevision ?? Infinity) > evidence.clock.possibleBy(at);
}
