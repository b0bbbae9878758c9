// Makes v2 events of etcd's, with what has to be looked up for it: records of changes, and the leases of keys that other doors wrote.
import type { Caller, Identity } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { WatchEvent } from '../../../etcd/wire.js';
import type { ChangeRecords } from './event-history.js';
import { readLifetimes } from '../expiry/node-lease.js';
import type { LifetimeDeps } from '../expiry/node-lease.js';
import type { V2Event } from '../tree/node.js';
import type { ChangeRecord } from './event-record.js';
import { eventsOf } from './revision-events.js';

/** One try at what has to be looked up. */
const LOOKUP_MS = 5_000;
/** While etcd cannot be read, an event waits rather than be told wrongly. */
const LOOKUP_TRIES_MAX = 6;

export interface TranslatorDeps extends LifetimeDeps {
  readonly records: ChangeRecords;
}

export class EventTranslator {
  readonly #identity: Identity;
  readonly #deps: TranslatorDeps;

  constructor(identity: Identity, deps: TranslatorDeps) {
    this.#identity = identity;
    this.#deps = deps;
  }

  /** The v2 events of each revision. Throws when etcd cannot be read for long. */
  async translate(revisions: readonly (readonly WatchEvent[])[]): Promise<V2Event[][]> {
    return this.#patiently(() => this.#tryTranslate(revisions));
  }

  /** What the changes of these revisions were, where that is told. Throws when etcd cannot be read for long. */
  async recordsOf(revisions: readonly number[]): Promise<(ChangeRecord | undefined)[]> {
    return this.#patiently(() => this.#deps.records.at(this.#caller(), revisions));
  }

  async #patiently<T>(look: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await look();
      } catch (error) {
        const isPassing = error instanceof GatewayError && error.status >= 500;
        if (!isPassing || attempt >= LOOKUP_TRIES_MAX) throw error;
      }
    }
  }

  async #tryTranslate(revisions: readonly (readonly WatchEvent[])[]): Promise<V2Event[][]> {
    const caller = this.#caller();
    const numbers = revisions.map((events) => events[0]?.kv.modRevision ?? 0);
    const records = await this.#deps.records.at(caller, numbers);
    const lifetimeOf = await readLifetimes(caller, this.#deps, leasesIn(revisions));
    const isLeaseAlive = await this.#aliveLeases(caller, revisions, records);
    return revisions.map((events, index) =>
      eventsOf(
        { revision: numbers[index] ?? 0, events, record: records[index] },
        { lifetimeOf, isLeaseAlive },
      ),
    );
  }

  /** A key that went without a record went with its lease, or was deleted through another door: then its lease is still there. */
  async #aliveLeases(
    caller: Caller,
    revisions: readonly (readonly WatchEvent[])[],
    records: readonly (ChangeRecord | undefined)[],
  ): Promise<(lease: string) => boolean> {
    const unexplained = revisions.filter((_, index) => records[index] === undefined).flat();
    const leases = new Set(
      unexplained.flatMap(({ kind, prevKv }) => (kind === 'delete' ? (prevKv?.lease ?? []) : [])),
    );
    const alive = new Set<string>();
    for (const lease of leases) {
      const { ttlSeconds } = await this.#deps.etcd.leaseTimeToLive(caller, lease, false);
      if (ttlSeconds !== undefined) alive.add(lease);
    }
    return (lease) => alive.has(lease);
  }

  // A wait outlives the deadline of its request.
  #caller(): Caller {
    return {
      identity: this.#identity,
      signal: AbortSignal.timeout(LOOKUP_MS),
      deadline: performance.now() + LOOKUP_MS,
    };
  }
}

function leasesIn(revisions: readonly (readonly WatchEvent[])[]): (string | undefined)[] {
  return revisions.flat().flatMap(({ kv, prevKv }) => [kv.lease, prevKv?.lease]);
}
