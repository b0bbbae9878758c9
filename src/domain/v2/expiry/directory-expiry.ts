// Ends directories when their ttl is over, on every gateway: whoever is first does it. They are known from the list that changes keep, and
// from the changes of this gateway, also of callers who may not write the list.
import { GATEWAY_IDENTITY } from '../../../core/caller.js';
import type { Caller, Identity } from '../../../core/caller.js';
import { isAbsent } from '../../../etcd/compare.js';
import type { EtcdClient } from '../../../etcd/client.js';
import type { KeyValue } from '../../../etcd/wire.js';
import type { ReservedKeys } from '../../reserved.js';
import type { WatchHub } from '../../watch/hub.js';
import { listedEnding, unlistEnding } from './expiry-record.js';
import { V2_EXPIRY_LIST } from '../../v2-private-keys.js';
import { endDirectory } from './expire-directory.js';
import { endingKey } from '../tree/path.js';

/** As often as etcd itself looked for what is over. */
const LOOK_EVERY_MS = 500;
/** Other gateways leave it to the one that made the directory for so long. */
const LEAVE_MS = 1_000;
/** A lease that outlives its time (a new leader restarts its clock) is looked at less and less often. */
const AGAIN_FIRST_MS = 500;
const AGAIN_MAX_MS = 5_000;
const RELIST_MS = 10_000;
const ATTEMPT_MS = 5_000;
/** Directories with a ttl that one gateway keeps in mind; the reads and writes that meet a further one end it. */
const KEPT_MAX = 100_000;
const TOGETHER_MAX = 8;

export interface DirectoryEndsDeps {
  readonly etcd: EtcdClient;
  readonly hub: WatchHub;
  readonly reserved: ReservedKeys;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
  /** Told of each directory that this gateway has ended. */
  readonly onEnded: () => void;
}

interface Kept {
  readonly identity: Identity;
  /** Wall clock, milliseconds. */
  dueAt: number;
  againMs: number;
}

export class DirectoryEnds {
  readonly #deps: DirectoryEndsDeps;
  readonly #kept = new Map<string, Kept>();
  #clock: NodeJS.Timeout | undefined;
  #relist: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;

  constructor(deps: DirectoryEndsDeps) {
    this.#deps = deps;
    deps.draining.addEventListener('abort', () => this.#stop(), { once: true });
    void this.#follow();
  }

  /** A directory that this gateway gave a ttl on somebody's behalf. */
  expect(identity: Identity, path: string, expiresAt: number): void {
    this.#keep(path, identity, expiresAt);
  }

  #keep(path: string, identity: Identity, dueAt: number): void {
    if (this.#kept.size >= KEPT_MAX && !this.#kept.has(path)) return;
    this.#kept.set(path, { identity, dueAt, againMs: AGAIN_FIRST_MS });
    this.#clock ??= setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
  }

  async #look(): Promise<void> {
    const now = Date.now();
    const due = [...this.#kept].filter(([, { dueAt }]) => dueAt <= now);
    for (const [, kept] of due.slice(0, TOGETHER_MAX)) {
      kept.againMs = Math.min(AGAIN_MAX_MS, kept.againMs * 2);
      kept.dueAt = now + kept.againMs;
    }
    await Promise.all(due.slice(0, TOGETHER_MAX).map(([path, kept]) => this.#end(path, kept)));
  }

  async #end(path: string, kept: Kept): Promise<void> {
    const caller = callerOf(kept.identity);
    try {
      const ended = await endDirectory(caller, this.#deps, path);
      if (ended === 'live') return;
      if (ended === 'ended') this.#deps.onEnded();
      else await this.#unlist(caller, path);
      if (this.#kept.get(path) === kept) this.#kept.delete(path);
    } catch {
      // It stays in mind, and reads and writes that meet it end it as well.
    }
    if (this.#kept.size === 0) {
      clearInterval(this.#clock);
      this.#clock = undefined;
    }
  }

  /** Takes an entry off the list whose directory other doors have removed. */
  async #unlist(caller: Caller, path: string): Promise<void> {
    await this.#deps.etcd.txn(caller, {
      compare: [isAbsent(endingKey(path))],
      success: [unlistEnding(path)],
      failure: [],
    });
  }

  /** Reads the list and follows it; begins again when that breaks. */
  async #follow(): Promise<void> {
    this.#unwatch?.();
    try {
      const { kvs, header } = await this.#deps.etcd.range(callerOf(GATEWAY_IDENTITY), {
        ...V2_EXPIRY_LIST,
        limit: KEPT_MAX,
      });
      for (const kv of kvs) this.#hear(kv);
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
              if (event.kind === 'put') this.#hear(event.kv);
              else this.#kept.delete(listedEnding(event.kv).path);
            }
          },
          onCompacted: () => this.#followLater(),
          onReset: () => void this.#follow(),
          onRefused: () => this.#followLater(),
        },
      );
    } catch {
      this.#followLater();
    }
  }

  #hear(kv: KeyValue): void {
    const { path, expiresAt } = listedEnding(kv);
    const isOwn = this.#kept.get(path)?.dueAt === expiresAt;
    if (!isOwn) this.#keep(path, GATEWAY_IDENTITY, expiresAt + LEAVE_MS * (1 + Math.random()));
  }

  #followLater(): void {
    if (this.#deps.draining.aborted) return;
    this.#relist = setTimeout(() => void this.#follow(), RELIST_MS).unref();
  }

  #stop(): void {
    clearInterval(this.#clock);
    clearTimeout(this.#relist);
    this.#unwatch?.();
  }
}

function callerOf(identity: Identity): Caller {
  return {
    identity,
    signal: AbortSignal.timeout(ATTEMPT_MS),
    deadline: performance.now() + ATTEMPT_MS,
  };
}
