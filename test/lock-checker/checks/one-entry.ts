// I5: one token never has two entries, and a released entry never reappears. One exception, which is never a second holder: a client that
// chose its token continued on a new connection while an older one had no response. That entry expires, which I4 checks.
import { isDefinite } from '../call.js';
import type { Call } from '../call.js';
import type { Evidence } from '../evidence.js';
import type { Entry } from '../history.js';
import { removalOf } from '../removal.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

export interface OneEntry {
  readonly violations: Violation[];
  /** Entries that reappeared within the exception. */
  readonly excused: readonly Entry[];
}

export function checkOneEntry(evidence: Evidence): OneEntry {
  const byToken = new Map<string, Entry[]>();
  for (const entry of evidence.history.entries) {
    const name = `${entry.lock}/${entry.id}`;
    byToken.set(name, [...(byToken.get(name) ?? []), entry]);
  }
  const violations: Violation[] = [];
  const excused: Entry[] = [];
  for (const entries of byToken.values()) {
    entries.forEach((entry, index) => {
      const earlier = entries.slice(0, index);
      violations.push(...checkAlone(evidence, entry, earlier));
      const reappearance = checkReappearance(evidence, entry, earlier);
      if (reappearance?.isExcused === true) excused.push(entry);
      else if (reappearance !== undefined) violations.push(reappearance.violation);
    });
  }
  return { violations, excused };
}

function checkAlone(evidence: Evidence, entry: Entry, earlier: readonly Entry[]): Violation[] {
  const concurrent = earlier.find(
    ({ removed }) => (removed?.revision ?? Infinity) > entry.createRevision,
  );
  if (concurrent === undefined) return [];
  return [
    violation('I5', `one token has two entries: ${named(concurrent)} and ${named(entry)}`, {
      entries: [concurrent, entry],
      calls: evidence.callsOf(entry),
      revision: entry.createRevision,
    }),
  ];
}

function checkReappearance(
  evidence: Evidence,
  entry: Entry,
  earlier: readonly Entry[],
): { isExcused: boolean; violation: Violation } | undefined {
  for (const ended of earlier) {
    const release = successfulRelease(evidence, ended);
    if (release === undefined || ended.removed!.revision > entry.createRevision) continue;
    const why = whyWrong(evidence, entry, ended, release);
    return {
      isExcused: why === undefined,
      violation: violation(
        'I5',
        `${named(ended)} was released (${release.id}) and reappeared as ${named(entry)}: ${why}`,
        { entries: [ended, entry], calls: evidence.callsOf(entry), revision: entry.createRevision },
      ),
    };
  }
  return undefined;
}

/** Returns the successful call that removed the entry. */
function successfulRelease(evidence: Evidence, entry: Entry): Call | undefined {
  return removalOf(evidence, entry)?.requestedBy.find((call) => call.status === 200);
}

/** Undefined within the exception, or when the client itself used the token again. */
function whyWrong(
  evidence: Evidence,
  entry: Entry,
  ended: Entry,
  release: Call,
): string | undefined {
  const creator = evidence.callNamed(entry.creator);
  if (creator === undefined) return 'its creator is unknown';
  const lease = entry.puts[0]?.lease;
  if (lease !== undefined && ended.puts.some((put) => put.lease === lease))
    return 'on the lease of the released entry, which a release revokes';
  if (creator.isTokenChosen !== true) return 'the gateway generated the token';
  if (creator.startedAt > (release.endedAt ?? Infinity)) return undefined;
  if (evidence.connectionsOf(entry).length < 2)
    return `the token had only one connection, ${creator.id}`;
  const hadResponse = isDefinite(creator) && creator.endedAt! <= release.startedAt;
  return hadResponse ? `${creator.id} had its response before` : undefined;
}
