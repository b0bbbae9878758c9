// I1: a client that received "acquired" held the lock, and holds it until a release, a forced release, or the end of the lease. Renewals
// too: no 200 after the end of an acquisition, and no 410 before it.
import { entryIdOf, isConnectedAt } from '../call.js';
import type { Call } from '../call.js';
import type { Evidence, Acquisition } from '../evidence.js';
import type { Entry } from '../history.js';
import { howText, removalOf } from '../removal.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

export function checkAcquisitions(evidence: Evidence): Violation[] {
  return evidence.acquisitions.flatMap((acquisition) => [
    ...checkAcquisition(evidence, acquisition),
    ...checkStays(evidence, acquisition),
  ]);
}

function checkAcquisition(evidence: Evidence, acquisition: Acquisition): Violation[] {
  const { call, acquiredAt, fencingToken, entry } = acquisition;
  const { clock } = evidence;
  const wrong = (what: string): Violation[] => [
    violation('I1', `${call.id} received "acquired" with fencing token ${fencingToken}, ${what}`, {
      lock: call.lock,
      revision: fencingToken,
      entries: entry === undefined ? [] : [entry],
      calls: [call],
    }),
  ];
  if (entry === undefined) return wrong('but no entry was created at that revision');
  if (call.token === undefined || entry.id !== entryIdOf(call.token))
    return wrong(`but ${entry.key} is not its entry`);
  if (entry.mode !== call.mode) return wrong(`but requested ${call.mode} and has ${entry.key}`);
  if (entry.heldFrom === undefined) return wrong('but its entry never held');
  if (entry.heldFrom > clock.possibleBy(acquiredAt))
    return wrong(`but its entry held only from revision ${entry.heldFrom}, after the response`);
  const { removed } = entry;
  if (removed !== undefined && removed.revision <= clock.settledBy(call.startedAt))
    return wrong(
      `but its entry was removed at revision ${removed.revision}, before the call began`,
    );
  return [];
}

function checkStays(evidence: Evidence, { call, entry }: Acquisition): Violation[] {
  const removal = entry && removalOf(evidence, entry);
  if (entry === undefined || removal === undefined) return [];
  if (removal.requestedBy.length > 0 || removal.isExpiry) return [];
  const isDisconnected = call.kind === 'hold' && !isConnectedAt(call, removal.seenAt);
  if (isDisconnected && call.startedAt <= removal.seenAt) return [];
  const others = evidence.connectionsOf(entry).filter((other) => other !== call);
  return [
    violation(
      'I1',
      `${call.id} acquired ${named(entry)}, and no client requested its removal: at revision ${removal.revision} it was ${howText(removal)}`,
      { entries: [entry], revision: removal.revision, calls: [call, ...others] },
    ),
  ];
}

export function checkRenewals(evidence: Evidence): Violation[] {
  return evidence.calls.flatMap((call) => {
    if (call.kind !== 'keepalive' || call.ending !== 'answered') return [];
    const token = call.status === 200 ? call.fencingToken : call.requestedFencingToken;
    const entry = token === undefined ? undefined : evidence.entry(call.lock, token);
    const what = entry === undefined ? undefined : faultOf(evidence, call, entry);
    const unknown = call.status === 200 && entry === undefined;
    if (what === undefined && !unknown) return [];
    return [
      violation(
        'I1',
        `the renewal ${call.id} returned ${call.status} ${call.code ?? ''}, but ${what ?? `nothing was created at revision ${token}`}`,
        {
          lock: call.lock,
          calls: [call],
          ...(entry === undefined ? {} : { entries: [entry] }),
        },
      ),
    ];
  });
}

function faultOf(evidence: Evidence, call: Call, entry: Entry): string | undefined {
  const { clock } = evidence;
  const from = clock.settledBy(call.startedAt);
  const until = clock.possibleBy(call.endedAt ?? Infinity);
  const removed = entry.removed?.revision ?? Infinity;
  const heldFrom = entry.heldFrom ?? Infinity;
  if (call.status === 200) {
    if (removed <= from)
      return `the entry was removed at revision ${removed}, before the call began`;
    if (heldFrom > until) return 'the entry did not hold';
    return undefined;
  }
  const isHeldThroughout = heldFrom <= from && removed > until;
  const isDenied = call.status === 410 || call.status === 409;
  return isDenied && isHeldThroughout ? 'the entry held throughout' : undefined;
}
