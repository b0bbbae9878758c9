// All that a run left behind, with the questions that several checks ask of it. Pure.
import type { Fault } from '../harness/fault.js';
import type { KeyEvent } from '../harness/key-event.js';
import { RevisionClock } from '../harness/revision-clock.js';
import type { Probe } from '../harness/revision-clock.js';
import { entryIdOf } from './call.js';
import type { Call, CallKind } from './call.js';
import { buildHistory } from './history.js';
import type { Entry, History } from './history.js';
import type { Removal } from './removal.js';

export interface EvidenceInput {
  readonly events: readonly KeyEvent[];
  readonly probes: readonly Probe[];
  readonly calls: readonly Call[];
  readonly faults: readonly Fault[];
  /** When a new leader was first seen. */
  readonly elections: readonly number[];
  /** When the checker looked away. */
  readonly endedAt: number;
}

/** A caller who was told that he holds, and the entry that the fencing token names. */
export interface Telling {
  readonly call: Call;
  readonly toldAt: number;
  readonly fencingToken: number;
  readonly entry: Entry | undefined;
}

export class Evidence {
  readonly history: History;
  readonly clock: RevisionClock;
  readonly calls: readonly Call[];
  readonly faults: readonly Fault[];
  readonly elections: readonly number[];
  readonly endedAt: number;
  readonly tellings: readonly Telling[];
  /** Why entries went, as far as somebody has asked: it takes a look at many calls. */
  readonly removals = new Map<Entry, Removal | undefined>();
  readonly #entries = new Map<string, Entry>();
  readonly #callsById = new Map<string, Call>();
  readonly #callsByEntryId = new Map<string, Call[]>();
  readonly #entryIds = new Map<Call, string>();
  readonly #enders = new Map<string, Call[]>();
  readonly #callsByLock = new Map<string, Call[]>();
  readonly #claims = new Map<string, number>();

  constructor(input: EvidenceInput) {
    this.history = buildHistory(input.events);
    this.calls = input.calls;
    this.faults = input.faults;
    this.elections = input.elections;
    this.endedAt = input.endedAt;
    for (const entry of this.history.entries)
      this.#entries.set(`${entry.lock}@${entry.createRevision}`, entry);
    for (const call of this.calls) this.#index(call);
    this.tellings = this.calls.flatMap((call) => {
      const { toldAt, fencingToken } = call;
      if (!isConnection(call) || toldAt === undefined || fencingToken === undefined) return [];
      return [{ call, toldAt, fencingToken, entry: this.entry(call.lock, fencingToken) }];
    });
    // What we watch may come late, when its member stands still: a caller who was told of an entry knew it before.
    const sightings = [
      ...input.events.map(({ seenAt, revision }) => ({ at: seenAt, revision })),
      ...this.tellings.flatMap(({ entry, toldAt }) =>
        entry === undefined ? [] : [{ at: toldAt, revision: entry.createRevision }],
      ),
    ];
    this.clock = new RevisionClock(sightings, input.probes);
  }

  entry(lock: string, createRevision: number): Entry | undefined {
    return this.#entries.get(`${lock}@${createRevision}`);
  }

  callNamed(id: string | undefined): Call | undefined {
    return id === undefined ? undefined : this.#callsById.get(id);
  }

  callsAt(lock: string): readonly Call[] {
    return this.#callsByLock.get(lock) ?? [];
  }

  /** Releases and breaks of that lock. */
  endersAt(lock: string): readonly Call[] {
    return this.#enders.get(lock) ?? [];
  }

  /** Whether the call named the token of this entry. */
  hasTokenOf(call: Call, entry: Entry): boolean {
    return this.#entryIds.get(call) === entry.id;
  }

  /** Every call that knew the entry's token, its creator among them. In the order in which they began. */
  callsOf(entry: Entry): readonly Call[] {
    const known = this.#callsByEntryId.get(`${entry.lock}/${entry.id}`) ?? [];
    const creator = this.callNamed(entry.creator);
    const all = creator === undefined || known.includes(creator) ? known : [creator, ...known];
    return [...all].sort((a, b) => a.startedAt - b.startedAt);
  }

  /** The connections that wanted this entry: acquisitions and holds with its token. */
  connectionsOf(entry: Entry): readonly Call[] {
    return this.callsOf(entry).filter(isConnection);
  }

  /** Until when some answer said that the entry lasts unless somebody ends it. */
  claimedUntil(entry: Entry): number {
    return this.#claims.get(`${entry.lock}@${entry.createRevision}`) ?? 0;
  }

  /** What its lease was granted for; a holding without a ttl enters on a lease too. Undefined for a foreign client's. */
  ttlMs(entry: Entry): number | undefined {
    const creator = this.callNamed(entry.creator);
    return creator === undefined ? undefined : (creator.ttlSeconds ?? CARRIER_TTL_SECONDS) * 1000;
  }

  /** Whether something was done between the two times that may have cost a request of this key its answer. */
  hasFault(from: number, until: number, key: string): boolean {
    return this.faults.some(
      (fault) =>
        fault.from <= until &&
        (fault.until ?? Infinity) >= from &&
        (fault.keys === undefined || fault.keys.includes(key)),
    );
  }

  #index(call: Call): void {
    this.#callsById.set(call.id, call);
    push(this.#callsByLock, call.lock, call);
    if (ENDERS.includes(call.kind)) push(this.#enders, call.lock, call);
    if (call.token !== undefined) {
      const id = entryIdOf(call.token);
      this.#entryIds.set(call, id);
      push(this.#callsByEntryId, `${call.lock}/${id}`, call);
    }
    const { fencingToken, claimedUntil } = call;
    if (fencingToken === undefined || claimedUntil === undefined) return;
    const name = `${call.lock}@${fencingToken}`;
    this.#claims.set(name, Math.max(this.#claims.get(name) ?? 0, claimedUntil));
  }
}

const ENDERS: readonly CallKind[] = ['release', 'release-by-owner', 'force'];

/** On which an entry without a ttl stands in the queue. */
const CARRIER_TTL_SECONDS = 30;

export function isConnection(call: Call): boolean {
  return call.kind === 'acquire' || call.kind === 'hold';
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
