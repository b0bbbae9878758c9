// I1: whoever was told "acquired" held, and goes on holding until he releases, somebody forces, or the lease ends. Renewals too: no 200
// for a holding that was over, no 410 for one that was not.
import { entryIdOf, isConnectedAt } from '../call.js';
import type { Call } from '../call.js';
import type { Evidence, Telling } from '../evidence.js';
import type { Entry } from '../history.js';
import { howText, removalOf } from '../removal.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

export function checkToldHolders(evidence: Evidence): Violation[] {
  return evidence.tellings.flatMap((telling) => [
    ...checkTelling(evidence, telling),
    ...checkStays(evidence, telling),
  ]);
}

function checkTelling(evidence: Evidence, telling: Telling): Violation[] {
  const { call, toldAt, fencingToken, entry } = telling;
  const { clock } = evidence;
  const wrong = (what: string): Violation[] => [
    violation('I1', `${call.id} was told "acquired" with fencing token ${fencingToken}, ${what}`, {
      lock: call.lock,
      revision: fencingToken,
      entries: entry === undefined ? [] : [entry],
      calls: [call],
    }),
  ];
  if (entry === undefined) return wrong('but no entry was created at that revision');
  if (call.token === undefined || entry.id !== entryIdOf(call.token))
    return wrong(`but ${entry.key} is not its entry`);
  if (entry.mode !== call.mode) return wrong(`but asked for ${call.mode} and has ${entry.key}`);
  if (entry.heldFrom === undefined) return wrong('but its entry never held');
  if (entry.heldFrom > clock.possibleBy(toldAt))
    return wrong(`but its entry held only from revision ${entry.heldFrom}, after the answer`);
  const { removed } = entry;
  if (removed !== undefined && removed.revision <= clock.settledBy(call.startedAt))
    return wrong(`but its entry was gone at revision ${removed.revision}, before the call began`);
  return [];
}

function checkStays(evidence: Evidence, { call, entry }: Telling): Violation[] {
  const removal = entry && removalOf(evidence, entry);
  if (entry === undefined || removal === undefined) return [];
  if (removal.asked.length > 0 || removal.isExpiry) return [];
  const isGivenUp = call.kind === 'hold' && !isConnectedAt(call, removal.seenAt);
  if (isGivenUp && call.startedAt <= removal.seenAt) return [];
  const others = evidence.connectionsOf(entry).filter((other) => other !== call);
  return [
    violation(
      'I1',
      `${call.id} was told that it holds ${named(entry)}, and nobody asked to end it: at revision ${removal.revision} it was ${howText(removal)}`,
      { entries: [entry], revision: removal.revision, calls: [call, ...others] },
    ),
  ];
}

export function checkRenewals(evidence: Evidence): Violation[] {
  return evidence.calls.flatMap((call) => {
    if (call.kind !== 'keepalive' || call.ending !== 'answered') return [];
    const token = call.status === 200 ? call.fencingToken : call.asksFor;
    const entry = token === undefined ? undefined : evidence.entry(call.lock, token);
    const what = entry === undefined ? undefined : faultOf(evidence, call, entry);
    const unknown = call.status === 200 && entry === undefined;
    if (what === undefined && !unknown) return [];
    return [
      violation(
        'I1',
        `the renewal ${call.id} was answered ${call.status} ${call.code ?? ''}, but ${what ?? `nothing was created at revision ${token}`}`,
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
  const begun = clock.settledBy(call.startedAt);
  const over = clock.possibleBy(call.endedAt ?? Infinity);
  const removed = entry.removed?.revision ?? Infinity;
  const heldFrom = entry.heldFrom ?? Infinity;
  if (call.status === 200) {
    if (removed <= begun) return `the entry was gone at revision ${removed}, before the call began`;
    if (heldFrom > over) return 'the entry did not hold';
    return undefined;
  }
  const isHeldThroughout = heldFrom <= begun && removed > over;
  const deniesIt = call.status === 410 || call.status === 409;
  return deniesIt && isHeldThroughout ? 'the entry held all the while' : undefined;
}
