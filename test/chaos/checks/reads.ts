// Reads agree with the history at the revision that they return, which is not older than the revision before they began. The state of a
// key in a refused write was true at some revision between request and response.
import type { KeyCall, Seen } from '../key-call.js';
import type { KeyEvidence } from '../key-evidence.js';
import { keyViolation } from '../key-violation.js';
import type { KeyViolation } from '../key-violation.js';

export function checkReads(evidence: KeyEvidence): KeyViolation[] {
  return evidence.calls.flatMap((call) => {
    const { result } = call;
    if (result?.seen === undefined) return [];
    return result.revision === undefined
      ? checkSometime(evidence, call, result.seen)
      : checkAt(evidence, call, result.seen, result.revision);
  });
}

function checkAt(
  evidence: KeyEvidence,
  call: KeyCall,
  seen: readonly Seen[],
  revision: number,
): KeyViolation[] {
  const { clock } = evidence;
  const before = clock.settledBy(call.startedAt);
  if (call.kind !== 'stale get' && revision < before) {
    const what = `${call.id} (${call.kind}) read revision ${revision}, but ${before} existed before it began`;
    return [keyViolation('stale', what, [call], revision)];
  }
  const after = clock.possibleBy(call.endedAt ?? Infinity);
  if (revision > after) {
    const what = `${call.id} (${call.kind}) read revision ${revision}, but a later read saw only ${after}`;
    return [keyViolation('too new', what, [call], revision)];
  }
  const why = differenceAt(evidence, call, seen, revision);
  return why === undefined ? [] : [untrue(call, `at revision ${revision} ${why}`, revision)];
}

function checkSometime(
  evidence: KeyEvidence,
  call: KeyCall,
  seen: readonly Seen[],
): KeyViolation[] {
  const revisions = evidence.revisionsDuring(call, call.shown);
  const differences = revisions.map((revision) => differenceAt(evidence, call, seen, revision));
  if (differences.some((difference) => difference === undefined)) return [];
  const all = revisions.map((revision, index) => `at ${revision} ${differences[index]}`);
  return [untrue(call, all.join('; '), revisions.at(-1))];
}

function untrue(call: KeyCall, why: string, revision: number | undefined): KeyViolation {
  return keyViolation('untrue', `${call.id} (${call.kind}): ${why}`, [call], revision);
}

/** Describes how the response differs from the keys at that revision; undefined if it does not. */
function differenceAt(
  evidence: KeyEvidence,
  call: KeyCall,
  seen: readonly Seen[],
  revision: number,
): string | undefined {
  const isRefusal = call.result?.kind === 'refused';
  if (isRefusal && call.conditions.every((each) => evidence.isTrueAt(each, revision)))
    return 'every condition was true';
  const shown = new Map(seen.map((each) => [each.key, each]));
  for (const key of new Set([...call.shown, ...shown.keys()])) {
    const [was, is] = [stateText(evidence.stateAt(key, revision)), stateText(shown.get(key))];
    if (was !== is) return `${key} was ${was}, not ${is}`;
  }
  return undefined;
}

function stateText(state: Seen | undefined): string {
  if (state === undefined) return 'missing';
  const { value, version, createRevision, modRevision } = state;
  return `${value} (version ${version}, created at ${createRevision}, changed at ${modRevision})`;
}
