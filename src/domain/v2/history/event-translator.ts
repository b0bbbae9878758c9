// Translates events of etcd into v2 events. For this it reads event records, and leases that were attached to keys through other APIs.
import type { Caller, Identity } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { WatchEvent } from '../../../etcd/wire.js';
import { readExpirations } from '../expiry/node-lease.js';
import type { NodeLeaseDeps } from '../expiry/node-lease.js';
import type { V2Event } from '../tree/node.js';
import type { EventHistory } from './event-history.js';
import type { EventRecord } from './event-record.js';
import { toV2Events } from './revision-events.js';

const ATTEMPT_MS = 5_000;
/** While etcd cannot be read, an event is delayed, because without its record it could be wrong. */
const ATTEMPTS_MAX = 6;

export interface TranslatorDeps extends NodeLeaseDeps {
  readonly history: EventHistory;
}

export class EventTranslator {
  readonly #identity: Identity;
  readonly #deps: TranslatorDeps;

  constructor(identity: Identity, deps: TranslatorDeps) {
    this.#identity = identity;
    this.#deps = deps;
  }

  /** Returns the v2 events of each revision. Throws if all attempts to read etcd fail. */
  async translate(revisions: readonly (readonly WatchEvent[])[]): Promise<V2Event[][]> {
    return this.#retry(() => this.#tryTranslate(revisions));
  }

  /** Returns the records that the caller can read. Throws if all attempts to read etcd fail. */
  async readRecords(revisions: readonly number[]): Promise<(EventRecord | undefined)[]> {
    return this.#retry(() => this.#deps.history.read(this.#createCaller(), revisions));
  }

  async #retry<T>(read: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await read();
      } catch (error) {
        const isTemporary = error instanceof GatewayError && error.status >= 500;
        if (!isTemporary || attempt >= ATTEMPTS_MAX) throw error;
      }
    }
  }

  async #tryTranslate(revisions: readonly (readonly WatchEvent[])[]): Promise<V2Event[][]> {
    const caller = this.#createCaller();
    const numbers = revisions.map((events) => events[0]?.kv.modRevision ?? 0);
    const records = await this.#deps.history.read(caller, numbers);
    const expirationOf = await readExpirations(caller, this.#deps, leasesIn(revisions));
    const isLeaseAlive = await this.#readAliveLeases(caller, revisions, records);
    return revisions.map((events, index) =>
      toV2Events(
        { revision: numbers[index] ?? 0, events, record: records[index] },
        { expirationOf, isLeaseAlive },
      ),
    );
  }

  /** A key that was deleted without a record expired with its lease, or was deleted through another API. In the latter case the lease exists. */
  async #readAliveLeases(
    caller: Caller,
    revisions: readonly (readonly WatchEvent[])[],
    records: readonly (EventRecord | undefined)[],
  ): Promise<(lease: string) => boolean> {
    const unrecorded = revisions.filter((_, index) => records[index] === undefined).flat();
    const leases = new Set(
      unrecorded.flatMap(({ kind, prevKv }) => (kind === 'delete' ? (prevKv?.lease ?? []) : [])),
    );
    const alive = new Set<string>();
    for (const lease of leases) {
      const { ttlSeconds } = await this.#deps.etcd.leaseTimeToLive(caller, lease, false);
      if (ttlSeconds !== undefined) alive.add(lease);
    }
    return (lease) => alive.has(lease);
  }

  /** A wait outlives the deadline of its request, so that each attempt has its own. */
  #createCaller(): Caller {
    return {
      identity: this.#identity,
      signal: AbortSignal.timeout(ATTEMPT_MS),
      deadline: performance.now() + ATTEMPT_MS,
    };
  }
}

function leasesIn(revisions: readonly (readonly WatchEvent[])[]): (string | undefined)[] {
  return revisions.flat().flatMap(({ kv, prevKv }) => [kv.lease, prevKv?.lease]);
}
