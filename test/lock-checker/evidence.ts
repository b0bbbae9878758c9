// All records of a run, with the lookups that several checks share. Pure.
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
  /** When the recording stopped. */
  readonly endedAt: number;
}

/** A call that received "acquired", and the entry with its fencing token. */
export interface Acquisition {
  readonly call: Call;
  readonly acquiredAt: number;
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
  readonly acquisitions: readonly Acquisition[];
  /** Cached reasons why entries were removed, since computing one scans many calls. */
  readonly removals = new Map<Entry, Removal | undefined>();
  readonly #entries = new Map<string, Entry>();
  readonly #callsById = new Map<string, Call>();
  readonly #callsByEntryId = new Map<string, Call[]>();
  readonly #entryIds = new Map<Call, string>();
  readonly #endingCalls = new Map<string, Call[]>();
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
    this.acquisitions = this.calls.flatMap((call) => {
      const { acquiredAt, fencingToken } = call;
      if (!isConnection(call) || acquiredAt === undefined || fencingToken === undefined) return [];
      return [{ call, acquiredAt, fencingToken, entry: this.entry(call.lock, fencingToken) }];
    });
    // Events arrive late while the watched member is paused. A response with an entry then proves the revision earlier.
    const sightings = [
      ...input.events.map(({ seenAt, revision }) => ({ at: seenAt, revision })),
      ...this.acquisitions.flatMap(({ entry, acquiredAt }) =>
        entry === undefined ? [] : [{ at: acquiredAt, revision: entry.createRevision }],
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

  /** Returns the releases and forced releases of that lock. */
  endingCallsAt(lock: string): readonly Call[] {
    return this.#endingCalls.get(lock) ?? [];
  }

  /** Whether the call sent or received the token of this entry. */
  hasTokenOf(call: Call, entry: Entry): boolean {
    return this.#entryIds.get(call) === entry.id;
  }

  /** Returns every call with the entry's token, including its creator, in the order in which they began. */
  callsOf(entry: Entry): readonly Call[] {
    const withToken = this.#callsByEntryId.get(`${entry.lock}/${entry.id}`) ?? [];
    const creator = this.callNamed(entry.creator);
    const all =
      creator === undefined || withToken.includes(creator) ? withToken : [creator, ...withToken];
    return [...all].sort((a, b) => a.startedAt - b.startedAt);
  }

  /** Returns the acquisitions and holds with the token of this entry. */
  connectionsOf(entry: Entry): readonly Call[] {
    return this.callsOf(entry).filter(isConnection);
  }

  /** Returns the latest expiry time of the entry in any response. */
  claimedUntil(entry: Entry): number {
    return this.#claims.get(`${entry.lock}@${entry.createRevision}`) ?? 0;
  }

  /** Returns the ttl of its first lease. An acquisition without a ttl also queues on a lease. Undefined for an entry of another client. */
  ttlMs(entry: Entry): number | undefined {
    const creator = this.callNamed(entry.creator);
    return creator === undefined ? undefined : (creator.ttlSeconds ?? CARRIER_TTL_SECONDS) * 1000;
  }

  /** Whether a fault between the two times may have lost the response to a request about this key. */
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
    if (ENDING_KINDS.includes(call.kind)) push(this.#endingCalls, call.lock, call);
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

const ENDING_KINDS: readonly CallKind[] = ['release', 'release-by-owner', 'force'];

/** The ttl of the lease on which an entry without a ttl queues. */
const CARRIER_TTL_SECONDS = 30;

export function isConnection(call: Call): boolean {
  return call.kind === 'acquire' || call.kind === 'hold';
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
