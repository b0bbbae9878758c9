// All records of a run about its keys, with the lookups that several checks share. Pure.
import type { Fault } from '../harness/fault.js';
import type { KeyEvent } from '../harness/key-event.js';
import { RevisionClock } from '../harness/revision-clock.js';
import type { Probe } from '../harness/revision-clock.js';
import type { Condition, KeyCall, Seen } from './key-call.js';

/** The prefix of the keys of the run. */
export const CHAOS = 'chaos/';

export interface KeyEvidenceInput {
  /** In the order of their revisions. Events of other keys are ignored. */
  readonly events: readonly KeyEvent[];
  readonly probes: readonly Probe[];
  readonly calls: readonly KeyCall[];
  readonly faults: readonly Fault[];
  readonly endedAt: number;
}

export class KeyEvidence {
  readonly events: readonly KeyEvent[];
  readonly clock: RevisionClock;
  readonly calls: readonly KeyCall[];
  readonly faults: readonly Fault[];
  readonly endedAt: number;
  readonly #callsById: ReadonlyMap<string, KeyCall>;
  readonly #eventsByKey = new Map<string, KeyEvent[]>();
  /** Events that a call wrote, by its id. */
  readonly #puts = new Map<string, KeyEvent[]>();
  readonly #eventsByRevision = new Map<number, KeyEvent[]>();

  constructor(input: KeyEvidenceInput) {
    this.events = input.events.filter(({ key }) => key.startsWith(CHAOS));
    this.calls = input.calls;
    this.faults = input.faults;
    this.endedAt = input.endedAt;
    this.#callsById = new Map(input.calls.map((call) => [call.id, call]));
    for (const event of this.events) {
      push(this.#eventsByKey, event.key, event);
      push(this.#eventsByRevision, event.revision, event);
      if (event.kind === 'put') push(this.#puts, event.value, event);
    }
    // A revision in a response proves that it existed, too.
    const responses = input.calls.flatMap(({ result, endedAt }) =>
      result?.revision === undefined || endedAt === undefined
        ? []
        : [{ at: endedAt, revision: result.revision }],
    );
    const seen = input.events.map(({ seenAt, revision }) => ({ at: seenAt, revision }));
    this.clock = new RevisionClock([...seen, ...responses], input.probes);
  }

  callNamed(id: string): KeyCall | undefined {
    return this.#callsById.get(id);
  }

  putsOf(call: KeyCall): readonly KeyEvent[] {
    return this.#puts.get(call.id) ?? [];
  }

  eventsOf(key: string): readonly KeyEvent[] {
    return this.#eventsByKey.get(key) ?? [];
  }

  /** Returns all changes of one revision. */
  eventsAt(revision: number): readonly KeyEvent[] {
    return this.#eventsByRevision.get(revision) ?? [];
  }

  /** Returns the change of the key at exactly that revision. */
  eventAt(key: string, revision: number): KeyEvent | undefined {
    const event = this.#lastEvent(key, revision);
    return event?.revision === revision ? event : undefined;
  }

  /** Returns the key at that revision; undefined if it did not exist. */
  stateAt(key: string, revision: number): Seen | undefined {
    const event = this.#lastEvent(key, revision);
    if (event === undefined || event.kind === 'delete') return undefined;
    const { value, version, createRevision } = event;
    return { key, value, version, createRevision, modRevision: event.revision };
  }

  isTrueAt({ key, modRevision }: Condition, revision: number): boolean {
    return (this.stateAt(key, revision)?.modRevision ?? 0) === modRevision;
  }

  /** Returns one revision for each state that the keys had during the call. */
  revisionsDuring(call: KeyCall, keys: readonly string[]): number[] {
    const first = this.clock.settledBy(call.startedAt);
    const last = this.clock.possibleBy(call.endedAt ?? Infinity);
    const changes = keys.flatMap((key) =>
      this.eventsOf(key)
        .map(({ revision }) => revision)
        .filter((revision) => revision > first && revision <= last),
    );
    return [first, ...new Set(changes)].sort((a, b) => a - b);
  }

  #lastEvent(key: string, revision: number): KeyEvent | undefined {
    const events = this.eventsOf(key);
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (events[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return events[low - 1];
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
