// Reads the event records of past revisions. One request reads many of them, and each record is read once for all watchers of a client.
import type { Caller } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { OPERATIONS_TOGETHER_MAX } from '../../../etcd/wire.js';
import { V2_EVENT_RECORD_KEY } from '../../v2-private-keys.js';
import { parseEventRecord } from './event-record.js';
import type { EventRecord } from './event-record.js';

const CACHED_MAX = 10_000;

type PendingRecord = Promise<EventRecord | undefined>;

const NO_RECORD: PendingRecord = Promise.resolve(undefined);

export class EventHistory {
  readonly #etcd: EtcdClient;
  /** By identity and revision, oldest first. */
  readonly #cache = new Map<string, PendingRecord>();

  constructor(etcd: EtcdClient) {
    this.#etcd = etcd;
  }

  /** Call it after a reset of the store, because its revisions are other changes then. */
  clear(): void {
    this.#cache.clear();
  }

  /**
   * Returns one record for each revision, in the same order. It is `undefined` if the change left none or the caller may not read it.
   * Throws if etcd cannot be read.
   */
  async read(caller: Caller, revisions: readonly number[]): Promise<(EventRecord | undefined)[]> {
    const missing = revisions.filter((revision) => !this.#cache.has(cacheKey(caller, revision)));
    for (let done = 0; done < missing.length; done += OPERATIONS_TOGETHER_MAX) {
      this.#readIntoCache(caller, missing.slice(done, done + OPERATIONS_TOGETHER_MAX));
    }
    const records = revisions.map(
      (revision) => this.#cache.get(cacheKey(caller, revision)) ?? NO_RECORD,
    );
    this.#evictOldest();
    return Promise.all(records);
  }

  #readIntoCache(caller: Caller, revisions: readonly number[]): void {
    const reading = this.#readFromEtcd(caller, revisions);
    revisions.forEach((revision, index) => {
      const key = cacheKey(caller, revision);
      const record = reading.then((records) => records[index]);
      this.#cache.set(key, record);
      record.catch(() => {
        if (this.#cache.get(key) === record) this.#cache.delete(key);
      });
    });
  }

  async #readFromEtcd(
    caller: Caller,
    revisions: readonly number[],
  ): Promise<(EventRecord | undefined)[]> {
    try {
      const { responses } = await this.#etcd.txn(caller, {
        compare: [],
        success: revisions.map((revision) => ({
          kind: 'range',
          range: { key: V2_EVENT_RECORD_KEY, revision },
        })),
        failure: [],
      });
      return responses.map((response, index) =>
        response.kind === 'range'
          ? parseEventRecord(response.range.kvs[0], revisions[index] ?? 0)
          : undefined,
      );
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : undefined;
      if (code === 'permission-denied') return revisions.map(() => undefined);
      if (code !== 'revision-compacted') throw error;
      if (revisions.length === 1) return [undefined];
      // One compacted revision makes the whole transaction fail.
      const half = revisions.length / 2;
      const halves = [revisions.slice(0, half), revisions.slice(half)];
      return (await Promise.all(halves.map((each) => this.#readFromEtcd(caller, each)))).flat();
    }
  }

  #evictOldest(): void {
    for (const key of this.#cache.keys()) {
      if (this.#cache.size <= CACHED_MAX) return;
      this.#cache.delete(key);
    }
  }
}

function cacheKey({ identity }: Caller, revision: number): string {
  return `${identity.key} ${revision}`;
}
