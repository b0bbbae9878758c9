// Hand-written runs on keys: revision r is seen at its own time, `at(r)`, and a linearizable read at that time returns r.
import type { CallKind, KeyCall, KeyResult } from '../../chaos/key-call.js';
import { CHAOS, KeyEvidence } from '../../chaos/key-evidence.js';
import type { KeyViolation } from '../../chaos/key-violation.js';
import type { KeyEvent } from '../../harness/key-event.js';

const STEP_MS = 10;

/** Returns a time at which the revision definitely exists and the next one definitely does not. */
function at(revision: number): number {
  return revision * STEP_MS + 1;
}

export function violationTexts(violations: readonly KeyViolation[]): string[] {
  return violations.map(({ rule, what }) => `${rule}: ${what}`);
}

export const KEY = `${CHAOS}a`;
export const OTHER = `${CHAOS}b`;

type CallOptions = Partial<Pick<KeyCall, 'conditions' | 'puts' | 'deletes' | 'shown'>>;

export class ScriptedRun {
  readonly #events: KeyEvent[] = [];
  readonly #calls: KeyCall[] = [];

  /** A call that begins right after that revision. */
  call(kind: CallKind, id: string, revision: number, options: CallOptions = {}): KeyCall {
    const none = { conditions: [], puts: [], deletes: [], shown: [] };
    const call: KeyCall = { id, kind, replica: 0, startedAt: at(revision), ...none, ...options };
    this.#calls.push(call);
    return call;
  }

  put(id: string, revision: number, over?: number): KeyCall {
    const conditions = over === undefined ? [] : [{ key: KEY, modRevision: over }];
    return this.call('put', id, revision, { puts: [KEY], shown: [KEY], conditions });
  }

  remove(id: string, revision: number, over?: number): KeyCall {
    const conditions = over === undefined ? [] : [{ key: KEY, modRevision: over }];
    return this.call('delete', id, revision, { deletes: [KEY], shown: [KEY], conditions });
  }

  get(id: string, revision: number, kind: 'get' | 'stale get' = 'get'): KeyCall {
    return this.call(kind, id, revision, { shown: [KEY] });
  }

  answered(call: KeyCall, revision: number, status: number, result?: KeyResult): this {
    Object.assign(call, { endedAt: at(revision), ending: 'answered', status });
    if (result !== undefined) call.result = result;
    return this;
  }

  /** A write that is acknowledged with that revision, right after it. */
  acknowledged(call: KeyCall, revision: number): this {
    return this.answered(call, revision, 200, { kind: 'done', revision, seen: undefined });
  }

  failed(call: KeyCall, revision: number, outcome: 'unknown' | 'not-applied'): this {
    Object.assign(call, { code: 'etcd-unavailable', outcome });
    return this.answered(call, revision, 503);
  }

  broken(call: KeyCall, revision: number): this {
    Object.assign(call, { endedAt: at(revision), ending: 'broken' });
    return this;
  }

  /** Adds to the history that the call created the key at that revision. */
  written(revision: number, value: string, key = KEY): this {
    return this.#event('put', key, revision, value);
  }

  removed(revision: number, key = KEY): this {
    return this.#event('delete', key, revision, '');
  }

  evidence(): KeyEvidence {
    const events = [...this.#events].sort((a, b) => a.revision - b.revision);
    const last = (events.at(-1)?.revision ?? 0) + 10;
    const probes = Array.from({ length: last + 1 }, (_, revision) => ({
      startedAt: at(revision),
      endedAt: at(revision) + 1,
      revision,
    }));
    return new KeyEvidence({ events, probes, calls: this.#calls, faults: [], endedAt: 100_000 });
  }

  #event(kind: KeyEvent['kind'], key: string, revision: number, value: string): this {
    const seenAt = revision * STEP_MS;
    const event = { kind, key, revision, createRevision: revision, version: 1, value, seenAt };
    this.#events.push({ ...event, lease: undefined });
    return this;
  }
}

/** Returns the key as a response shows it after `written`. */
export function seen(value: string, revision: number, key = KEY): NonNullable<KeyResult['seen']> {
  const revisions = { createRevision: revision, modRevision: revision };
  return [{ key, value, version: 1, ...revisions }];
}
