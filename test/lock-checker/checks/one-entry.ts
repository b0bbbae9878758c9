// I5: one token never has two entries, and what was released never comes back. One exception, never a second holder: a chosen token
// whose caller went on elsewhere while an older connection had no answer; its entry ends with its ttl, which I4 looks after.
import { isDefinite } from '../call.js';
import type { Call } from '../call.js';
import type { Evidence } from '../evidence.js';
import type { Entry } from '../history.js';
import { removalOf } from '../removal.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

export interface OneEntry {
  readonly violations: Violation[];
  /** Entries that came back, within the exception. */
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
      const back = comesBack(evidence, entry, earlier);
      if (back?.isExcused === true) excused.push(entry);
      else if (back !== undefined) violations.push(back.violation);
    });
  }
  return { violations, excused };
}

function checkAlone(evidence: Evidence, entry: Entry, earlier: readonly Entry[]): Violation[] {
  const beside = earlier.find(
    ({ removed }) => (removed?.revision ?? Infinity) > entry.createRevision,
  );
  if (beside === undefined) return [];
  return [
    violation('I5', `one token has two entries: ${named(beside)} and ${named(entry)}`, {
      entries: [beside, entry],
      calls: evidence.callsOf(entry),
      revision: entry.createRevision,
    }),
  ];
}

function comesBack(
  evidence: Evidence,
  entry: Entry,
  earlier: readonly Entry[],
): { isExcused: boolean; violation: Violation } | undefined {
  for (const ended of earlier) {
    const release = answeredRelease(evidence, ended);
    if (release === undefined || ended.removed!.revision > entry.createRevision) continue;
    const why = whyWrong(evidence, entry, ended, release);
    return {
      isExcused: why === undefined,
      violation: violation(
        'I5',
        `${named(ended)} was released (${release.id}) and came back as ${named(entry)}: ${why}`,
        { entries: [ended, entry], calls: evidence.callsOf(entry), revision: entry.createRevision },
      ),
    };
  }
  return undefined;
}

/** The call that ended the entry and said so. */
function answeredRelease(evidence: Evidence, entry: Entry): Call | undefined {
  return removalOf(evidence, entry)?.asked.find((call) => call.status === 200);
}

/** Undefined within the exception, or when the caller himself used the token again. */
function whyWrong(
  evidence: Evidence,
  entry: Entry,
  ended: Entry,
  release: Call,
): string | undefined {
  const creator = evidence.callNamed(entry.creator);
  if (creator === undefined) return 'nobody knows who made it';
  const lease = entry.puts[0]?.lease;
  if (lease !== undefined && ended.puts.some((put) => put.lease === lease))
    return 'on the very lease of the released one, which a release revokes';
  if (creator.isTokenChosen !== true) return 'the gateway made the token';
  if (creator.startedAt > (release.endedAt ?? Infinity)) return undefined;
  if (evidence.connectionsOf(entry).length < 2)
    return `the token had one connection only, ${creator.id}`;
  const hadAnswer = isDefinite(creator) && creator.endedAt! <= release.startedAt;
  return hadAnswer ? `${creator.id} had had its answer before` : undefined;
}
