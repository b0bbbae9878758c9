// Late copies of an enter are harmless because each enter has its own lease: an entry seen on a lease proves that no other request can
// create an entry on it. Before "acquired" without a ttl is returned, the lease on which the entry queued is revoked.
import type { Call } from '../call.js';
import type { Evidence } from '../evidence.js';
import type { Entry, Mark } from '../history.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

export function checkLateCopies(evidence: Evidence): Violation[] {
  return [...checkEnters(evidence), ...checkConversions(evidence)];
}

/** One enter per lease: a second entry on it was created by a late copy, or by a lease that was used twice. */
function checkEnters(evidence: Evidence): Violation[] {
  const firsts = new Map<string, Entry>();
  return evidence.history.entries.flatMap((entry) => {
    const lease = entry.puts[0]?.lease;
    if (lease === undefined || entry.creator === undefined) return [];
    const first = firsts.get(lease);
    if (first === undefined) {
      firsts.set(lease, entry);
      return [];
    }
    return [
      violation(
        'late-copies',
        `${named(first)} and ${named(entry)} were both created on the lease ${lease}: a late copy may have created the second`,
        { entries: [first, entry], revision: entry.createRevision },
      ),
    ];
  });
}

function checkConversions(evidence: Evidence): Violation[] {
  return evidence.acquisitions.flatMap(({ call, entry, acquiredAt }) => {
    if (entry === undefined || call.ttlSeconds !== null) return [];
    // No gateway revokes a lease that an older connection at another gateway left behind once the entry was moved off it.
    if (evidence.connectionsOf(entry).length > 1) return [];
    return earlierLeases(entry).flatMap((lease) =>
      outlives(evidence, lease, acquiredAt) ? [leaseContinued(entry, lease, call)] : [],
    );
  });
}

/** Returns the leases that the entry was attached to before it was moved. */
function earlierLeases(entry: Entry): string[] {
  const last = entry.puts.at(-1)?.lease;
  const leases = entry.puts.flatMap(({ lease }) => lease ?? []);
  return [...new Set(leases)].filter((lease) => lease !== last);
}

function leaseContinued(entry: Entry, lease: string, call: Call): Violation {
  return violation(
    'late-copies',
    `${call.id} received "acquired" without a ttl for ${named(entry)} while the lease ${lease}, on which it had queued, continued`,
    { entries: [entry], calls: [call] },
  );
}

/** Whether the lease definitely continued after that time. */
function outlives(evidence: Evidence, lease: string, at: number): boolean {
  const mark: Mark | undefined = evidence.history.marks.get(lease);
  if (mark === undefined) return false;
  return (mark.removedRevision ?? Infinity) > evidence.clock.possibleBy(at);
}
