// Hand-written runs for the checks: revision r is seen at its own time, `at(r)`, and a linearizable read at that time returns r.
import type { Fault } from '../../harness/fault.js';
import type { KeyEvent } from '../../harness/key-event.js';
import { entryIdOf } from '../../lock-checker/call.js';
import type { Call, CallKind, Mode } from '../../lock-checker/call.js';
import { Evidence } from '../../lock-checker/evidence.js';
import { GUARDED, LOCKS, MARKS } from '../../lock-checker/history.js';
import type { Violation } from '../../lock-checker/violation.js';

const STEP_MS = 10;
const LOCK = 'lock';
/** After every event of a run. */
const END = 100_000;

/** Returns a time at which the revision definitely exists and the next one definitely does not. */
export function at(revision: number): number {
  return revision * STEP_MS + 1;
}

export function violationTexts(violations: readonly Violation[]): string[] {
  return violations.map(({ rule, what }) => `${rule}: ${what}`);
}

export interface CallOptions {
  readonly lock?: string;
  readonly client?: string;
  readonly token?: string;
  readonly mode?: Mode;
  readonly ttlSeconds?: number | null;
  readonly waitMs?: number;
  readonly isTokenChosen?: boolean;
  readonly requestedFencingToken?: number;
}

export class ScriptedRun {
  readonly #events: KeyEvent[] = [];
  readonly #calls: Call[] = [];
  readonly #faults: Fault[] = [];
  readonly #elections: number[] = [];
  readonly #leases = new Map<string, string | undefined>();
  #pausedUntil = 0;

  /** A call that begins right after that revision. */
  call(kind: CallKind, id: string, revision: number, options: CallOptions = {}): Call {
    const { client = id, lock = LOCK, waitMs = 0, isTokenChosen = true, ...rest } = options;
    const isConnection = kind === 'acquire' || kind === 'hold';
    const call: Call = {
      id,
      kind,
      client,
      lock,
      replica: 0,
      startedAt: at(revision),
      waitMs,
      isTokenChosen,
      token: `the-token-of-${client}`,
      ...(isConnection ? { mode: 'exclusive', ttlSeconds: 10 } : {}),
      ...rest,
    };
    this.#calls.push(call);
    return call;
  }

  acquire(id: string, revision: number, options?: CallOptions): Call {
    return this.call('acquire', id, revision, { waitMs: 60_000, ...options });
  }

  hold(id: string, revision: number, options?: CallOptions): Call {
    return this.call('hold', id, revision, { waitMs: 60_000, ...options });
  }

  answered(call: Call, revision: number, status: number, code?: string): this {
    Object.assign(call, { endedAt: at(revision), ending: 'answered', status });
    if (code !== undefined) call.code = code;
    return this;
  }

  /** The call receives "acquired", a hold as an event. */
  acquired(call: Call, revision: number, fencingToken: number, claimedUntil?: number): this {
    Object.assign(call, { acquiredAt: at(revision), fencingToken, claimedUntil });
    return call.kind === 'hold' ? this : this.answered(call, revision, 200);
  }

  cut(call: Call, revision: number): this {
    Object.assign(call, { endedAt: at(revision), ending: 'cut' });
    return this;
  }

  /** Creates the entry of the call, attached to its own lease unless `lease` is given. */
  created(revision: number, call: Call, lease: string | undefined = `lease-${call.id}`): this {
    const value = JSON.stringify({ owner: call.client, metadata: { call: call.id } });
    this.#leases.set(keyOf(call), lease);
    return this.#put(revision, keyOf(call), value, lease);
  }

  /** A write that keeps the lease of the entry. */
  marked(revision: number, call: Call): this {
    return this.#put(revision, keyOf(call), '{}', this.#leases.get(keyOf(call)));
  }

  moved(revision: number, call: Call, lease: string | undefined): this {
    this.#leases.set(keyOf(call), lease);
    return this.#put(revision, keyOf(call), '{}', lease);
  }

  deleted(revision: number, call: Call): this {
    return this.#delete(revision, keyOf(call), this.#leases.get(keyOf(call)));
  }

  lease(lease: string, markedAt: number, endedAt?: number): this {
    this.#put(markedAt, MARKS + lease, '', lease);
    return endedAt === undefined ? this : this.#delete(endedAt, MARKS + lease, lease);
  }

  guardedWrite(revision: number, call: string, fencingToken: number): this {
    return this.#put(revision, GUARDED + LOCK, JSON.stringify({ call, fencingToken }), undefined);
  }

  fault(fault: Fault): this {
    this.#faults.push(fault);
    return this;
  }

  election(atMs: number): this {
    this.#elections.push(atMs);
    return this;
  }

  /** The watched member is paused: everything before that revision is seen at its time. */
  seenOnlyAt(revision: number): this {
    this.#pausedUntil = at(revision);
    return this;
  }

  evidence(endedAt = END): Evidence {
    const pausedUntil = this.#pausedUntil;
    const events = this.#events
      .map((event) => ({ ...event, seenAt: Math.max(event.seenAt, pausedUntil) }))
      .sort((a, b) => a.revision - b.revision);
    const last = (events.at(-1)?.revision ?? 0) + 100;
    const probes = Array.from({ length: last + 1 }, (_, revision) => ({
      startedAt: at(revision),
      endedAt: at(revision) + 1,
      revision,
    })).filter(({ startedAt }) => startedAt >= pausedUntil);
    return new Evidence({
      events,
      probes,
      calls: this.#calls,
      faults: this.#faults,
      elections: this.#elections,
      endedAt,
    });
  }

  #put(revision: number, key: string, value: string, lease: string | undefined): this {
    const seenAt = revision * STEP_MS;
    const event = { key, revision, createRevision: revision, version: 1, lease, value, seenAt };
    this.#events.push({ kind: 'put', ...event });
    return this;
  }

  #delete(revision: number, key: string, lease: string | undefined): this {
    const seenAt = revision * STEP_MS;
    const event = { key, revision, createRevision: 0, version: 0, lease, value: '', seenAt };
    this.#events.push({ kind: 'delete', ...event });
    return this;
  }
}

function keyOf(call: Call): string {
  const id = entryIdOf(call.token ?? call.id);
  return `${LOCKS}${call.lock}/${call.mode === 'shared' ? '~' : ''}${id}`;
}
