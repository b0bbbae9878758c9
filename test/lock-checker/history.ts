// etcd's own history of the locks from one watch: entries from creation to removal, and from which revision they held.
// The rule that decides which entries hold is implemented here a second time on purpose, to check the one in the gateway.
import type { KeyEvent } from '../harness/key-event.js';
import type { Mode } from './call.js';

/** All keys are in one range, so one watch covers them. */
export const LOCKS = 'locks/';
const OWN_KEYS = 'lock-checker/';
/** `<MARKS><lease>`: a key attached to the lease of an entry. It is deleted when the lease ends, and not when the entry is deleted. */
export const MARKS = `${OWN_KEYS}marks/`;
/** `<GUARDED><lock>`: the key of guarded writes. */
export const GUARDED = `${OWN_KEYS}guarded/`;
/** The smallest range that contains all these keys. */
export const WATCHED = { key: OWN_KEYS, rangeEnd: 'locks0' } as const;

export interface EntryPut {
  readonly revision: number;
  readonly lease: string | undefined;
  readonly seenAt: number;
}

export interface Removed {
  readonly revision: number;
  readonly seenAt: number;
  readonly lease: string | undefined;
}

export interface Entry {
  readonly lock: string;
  readonly key: string;
  readonly id: string;
  readonly mode: Mode;
  readonly createRevision: number;
  /** The call that created it according to its metadata; undefined for an entry of another client. */
  readonly creator: string | undefined;
  readonly owner: string | undefined;
  /** Its creation, then each re-join and conversion. */
  readonly puts: EntryPut[];
  /** The first revision at which it held. */
  heldFrom: number | undefined;
  /** When that revision was seen. */
  heldSeenAt: number | undefined;
  removed: Removed | undefined;
}

export interface Mark {
  readonly lease: string;
  readonly createRevision: number;
  removedRevision: number | undefined;
}

export interface GuardedWrite {
  readonly revision: number;
  readonly seenAt: number;
  readonly lock: string;
  readonly fencingToken: number;
  /** The call that wrote it. */
  readonly call: string;
}

/** The state of a lock from this revision until the revision of the next state. Holders are create revisions, oldest first. */
export interface LockState {
  readonly revision: number;
  readonly seenAt: number;
  readonly alive: readonly Entry[];
  readonly holders: readonly number[];
}

export interface History {
  readonly events: readonly KeyEvent[];
  readonly entries: readonly Entry[];
  readonly states: ReadonlyMap<string, readonly LockState[]>;
  readonly marks: ReadonlyMap<string, Mark>;
  readonly guardedWrites: readonly GuardedWrite[];
  /** Revisions between the first and the last without an event. No other client writes to this etcd, so the watch lost them. */
  readonly missing: readonly number[];
}

/** Builds the history from `events` in the order of their revisions. */
export function buildHistory(events: readonly KeyEvent[]): History {
  const builder = new Builder();
  const missing: number[] = [];
  let last = events[0]?.revision ?? 0;
  for (let i = 0; i < events.length;) {
    const { revision } = events[i]!;
    for (let lost = last + 1; lost < revision; lost++) missing.push(lost);
    const changed = new Set<string>();
    let seenAt = 0;
    for (; events[i]?.revision === revision; i++) {
      const event = events[i]!;
      seenAt = event.seenAt;
      const lock = builder.apply(event);
      if (lock !== undefined) changed.add(lock);
    }
    for (const lock of changed) builder.settle(lock, revision, seenAt);
    last = revision;
  }
  const { entries, states, marks, guardedWrites } = builder;
  return { events, entries, states, marks, guardedWrites, missing };
}

class Builder {
  readonly entries: Entry[] = [];
  readonly states = new Map<string, LockState[]>();
  readonly marks = new Map<string, Mark>();
  readonly guardedWrites: GuardedWrite[] = [];
  /** Lock -> key -> entry. */
  readonly #alive = new Map<string, Map<string, Entry>>();

  /** Returns the lock whose entries changed. */
  apply(event: KeyEvent): string | undefined {
    if (event.key.startsWith(MARKS)) this.#applyMark(event);
    else if (event.key.startsWith(GUARDED)) this.#applyGuarded(event);
    else if (event.key.startsWith(LOCKS)) return this.#applyEntry(event);
    return undefined;
  }

  settle(lock: string, revision: number, seenAt: number): void {
    const alive = [...(this.#alive.get(lock)?.values() ?? [])].sort(byCreation);
    const holders = alive.filter((entry) => holds(entry, alive));
    for (const holder of holders) {
      holder.heldFrom ??= revision;
      holder.heldSeenAt ??= seenAt;
    }
    const states = this.states.get(lock) ?? [];
    states.push({ revision, seenAt, alive, holders: holders.map((each) => each.createRevision) });
    this.states.set(lock, states);
  }

  #applyEntry(event: KeyEvent): string {
    const { key, revision, lease, seenAt } = event;
    const lock = lockOf(key);
    const alive = this.#alive.get(lock) ?? new Map<string, Entry>();
    this.#alive.set(lock, alive);
    const known = alive.get(key);
    if (event.kind === 'delete') {
      alive.delete(key);
      if (known !== undefined) known.removed = { revision, seenAt, lease };
    } else if (known === undefined) {
      const entry = toEntry(event, lock);
      alive.set(key, entry);
      this.entries.push(entry);
    } else known.puts.push({ revision, lease, seenAt });
    return lock;
  }

  #applyMark({ kind, key, revision }: KeyEvent): void {
    const lease = key.slice(MARKS.length);
    const known = this.marks.get(lease);
    if (kind === 'put')
      this.marks.set(lease, { lease, createRevision: revision, removedRevision: undefined });
    else if (known !== undefined) known.removedRevision = revision;
  }

  #applyGuarded({ kind, key, revision, value, seenAt }: KeyEvent): void {
    if (kind === 'delete') return;
    const { call, fencingToken } = JSON.parse(value) as { call: string; fencingToken: number };
    const lock = key.slice(GUARDED.length);
    this.guardedWrites.push({ revision, seenAt, lock, fencingToken, call });
  }
}

/** An exclusive entry holds when it is the first. A shared entry holds when no exclusive entry precedes it. */
function holds(entry: Entry, alive: readonly Entry[]): boolean {
  const before = alive.slice(0, alive.indexOf(entry));
  return entry.mode === 'exclusive'
    ? before.length === 0
    : before.every((other) => other.mode === 'shared');
}

function byCreation(a: Entry, b: Entry): number {
  return a.createRevision - b.createRevision || (a.key < b.key ? -1 : 1);
}

function lockOf(key: string): string {
  return key.slice(LOCKS.length, key.indexOf('/', LOCKS.length));
}

function toEntry(event: KeyEvent, lock: string): Entry {
  const { key, createRevision, revision, lease, seenAt, value } = event;
  const segment = key.slice(key.lastIndexOf('/') + 1);
  const isShared = segment.startsWith('~');
  const { owner, metadata } = parseValue(value);
  return {
    lock,
    key,
    id: isShared ? segment.slice(1) : segment,
    mode: isShared ? 'shared' : 'exclusive',
    createRevision,
    creator: metadata?.call,
    owner,
    puts: [{ revision, lease, seenAt }],
    heldFrom: undefined,
    heldSeenAt: undefined,
    removed: undefined,
  };
}

function parseValue(value: string): { owner?: string; metadata?: { call?: string } } {
  try {
    return JSON.parse(value) as { owner?: string; metadata?: { call?: string } };
  } catch {
    return {};
  }
}
