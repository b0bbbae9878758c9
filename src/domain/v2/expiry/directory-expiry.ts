// Deletes directories when their ttl expires. Every gateway does so, and the first one succeeds. A gateway schedules the directories of the
// expiry list and those that it created itself. The latter may be missing from the list if the caller has no right to write it.
import { GATEWAY_IDENTITY } from '../../../core/caller.js';
import type { Caller, Identity } from '../../../core/caller.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { isAbsent } from '../../../etcd/compare.js';
import type { KeyValue } from '../../../etcd/wire.js';
import type { ReservedKeys } from '../../reserved.js';
import { V2_EXPIRY_LIST } from '../../v2-private-keys.js';
import type { WatchHub } from '../../watch/hub.js';
import { expiryRecordKey } from '../tree/path.js';
import { expireDirectory } from './expire-directory.js';
import { parseExpiryListEntry, removeFromExpiryList } from './expiry-record.js';

/** The interval at which etcd's own v2 store looked for expired nodes. */
const CHECK_INTERVAL_MS = 500;
/** Other gateways wait this long for the gateway that created the directory. */
const OTHER_GATEWAY_DELAY_MS = 1_000;
/** A lease can outlive its ttl, because a new leader restarts the time of all leases. The delay doubles with each attempt. */
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 5_000;
const LIST_RETRY_MS = 10_000;
const ATTEMPT_MS = 5_000;
/** Directories that one gateway schedules. Reads and writes of any other expired directory delete it. */
const SCHEDULED_MAX = 100_000;
const CONCURRENT_MAX = 8;

export interface DirectoryExpiryDeps {
  readonly etcd: EtcdClient;
  readonly hub: WatchHub;
  readonly reserved: ReservedKeys;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
  /** Called for each directory that this gateway deleted. */
  readonly onExpired: () => void;
}

interface ScheduledExpiry {
  readonly identity: Identity;
  /** Wall clock, milliseconds. */
  dueAt: number;
  retryMs: number;
}

export class DirectoryExpiry {
  readonly #deps: DirectoryExpiryDeps;
  readonly #scheduled = new Map<string, ScheduledExpiry>();
  #checkTimer: NodeJS.Timeout | undefined;
  #listTimer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;

  constructor(deps: DirectoryExpiryDeps) {
    this.#deps = deps;
    deps.draining.addEventListener('abort', () => this.#stop(), { once: true });
    void this.#followList();
  }

  /** Deletes the directory at `expiresAt` with the rights of the client that set its ttl. */
  schedule(identity: Identity, path: string, expiresAt: number): void {
    if (this.#scheduled.size >= SCHEDULED_MAX && !this.#scheduled.has(path)) return;
    this.#scheduled.set(path, { identity, dueAt: expiresAt, retryMs: RETRY_FIRST_MS });
    this.#checkTimer ??= setInterval(() => void this.#expireDue(), CHECK_INTERVAL_MS).unref();
  }

  async #expireDue(): Promise<void> {
    const now = Date.now();
    const due = [...this.#scheduled]
      .filter(([, { dueAt }]) => dueAt <= now)
      .slice(0, CONCURRENT_MAX);
    for (const [, scheduled] of due) {
      scheduled.retryMs = Math.min(RETRY_MAX_MS, scheduled.retryMs * 2);
      scheduled.dueAt = now + scheduled.retryMs;
    }
    await Promise.all(due.map(([path, scheduled]) => this.#expire(path, scheduled)));
  }

  async #expire(path: string, scheduled: ScheduledExpiry): Promise<void> {
    const caller = createCaller(scheduled.identity);
    try {
      const result = await expireDirectory(caller, this.#deps, path);
      if (result === 'live') return;
      if (result === 'expired') this.#deps.onExpired();
      else await this.#removeFromList(caller, path);
      if (this.#scheduled.get(path) === scheduled) this.#scheduled.delete(path);
    } catch {
      // The directory stays scheduled. Reads and writes of the expired directory also delete it.
    }
    if (this.#scheduled.size === 0) {
      clearInterval(this.#checkTimer);
      this.#checkTimer = undefined;
    }
  }

  /** Removes an entry whose directory was deleted through another API. */
  async #removeFromList(caller: Caller, path: string): Promise<void> {
    await this.#deps.etcd.txn(caller, {
      compare: [isAbsent(expiryRecordKey(path))],
      success: [removeFromExpiryList(path)],
      failure: [],
    });
  }

  /** Reads the list and watches it. Starts again if the watch ends. */
  async #followList(): Promise<void> {
    this.#unwatch?.();
    try {
      const { kvs, header } = await this.#deps.etcd.range(createCaller(GATEWAY_IDENTITY), {
        ...V2_EXPIRY_LIST,
        limit: SCHEDULED_MAX,
      });
      for (const kv of kvs) this.#scheduleListed(kv);
      if (this.#deps.draining.aborted) return;
      this.#unwatch = this.#deps.hub.watch(
        {
          identity: GATEWAY_IDENTITY,
          range: V2_EXPIRY_LIST,
          since: { revision: header.revision },
        },
        {
          onLive: () => undefined,
          onProgress: () => undefined,
          onEvents: (deliveries) => {
            for (const { event } of deliveries) {
              if (event.kind === 'put') this.#scheduleListed(event.kv);
              else this.#scheduled.delete(parseExpiryListEntry(event.kv).path);
            }
          },
          onCompacted: () => this.#followListLater(),
          onReset: () => void this.#followList(),
          onRefused: () => this.#followListLater(),
        },
      );
    } catch {
      this.#followListLater();
    }
  }

  #scheduleListed(kv: KeyValue): void {
    const { path, expiresAt } = parseExpiryListEntry(kv);
    // This gateway set the ttl itself.
    if (this.#scheduled.get(path)?.dueAt === expiresAt) return;
    const delayMs = OTHER_GATEWAY_DELAY_MS * (1 + Math.random());
    this.schedule(GATEWAY_IDENTITY, path, expiresAt + delayMs);
  }

  #followListLater(): void {
    if (this.#deps.draining.aborted) return;
    this.#listTimer = setTimeout(() => void this.#followList(), LIST_RETRY_MS).unref();
  }

  #stop(): void {
    clearInterval(this.#checkTimer);
    clearTimeout(this.#listTimer);
    this.#unwatch?.();
  }
}

function createCaller(identity: Identity): Caller {
  return {
    identity,
    signal: AbortSignal.timeout(ATTEMPT_MS),
    deadline: performance.now() + ATTEMPT_MS,
  };
}
