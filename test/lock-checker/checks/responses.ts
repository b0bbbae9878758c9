// Every response is a documented one for its call, and its state of the lock was true at some revision between request and response.
import type { Call, CallKind } from '../call.js';
import type { Evidence } from '../evidence.js';
import type { LockState } from '../history.js';
import { violation } from '../violation.js';
import type { Violation } from '../violation.js';

const UNAVAILABLE = ['503 etcd-unavailable', '503 no-leader', '504 timeout'];

/** Documented responses that the clients of the checker can cause. A 409 for their own token is not one of them. */
const RESPONSES: Readonly<Record<CallKind, readonly string[]>> = {
  acquire: ['200', '410 lock-expired', '423 lock-held', ...UNAVAILABLE],
  hold: ['200', '410 lock-expired', '423 lock-held', ...UNAVAILABLE],
  keepalive: ['200', '409 not-holder', '410 lock-expired', ...UNAVAILABLE],
  release: ['200', '404 lock-not-found', '409 not-holder', ...UNAVAILABLE],
  'release-by-owner': ['200', '404 lock-not-found', '409 not-holder', ...UNAVAILABLE],
  force: ['200', '404 lock-not-found', ...UNAVAILABLE],
  'guarded-write': ['200', '412 lock-lost', ...UNAVAILABLE],
  inspect: ['200', ...UNAVAILABLE],
};

const OUTCOMES = ['unknown', 'not-applied'];

export function checkResponses(evidence: Evidence): Violation[] {
  return evidence.calls.flatMap((call) => {
    const what =
      call.ending !== 'answered'
        ? undefined
        : (call.deviation ?? undocumented(call) ?? untrue(evidence, call));
    if (what === undefined) return [];
    return [violation('responses', `${call.id} (${call.kind}): ${what}`, { calls: [call] })];
  });
}

function undocumented(call: Call): string | undefined {
  const { status = 0, code, kind, outcome } = call;
  const response = code === undefined ? String(status) : `${status} ${code}`;
  if (!RESPONSES[kind].includes(response))
    return `the response ${response} is not a documented one`;
  const isWrite = kind !== 'inspect' && kind !== 'keepalive';
  if (status >= 502 && isWrite && (outcome === undefined || !OUTCOMES.includes(outcome)))
    return `${response} has no outcome of the write`;
  return undefined;
}

function untrue(evidence: Evidence, call: Call): string | undefined {
  if (call.status === 423) return checkRefusal(evidence, call);
  if (call.kind === 'inspect' && call.status === 200) return checkInspection(evidence, call);
  return undefined;
}

/** A 423 requires a conflicting entry at some revision during the call. */
function checkRefusal(evidence: Evidence, call: Call): string | undefined {
  const isHeld = statesDuring(evidence, call).some(({ alive }) =>
    alive.some(
      (entry) =>
        entry.creator !== call.id &&
        !evidence.hasTokenOf(call, entry) &&
        (call.mode === 'exclusive' || entry.mode === 'exclusive'),
    ),
  );
  return isHeld ? undefined : 'it received "lock-held", but no entry conflicted';
}

function checkInspection(evidence: Evidence, call: Call): string | undefined {
  const shown = [...(call.holders ?? [])].sort((a, b) => a - b).join();
  const states = statesDuring(evidence, call);
  if (states.some(({ holders }) => holders.join() === shown)) return undefined;
  const were = states.map(({ revision, holders }) => `${revision}: ${holders.join() || 'none'}`);
  return `it showed the holders ${shown || 'none'}, but they were ${were.join('; ')}`;
}

/** Returns the states of the lock that the call can have seen. */
function statesDuring(evidence: Evidence, call: Call): LockState[] {
  const from = evidence.clock.settledBy(call.startedAt);
  const until = evidence.clock.possibleBy(call.endedAt ?? Infinity);
  const states = evidence.history.states.get(call.lock) ?? [];
  const before: LockState = { revision: 0, seenAt: 0, alive: [], holders: [] };
  const first = states.findLastIndex(({ revision }) => revision <= from);
  return [
    states[first] ?? before,
    ...states.slice(first + 1).filter(({ revision }) => revision <= until),
  ];
}
