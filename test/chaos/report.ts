// Counts of a run on its keys, and for each violation its calls and the history around it.
import type { KeyEvent } from '../harness/key-event.js';
import { responseOf } from './checks/writes.js';
import { fateOf, isWrite } from './key-call.js';
import type { KeyCall } from './key-call.js';
import type { KeyEvidence } from './key-evidence.js';
import type { KeyViolation } from './key-violation.js';

const VIOLATIONS_SHOWN_MAX = 10;
const REVISIONS_AROUND = 8;
const LINES_MAX = 40;

/** Returns the counts, one per line. */
export function keyCountsText(evidence: KeyEvidence, violations: readonly KeyViolation[]): string {
  const { calls, events } = evidence;
  const kinds = [...new Set(calls.map(({ kind }) => kind))].sort();
  const writes = calls.filter(isWrite);
  const unknown = writes.filter((call) => fateOf(call) === 'unknown');
  const applied = unknown.filter((call) => evidence.putsOf(call).length > 0);
  const puts = unknown.filter((call) => call.puts.length > 0);
  return [
    ...kinds.map((kind) => `${kind}: ${countsOf(calls.filter((call) => call.kind === kind))}`),
    `writes acknowledged ${writes.filter((call) => fateOf(call) === 'applied').length}, not applied ${writes.filter((call) => fateOf(call) === 'not-applied').length}, unknown ${unknown.length} (of ${puts.length} with an ID in the history, ${applied.length} were applied)`,
    `changes of keys in the history ${events.length}, violations ${violations.length}`,
  ].join('\n');
}

/** Returns the first violations with their history. Seconds are counted from `startedAt`. */
export function keyViolationsText(
  evidence: KeyEvidence,
  violations: readonly KeyViolation[],
  startedAt: number,
): string {
  const texts = violations
    .slice(0, VIOLATIONS_SHOWN_MAX)
    .map((each, index) => violationText(evidence, each, index + 1, startedAt));
  const more = violations.length - texts.length;
  return [...texts, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n\n');
}

function violationText(
  evidence: KeyEvidence,
  { rule, what, calls, keys, revision }: KeyViolation,
  number: number,
  startedAt: number,
): string {
  const around = evidence.events.filter(
    (event) =>
      revision !== undefined &&
      keys.includes(event.key) &&
      Math.abs(event.revision - revision) <= REVISIONS_AROUND,
  );
  return [
    `${number}. ${rule}: ${what}`,
    '   calls:',
    ...limited(calls.map((call) => callText(call, startedAt))),
    '   history (seconds from the start, revision):',
    ...limited(around.map((event) => eventText(event, startedAt))),
  ].join('\n');
}

function callText(call: KeyCall, startedAt: number): string {
  const { id, kind, replica, conditions, puts, deletes, shown, result } = call;
  const parameters = [
    ...conditions.map(({ key, modRevision }) => `if ${key} at ${modRevision}`),
    ...puts.map((key) => `put ${key}`),
    ...deletes.map((key) => `delete ${key}`),
    ...(puts.length + deletes.length === 0 ? shown : []),
  ].join(', ');
  const span = `${seconds(call.startedAt, startedAt)} to ${seconds(call.endedAt, startedAt)}`;
  return `     ${span} ${id} ${kind} at replica ${replica} (${parameters}): ${responseOf(call)}, ${JSON.stringify(result)}`;
}

function eventText({ kind, key, revision, value, seenAt }: KeyEvent, startedAt: number): string {
  const by = kind === 'put' ? ` by ${value}` : '';
  return `     ${seconds(seenAt, startedAt)} r${revision} ${kind} ${key}${by}`;
}

function countsOf(calls: readonly KeyCall[]): string {
  const counts = new Map<string, number>();
  for (const call of calls) {
    const { ending, status, result } = call;
    const name =
      ending === 'answered'
        ? `${status}${result?.kind === 'refused' && status === 200 ? ' else' : ''}`
        : (ending ?? 'open');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`);
  return `${calls.length} (${parts.join(', ')})`;
}

function seconds(at: number | undefined, startedAt: number): string {
  return at === undefined ? '…' : ((at - startedAt) / 1000).toFixed(3);
}

function limited(lines: readonly string[]): readonly string[] {
  if (lines.length <= LINES_MAX) return lines;
  return [...lines.slice(0, LINES_MAX), `     … and ${lines.length - LINES_MAX} more`];
}
