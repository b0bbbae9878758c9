// Deletions do not contain the ID of their call. Each one in the history must be acknowledged, part of a transaction, or attributed to a
// call with an unknown outcome. Each such call explains at most one deletion.
import type { KeyEvent } from '../../harness/key-event.js';
import { fateOf } from '../key-call.js';
import type { KeyCall } from '../key-call.js';
import type { KeyEvidence } from '../key-evidence.js';
import { keyViolation } from '../key-violation.js';
import type { KeyViolation } from '../key-violation.js';

export function checkDeletes(evidence: KeyEvidence): KeyViolation[] {
  const deleters = evidence.calls.filter(
    ({ deletes, puts }) => deletes.length > 0 && puts.length === 0,
  );
  const unknown = deleters.filter((call) => fateOf(call) === 'unknown');
  const acknowledged = new Map<string, KeyCall[]>();
  for (const call of deleters) {
    if (fateOf(call) !== 'applied') continue;
    const name = `${call.deletes[0]}@${call.result?.revision}`;
    acknowledged.set(name, [...(acknowledged.get(name) ?? []), call]);
  }
  const used = new Set<KeyCall>();
  const unexplained = evidence.events.filter((event) => {
    if (event.kind === 'put' || isOfTransaction(evidence, event)) return false;
    if (acknowledged.has(`${event.key}@${event.revision}`)) return false;
    const candidates = unknown.filter(
      (call) => !used.has(call) && canHaveDone(evidence, call, event),
    );
    // A call with a condition explains only this deletion. The others are kept for later deletions.
    const call = candidates.find(({ conditions }) => conditions.length > 0) ?? candidates[0];
    if (call !== undefined) used.add(call);
    return call === undefined;
  });
  return [
    ...[...acknowledged.values()]
      .filter((calls) => calls.length > 1)
      .map((calls) => sharedBy(calls)),
    ...[...acknowledged.values()].flatMap(([call]) => checkDeleted(evidence, call!)),
    ...unexplained.map(({ key, revision }) => inventedBy(deleters, key, revision)),
  ];
}

function sharedBy(calls: readonly KeyCall[]): KeyViolation {
  const [{ deletes, result }] = calls as [KeyCall];
  const ids = calls.map(({ id }) => id).join(' and ');
  const what = `${ids} were both acknowledged for the deletion of ${deletes[0]} at ${result?.revision}`;
  return keyViolation('twice', what, calls, result?.revision);
}

function checkDeleted(evidence: KeyEvidence, call: KeyCall): KeyViolation[] {
  const [key = ''] = call.deletes;
  const revision = call.result?.revision ?? 0;
  if (evidence.eventAt(key, revision)?.kind === 'delete') return [];
  const what = `${call.id} returned 200 for the deletion of ${key} at ${revision}, but nothing was deleted there`;
  return [keyViolation('lost', what, [call], revision)];
}

function inventedBy(deleters: readonly KeyCall[], key: string, revision: number): KeyViolation {
  const calls = deleters.filter(
    ({ deletes, result }) => deletes.includes(key) && result === undefined,
  );
  const what = `no call can have deleted ${key} at revision ${revision}`;
  return { ...keyViolation('invented', what, calls, revision), keys: [key] };
}

/** A transaction that deletes also writes its ID. */
function isOfTransaction(evidence: KeyEvidence, { key, revision }: KeyEvent): boolean {
  return evidence
    .eventsAt(revision)
    .some((event) => event.kind === 'put' && deletesToo(evidence.callNamed(event.value), key));
}

function deletesToo(call: KeyCall | undefined, key: string): boolean {
  return call?.deletes.includes(key) === true;
}

function canHaveDone(evidence: KeyEvidence, call: KeyCall, event: KeyEvent): boolean {
  return (
    call.deletes.includes(event.key) &&
    call.startedAt <= event.seenAt &&
    call.conditions.every((condition) => evidence.isTrueAt(condition, event.revision - 1))
  );
}
