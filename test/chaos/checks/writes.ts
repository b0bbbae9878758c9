// Each write in the history was requested by a call, and applied once, completely, and under its conditions. Conversely, an acknowledged
// write is in the history at its revision, and a definitely failed one is not.
import type { KeyEvent } from '../../harness/key-event.js';
import { fateOf, isWrite } from '../key-call.js';
import type { KeyCall } from '../key-call.js';
import type { KeyEvidence } from '../key-evidence.js';
import { keyViolation } from '../key-violation.js';
import type { KeyViolation } from '../key-violation.js';

export function checkWrites(evidence: KeyEvidence): KeyViolation[] {
  return [
    ...evidence.events.flatMap((event) => checkEvent(evidence, event)),
    ...evidence.calls.filter(isWrite).flatMap((call) => checkCall(evidence, call)),
  ];
}

/** Every value is the id of a call that writes this key. */
function checkEvent(evidence: KeyEvidence, event: KeyEvent): KeyViolation[] {
  if (event.kind === 'delete') return [];
  const { key, value, revision } = event;
  const call = evidence.callNamed(value);
  if (call?.puts.includes(key) === true) return [];
  const calls = call === undefined ? [] : [call];
  return [
    keyViolation(
      'invented',
      `no call wrote ${value} to ${key} (revision ${revision})`,
      calls,
      revision,
    ),
  ];
}

function checkCall(evidence: KeyEvidence, call: KeyCall): KeyViolation[] {
  const revisions = [...new Set(evidence.putsOf(call).map(({ revision }) => revision))];
  if (revisions.length > 1) {
    const all = revisions.join(' and ');
    return [keyViolation('twice', `${call.id} was applied at ${all}`, [call], revisions[1])];
  }
  const fate = fateOf(call);
  const [applied] = revisions;
  if (fate === 'applied') return checkAcknowledged(evidence, call, applied);
  if (applied === undefined) return [];
  if (fate === 'not-applied') {
    const what = `${call.id} returned ${responseOf(call)}, but was applied at ${applied}`;
    return [keyViolation('applied despite refusal', what, [call], applied)];
  }
  return checkApplied(evidence, call, applied);
}

function checkAcknowledged(
  evidence: KeyEvidence,
  call: KeyCall,
  applied: number | undefined,
): KeyViolation[] {
  const revision = call.result?.revision ?? 0;
  if (call.puts.length > 0 && applied !== revision) {
    const where = applied === undefined ? 'it is not in the history' : `it is at ${applied}`;
    const what = `${call.id} was acknowledged with revision ${revision}, but ${where}`;
    return [keyViolation('lost', what, [call], revision)];
  }
  const undeleted = call.deletes.find((key) => evidence.stateAt(key, revision) !== undefined);
  if (undeleted !== undefined) {
    const what = `${call.id} was acknowledged for the deletion of ${undeleted} at ${revision}, but it exists`;
    return [keyViolation('lost', what, [call], revision)];
  }
  return [...checkTime(evidence, call, revision), ...checkApplied(evidence, call, revision)];
}

/** A write takes effect between its request and its response. */
function checkTime(evidence: KeyEvidence, call: KeyCall, revision: number): KeyViolation[] {
  const before = evidence.clock.settledBy(call.startedAt);
  if (revision <= before) {
    const what = `${call.id} was applied at ${revision}, but ${before} existed before it began`;
    return [keyViolation('stale', what, [call], revision)];
  }
  const after = evidence.clock.possibleBy(call.endedAt ?? Infinity);
  if (revision <= after) return [];
  const what = `${call.id} returned revision ${revision}, but a later read saw only ${after}`;
  return [keyViolation('too new', what, [call], revision)];
}

/** All changes of a write are at one revision, and its conditions were true before. */
function checkApplied(evidence: KeyEvidence, call: KeyCall, revision: number): KeyViolation[] {
  const missing = [
    ...call.puts.filter((key) => evidence.eventAt(key, revision)?.value !== call.id),
    ...call.deletes.filter((key) => evidence.stateAt(key, revision) !== undefined),
  ];
  if (missing.length > 0) {
    const what = `${call.id} was applied at ${revision} without ${missing.join(', ')}`;
    return [keyViolation('torn', what, [call], revision)];
  }
  const untrue = call.conditions.find((each) => !evidence.isTrueAt(each, revision - 1));
  if (untrue === undefined) return [];
  const was = evidence.stateAt(untrue.key, revision - 1)?.modRevision ?? 'missing';
  const what = `${call.id} was applied at ${revision} where ${untrue.key} was ${was}, not ${untrue.modRevision || 'missing'}`;
  return [keyViolation('condition', what, [call], revision)];
}

export function responseOf({ ending, status, code, outcome }: KeyCall): string {
  return [ending === 'answered' ? status : (ending ?? 'nothing yet'), code, outcome]
    .filter((part) => part !== undefined)
    .join(' ');
}
