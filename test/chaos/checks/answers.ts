// Every answer is one that this call may get, comes in time, and after all is quiet again everybody is served.
import type { CallKind, KeyCall } from '../key-call.js';
import { isWrite } from '../key-call.js';
import type { KeyEvidence } from '../key-evidence.js';
import { keyViolation } from '../key-violation.js';
import type { KeyViolation } from '../key-violation.js';
import { answerOf } from './writes.js';

/** The gateway gives a request 10 s; this is for the machine. */
const CALL_MS_MAX = 35_000;
const UNAVAILABLE = ['503 etcd-unavailable', '503 no-leader', '504 timeout'];
const ANSWERS: Readonly<Record<CallKind, readonly string[]>> = {
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

export function checkKeyAnswers(evidence: KeyEvidence): KeyViolation[] {
  return evidence.calls.flatMap((call) => [...checkAnswer(call), ...checkEnd(evidence, call)]);
}

function checkAnswer(call: KeyCall): KeyViolation[] {
  if (call.ending !== 'answered') return [];
  const what = call.deviation ?? undocumented(call);
  return what === undefined
    ? []
    : [keyViolation('answers', `${call.id} (${call.kind}): ${what}`, [call])];
}

function undocumented(call: KeyCall): string | undefined {
  const { status = 0, code, kind, outcome } = call;
  const answer = code === undefined ? String(status) : `${status} ${code}`;
  if (![...ANSWERS[kind], ...UNAVAILABLE].includes(answer))
    return `the answer ${answer} is none that it may get`;
  if (status < 500) return undefined;
  const isTold = outcome !== undefined && OUTCOMES.includes(outcome);
  if (isWrite(call) && !isTold) return `${answer} does not say what became of the write`;
  return undefined;
}

function checkEnd(evidence: KeyEvidence, call: KeyCall): KeyViolation[] {
  const tookMs = Math.round((call.endedAt ?? evidence.endedAt) - call.startedAt);
  if (call.endedAt !== undefined && call.ending !== 'overdue' && tookMs <= CALL_MS_MAX) return [];
  const what = `${call.id} (${call.kind}) took ${tookMs} ms and ended as ${answerOf(call)}`;
  return [keyViolation('liveness', what, [call])];
}

/** `keys` are all that has to be read at each of the replicas after the end of the run. */
export function checkLastLook(
  evidence: KeyEvidence,
  keys: readonly string[],
  replicas: number,
): KeyViolation[] {
  return Array.from({ length: replicas }, (_, replica) => replica).flatMap((replica) => {
    const read = evidence.calls.filter(
      (call) => call.id.startsWith('last.') && call.replica === replica && call.told !== undefined,
    );
    const missing = keys.filter((key) => !read.some(({ shown }) => shown.includes(key)));
    if (missing.length === 0) return [];
    const what = `replica ${replica} did not answer for ${missing.join(', ')} when all was quiet`;
    return [keyViolation('liveness', what, [])];
  });
}
