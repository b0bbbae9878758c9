// Every response is a documented one for its call and arrives in time. At the end both replicas serve every key.
import type { CallKind, KeyCall } from '../key-call.js';
import { isWrite } from '../key-call.js';
import type { KeyEvidence } from '../key-evidence.js';
import { keyViolation } from '../key-violation.js';
import type { KeyViolation } from '../key-violation.js';
import { responseOf } from './writes.js';

/** The request timeout of the gateway is 10 s. The rest allows for a slow machine. */
const CALL_MS_MAX = 35_000;
const UNAVAILABLE = ['503 etcd-unavailable', '503 no-leader', '504 timeout'];
const RESPONSES: Readonly<Record<CallKind, readonly string[]>> = {
  get: ['200', '404 key-not-found'],
  'stale get': ['200', '404 key-not-found'],
  list: ['200'],
  put: ['200'],
  create: ['200', '412 precondition-failed'],
  replace: ['200', '412 precondition-failed'],
  delete: ['200', '404 key-not-found'],
  'delete if': ['200', '412 precondition-failed', '404 key-not-found'],
  transact: ['200'],
};
const OUTCOMES = ['unknown', 'not-applied'];

export function checkKeyResponses(evidence: KeyEvidence): KeyViolation[] {
  return evidence.calls.flatMap((call) => [...checkResponse(call), ...checkEnd(evidence, call)]);
}

function checkResponse(call: KeyCall): KeyViolation[] {
  if (call.ending !== 'answered') return [];
  const what = call.deviation ?? undocumented(call);
  return what === undefined
    ? []
    : [keyViolation('responses', `${call.id} (${call.kind}): ${what}`, [call])];
}

function undocumented(call: KeyCall): string | undefined {
  const { status = 0, code, kind, outcome } = call;
  const response = code === undefined ? String(status) : `${status} ${code}`;
  if (![...RESPONSES[kind], ...UNAVAILABLE].includes(response))
    return `the response ${response} is not a documented one`;
  if (status < 500) return undefined;
  const hasOutcome = outcome !== undefined && OUTCOMES.includes(outcome);
  if (isWrite(call) && !hasOutcome) return `${response} has no outcome of the write`;
  return undefined;
}

function checkEnd(evidence: KeyEvidence, call: KeyCall): KeyViolation[] {
  const tookMs = Math.round((call.endedAt ?? evidence.endedAt) - call.startedAt);
  if (call.endedAt !== undefined && call.ending !== 'overdue' && tookMs <= CALL_MS_MAX) return [];
  const what = `${call.id} (${call.kind}) took ${tookMs} ms and ended as ${responseOf(call)}`;
  return [keyViolation('liveness', what, [call])];
}

/** Each replica must return all `keys` after the end of the run. */
export function checkFinalReads(
  evidence: KeyEvidence,
  keys: readonly string[],
  replicas: number,
): KeyViolation[] {
  return Array.from({ length: replicas }, (_, replica) => replica).flatMap((replica) => {
    const read = evidence.calls.filter(
      (call) =>
        call.id.startsWith('last.') && call.replica === replica && call.result !== undefined,
    );
    const missing = keys.filter((key) => !read.some(({ shown }) => shown.includes(key)));
    if (missing.length === 0) return [];
    const what = `replica ${replica} did not return ${missing.join(', ')} after the run`;
    return [keyViolation('liveness', what, [])];
  });
}
