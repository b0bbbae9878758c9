// I6: a guarded write is applied only at a revision at which the entry of the guard existed and held. Conversely, a write with a 200 was
// applied, and a guard that held throughout the call was not refused.
import type { Call } from '../call.js';
import type { Evidence } from '../evidence.js';
import type { Entry, GuardedWrite } from '../history.js';
import { named, violation } from '../violation.js';
import type { Violation } from '../violation.js';

export function checkGuards(evidence: Evidence): Violation[] {
  const writes = new Map(evidence.history.guardedWrites.map((write) => [write.call, write]));
  return [
    ...evidence.history.guardedWrites.flatMap((write) => checkWrite(evidence, write)),
    ...evidence.calls
      .filter(({ kind }) => kind === 'guarded-write')
      .flatMap((call) => checkResponse(evidence, call, writes.get(call.id))),
  ];
}

function checkWrite(evidence: Evidence, write: GuardedWrite): Violation[] {
  const { revision, lock, fencingToken, call } = write;
  const entry = evidence.entry(lock, fencingToken);
  const why = entry === undefined ? 'no such entry ever existed' : notHolding(entry, revision);
  if (why === undefined) return [];
  const made = evidence.callNamed(call);
  return [
    violation(
      'I6',
      `the write ${call}, guarded by ${lock}@${fencingToken}, was applied at revision ${revision}, but ${why}`,
      {
        lock,
        revision,
        ...(entry === undefined ? {} : { entries: [entry] }),
        ...(made === undefined ? {} : { calls: [made] }),
      },
    ),
  ];
}

function notHolding({ heldFrom, removed }: Entry, revision: number): string | undefined {
  if (removed !== undefined && removed.revision <= revision)
    return `the entry was removed at revision ${removed.revision}`;
  if (heldFrom === undefined) return 'the entry never held';
  return heldFrom > revision ? `the entry held only from revision ${heldFrom}` : undefined;
}

function checkResponse(
  evidence: Evidence,
  call: Call,
  write: GuardedWrite | undefined,
): Violation[] {
  const entry = evidence.entry(call.lock, call.requestedFencingToken ?? 0);
  const wrong = (what: string): Violation[] => [
    violation('I6', `the guarded write ${call.id} ${what}`, {
      lock: call.lock,
      revision: write?.revision ?? call.revision,
      calls: [call],
      ...(entry === undefined ? {} : { entries: [entry] }),
    }),
  ];
  if (call.ending !== 'answered') return [];
  if (call.status === 200) {
    if (write === undefined) return wrong('returned 200 and is not in the history');
    return write.revision === call.revision
      ? []
      : wrong(`returned revision ${call.revision}, but was applied at ${write.revision}`);
  }
  if (call.status !== 412) return [];
  if (write !== undefined) return wrong(`returned 412 and was applied at ${write.revision}`);
  if (entry === undefined) return [];
  const { clock } = evidence;
  const heldThroughout =
    (entry.heldFrom ?? Infinity) <= clock.settledBy(call.startedAt) &&
    (entry.removed?.revision ?? Infinity) > clock.possibleBy(call.endedAt ?? Infinity);
  return heldThroughout ? wrong(`was refused while ${named(entry)} held throughout`) : [];
}
