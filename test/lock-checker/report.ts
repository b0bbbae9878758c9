// Counts of a run, and for each violation its seed, its calls and the history around it.
import { faultsText } from '../harness/fault.js';
import type { KeyEvent } from '../harness/key-event.js';
import type { Findings } from './checks/all.js';
import type { Call } from './call.js';
import type { Evidence } from './evidence.js';
import { GUARDED, LOCKS, MARKS } from './history.js';
import { named } from './violation.js';
import type { Violation } from './violation.js';

const VIOLATIONS_SHOWN_MAX = 10;
const REVISIONS_AROUND = 8;
const LINES_MAX = 60;

export interface Frame {
  readonly seed: number;
  readonly startedAt: number;
  /** When clients stopped to start new cycles. */
  readonly runEndedAt: number;
}

/** Returns the counts, one per line. */
export function countsText(evidence: Evidence, findings: Findings, frame: Frame): string {
  const { history, calls, faults, acquisitions, elections } = evidence;
  const kinds = [...new Set(calls.map(({ kind }) => kind))].sort();
  const held = new Set(acquisitions.map(({ entry }) => entry)).size;
  const waited = acquisitions.filter(({ call, entry }) => handOverMs(call, entry?.heldSeenAt) > 0);
  const lines = [
    `seed ${frame.seed}, ${secondsText(frame.runEndedAt, frame)} s and ${secondsText(evidence.endedAt, { startedAt: frame.runEndedAt })} s until all locks were free, ${history.events.length} events over revisions ${history.events[0]?.revision ?? 0} to ${history.events.at(-1)?.revision ?? 0}, ${elections.length} leaders seen`,
    ...kinds.map((kind) => `${kind}: ${responsesText(calls.filter((call) => call.kind === kind))}`),
    `entries ${history.entries.length}, "acquired" received ${acquisitions.length} times for ${held} of them, ${waited.length} after a wait (hand-over ${percentilesText(waited.map(({ call, entry }) => handOverMs(call, entry?.heldSeenAt)))})`,
    `re-joined entries ${findings.rejoined}, guarded writes applied ${history.guardedWrites.length}, released entries that came back within I5's exception ${findings.excusedReturns}`,
    `faults: ${faultsText(faults)}`,
    `the last removed entry: ${lastText(evidence, frame)}`,
    `violations ${findings.violations.length}`,
  ];
  return lines.join('\n');
}

/** Describes the entry for which the end of the run waited. */
function lastText(evidence: Evidence, frame: Frame): string {
  const removed = evidence.history.entries.flatMap((entry) =>
    entry.removed === undefined ? [] : [{ entry, at: entry.removed.seenAt }],
  );
  const last = removed.sort((a, b) => b.at - a.at)[0];
  if (last === undefined) return 'nothing';
  const { entry, at } = last;
  const made = secondsText(entry.puts[0]?.seenAt, frame);
  const ttl = evidence.callNamed(entry.creator)?.ttlSeconds;
  const calls = evidence
    .callsOf(entry)
    .map((call) => `${call.id} ${call.kind} ${responseText(call)}`);
  return `${named(entry)}, created at ${made} with ttl ${ttl}, at ${secondsText(at, frame)} (${calls.join(', ')})`;
}

/** Returns the first violations with their history. */
export function violationsText(evidence: Evidence, findings: Findings, frame: Frame): string {
  const shown = findings.violations.slice(0, VIOLATIONS_SHOWN_MAX);
  const texts = shown.map((each, index) => violationText(evidence, each, index + 1, frame));
  const more = findings.violations.length - shown.length;
  return [...texts, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n\n');
}

function violationText(evidence: Evidence, found: Violation, number: number, frame: Frame): string {
  const { rule, what } = found;
  return [
    `${number}. ${rule} (seed ${frame.seed}): ${what}`,
    '   calls:',
    ...limited(callsAround(evidence, found).map((call) => `     ${callText(call, frame)}`)),
    '   history (seconds from the start, revision):',
    ...limited(eventsAround(evidence, found).map((event) => `     ${eventText(event, frame)}`)),
    ...faultLines(evidence, found, frame),
  ].join('\n');
}

/** Returns the calls of the violation and all calls about its entries. */
function callsAround(evidence: Evidence, { calls, entries }: Violation): Call[] {
  const all = [...calls, ...entries.flatMap((entry) => evidence.callsOf(entry))];
  return [...new Set(all)].sort((a, b) => a.startedAt - b.startedAt);
}

/** Returns the events of the entries and their leases, and other events of the lock around the revision. */
function eventsAround(evidence: Evidence, { lock, revision, entries }: Violation): KeyEvent[] {
  const keys = new Set(entries.map(({ key }) => key));
  const marks = new Set(
    entries.flatMap(({ puts }) => puts.map(({ lease }) => MARKS + (lease ?? ''))),
  );
  const around = (event: KeyEvent): boolean =>
    revision !== undefined && Math.abs(event.revision - revision) <= REVISIONS_AROUND;
  return evidence.history.events.filter(
    (event) =>
      keys.has(event.key) ||
      marks.has(event.key) ||
      (around(event) &&
        (lock === undefined ||
          event.key.startsWith(`${LOCKS}${lock}/`) ||
          event.key === GUARDED + lock)),
  );
}

function faultLines(evidence: Evidence, found: Violation, frame: Frame): string[] {
  const calls = callsAround(evidence, found);
  const from = Math.min(...calls.map(({ startedAt }) => startedAt));
  const until = Math.max(...calls.map(({ endedAt }) => endedAt ?? evidence.endedAt));
  const keys = found.entries.map(({ key }) => key);
  const overlapping = evidence.faults.filter(
    (fault) =>
      fault.from <= until &&
      (fault.until ?? Infinity) >= from &&
      (fault.keys === undefined || fault.keys.some((key) => keys.includes(key))),
  );
  if (overlapping.length === 0) return ['   no faults in that time'];
  return [
    '   faults in that time:',
    ...limited(
      overlapping.map(
        ({ kind, what, from: begun, until: over }) =>
          `     ${secondsText(begun, frame)} to ${secondsText(over, frame)} ${kind} ${what}`,
      ),
    ),
  ];
}

function callText(call: Call, frame: Frame): string {
  const {
    id,
    kind,
    replica,
    lock,
    mode,
    ttlSeconds,
    waitMs,
    isTokenChosen,
    requestedFencingToken,
  } = call;
  const parameters = [
    mode,
    ttlSeconds === undefined ? undefined : `ttl ${ttlSeconds}`,
    waitMs === 0 ? undefined : `wait ${waitMs / 1000}`,
    isTokenChosen === undefined ? undefined : isTokenChosen ? 'chosen token' : "gateway's token",
    requestedFencingToken === undefined ? undefined : `fencing token ${requestedFencingToken}`,
  ].filter((part) => part !== undefined);
  const acquired =
    call.acquiredAt === undefined ? '' : `, acquired at ${secondsText(call.acquiredAt, frame)}`;
  const response = [call.ending ?? 'open', call.status, call.code, call.outcome].filter(
    (part) => part !== undefined,
  );
  const names = call.fencingToken === undefined ? '' : `, fencing token ${call.fencingToken}`;
  return `${secondsText(call.startedAt, frame)} to ${secondsText(call.endedAt, frame)} ${id} ${kind} ${lock} at replica ${replica} (${parameters.join(', ')}): ${response.join(' ')}${acquired}${names}`;
}

function eventText(event: KeyEvent, frame: Frame): string {
  const { kind, key, revision, createRevision, lease, value, seenAt } = event;
  const made = kind === 'put' && revision === createRevision ? 'created' : 'written';
  const verb = kind === 'delete' ? 'deleted' : made;
  const call = /"call":"([^"]*)"/.exec(value)?.[1];
  const by = call === undefined ? '' : `, created by ${call}`;
  return `${secondsText(seenAt, frame)} r${revision} ${verb} ${key} (create revision ${createRevision}, lease ${lease ?? 'none'}${by})`;
}

function secondsText(at: number | undefined, { startedAt }: Pick<Frame, 'startedAt'>): string {
  return at === undefined ? '…' : ((at - startedAt) / 1000).toFixed(3);
}

function responsesText(calls: readonly Call[]): string {
  const counts = new Map<string, number>();
  for (const call of calls) {
    const name = responseText(call);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`);
  return `${calls.length} (${parts.join(', ')})`;
}

function responseText({ ending, status, acquiredAt }: Call): string {
  const response = ending === 'answered' ? String(status) : (ending ?? 'open');
  return ending !== 'answered' && acquiredAt !== undefined
    ? `acquired, then ${response}`
    : response;
}

/** Returns the time from the revision at which the entry holds to the response, for a call that began before. */
function handOverMs({ startedAt, acquiredAt }: Call, heldAt: number | undefined): number {
  if (heldAt === undefined || acquiredAt === undefined || startedAt > heldAt) return 0;
  return acquiredAt - heldAt;
}

function percentilesText(values: readonly number[]): string {
  if (values.length === 0) return 'none';
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): string =>
    `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!)} ms`;
  return `half within ${at(0.5)}, 99 of 100 within ${at(0.99)}, the longest ${at(1)}`;
}

function limited(lines: readonly string[]): readonly string[] {
  if (lines.length <= LINES_MAX) return lines;
  return [...lines.slice(0, LINES_MAX), `     … and ${lines.length - LINES_MAX} more`];
}
