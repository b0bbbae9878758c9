// One acquisition's way through a lock: look, enter, convert, leave. Its tokens are made by the gateway: nobody else knows them, so
// whatever stands under its key is its own. Every step may be lost, repeated late or cut off; the comments say what then.
import type { Caller } from '../../caller.js';
import { GatewayError, outcomeOf } from '../../errors.js';
import { createRevisionIs, isEmptyRange, modRevisionIs } from '../../etcd/compare.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { KeyValue, ResponseOp } from '../../etcd/wire.js';
import type { Background } from '../background.js';
import { encodeEntryValue, toEntry } from './entry.js';
import type { Entry, EntryValue } from './entry.js';
import type { Arena } from './key.js';
import { grantOwnLease } from './own-lease.js';
import type { OwnLease } from './own-lease.js';

export interface ContentionDeps {
  readonly etcd: EtcdClient;
  readonly background: Background;
}

/** The lease that carries an entry without a ttl until it is converted. */
const ENTRY_TTL_SECONDS = 30;
const CONVERT_ATTEMPTS_MAX = 3;
/** A grant this old may run out while the answer travels: it is renewed first. */
const FRESH_PART = 0.25;

export interface TryRequest {
  readonly arena: Arena;
  readonly key: Buffer;
  readonly value: EntryValue;
  /** `null`: holds until released. */
  readonly ttlSeconds: number | null;
}

export type Tried =
  | { readonly kind: 'holder'; readonly fencingToken: number; readonly ttlSeconds: number | null }
  | { readonly kind: 'refused'; readonly first: Entry | undefined };

/**
 * Takes the lock when nobody has it, in exclusive mode, without waiting. Throws with outcome `unknown` when etcd did not say: the
 * entry, should there be one, is then taken back in the background.
 */
export async function tryEnter(
  caller: Caller,
  deps: ContentionDeps,
  request: TryRequest,
): Promise<Tried> {
  // Callers who poll a held lock cost etcd nothing durable: no lease, no write.
  const first = await firstEntry(caller, deps, request.arena);
  if (first !== undefined) return { kind: 'refused', first };
  const attempt = new Attempt(caller, deps, request);
  try {
    return await attempt.run();
  } catch (error) {
    attempt.takeBack();
    throw error;
  }
}

export async function firstEntry(
  caller: Caller,
  deps: ContentionDeps,
  arena: Arena,
): Promise<Entry | undefined> {
  const answer = await deps.etcd.range(caller, {
    ...arena.range,
    limit: 1,
    sort: { target: 'create', order: 'ascend' },
  });
  return answer.kvs[0] && toEntry(arena, answer.kvs[0]);
}

class Attempt {
  readonly #caller: Caller;
  readonly #deps: ContentionDeps;
  readonly #request: TryRequest;
  /** Leases that a request named and no revoke has ended yet. */
  readonly #named = new Set<string>();
  /** Set before a conversion is sent: from then on revoking the leases may not be enough to leave. */
  #converting: number | undefined;

  constructor(caller: Caller, deps: ContentionDeps, request: TryRequest) {
    this.#caller = caller;
    this.#deps = deps;
    this.#request = request;
  }

  async run(): Promise<Tried> {
    const { ttlSeconds } = this.#request;
    const own = await this.#grant(ttlSeconds ?? ENTRY_TTL_SECONDS);
    const entered = await this.#enter(own);
    if (entered.kind === 'refused') {
      // Every request that named the lease was answered, so no late copy is left: the revoke may follow the answer.
      this.takeBack();
      return entered;
    }
    if (ttlSeconds === null) {
      await this.#convert(entered.fencingToken);
      // Before "acquired" is said: a late conversion or enter finds no lease and changes nothing.
      await this.#revokeNamed(this.#caller);
      this.#refuseDeadCaller();
      return { ...entered, ttlSeconds: null };
    }
    await this.#freshen(own);
    this.#refuseDeadCaller();
    return { ...entered, ttlSeconds: own.ttlSeconds };
  }

  /** Leaves unasked. The own leases go first; a sent conversion may have moved the entry off them, so it is deleted by create revision too. */
  takeBack(): void {
    const { identity } = this.#caller;
    const converted = this.#converting;
    if (this.#named.size === 0 && converted === undefined) return;
    void this.#deps.background.run('take back a lock entry', identity, async (caller) => {
      await this.#revokeNamed(caller);
      if (converted !== undefined)
        await deleteEntry(caller, this.#deps, this.#request.key, converted);
    });
  }

  async #grant(ttlSeconds: number): Promise<OwnLease> {
    const own = await grantOwnLease(this.#caller, this.#deps.etcd, ttlSeconds, (lease) =>
      this.#named.add(lease),
    );
    this.#named.add(own.lease);
    return own;
  }

  async #enter(
    own: OwnLease,
  ): Promise<Extract<Tried, { kind: 'refused' }> | { kind: 'holder'; fencingToken: number }> {
    const { arena, key, value } = this.#request;
    const answer = await this.#deps.etcd.txn(this.#caller, {
      compare: [isEmptyRange(arena.range)],
      success: [{ kind: 'put', put: { key, value: encodeEntryValue(value), lease: own.lease } }],
      failure: [
        {
          kind: 'range',
          range: { ...arena.range, limit: 1, sort: { target: 'create', order: 'ascend' } },
        },
      ],
    });
    if (answer.succeeded) return { kind: 'holder', fencingToken: answer.header.revision };
    const first = firstKv(answer.responses[0]);
    return { kind: 'refused', first: first && toEntry(arena, first) };
  }

  // The entry keeps its create revision and value and loses its lease. Refused after an unanswered one, it was that one: nobody else
  // knows this key's token.
  async #convert(fencingToken: number): Promise<void> {
    const { key } = this.#request;
    this.#converting = fencingToken;
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#deps.etcd.txn(this.#caller, {
          compare: [modRevisionIs(key, fencingToken)],
          success: [{ kind: 'put', put: { key, ignoreValue: true } }],
          failure: [{ kind: 'range', range: { key } }],
        });
        if (answer.succeeded) return;
        const kv = firstKv(answer.responses[0]);
        if (kv?.createRevision === fencingToken && kv.lease === undefined) return;
        throw new GatewayError('lock-expired', {
          detail: 'the lock was broken while it was being acquired',
        });
      } catch (error) {
        if (outcomeOf(error) !== 'unknown' || attempt >= CONVERT_ATTEMPTS_MAX) throw error;
      }
    }
  }

  async #freshen(own: OwnLease): Promise<void> {
    if (performance.now() - own.grantedAt < own.ttlSeconds * 1000 * FRESH_PART) return;
    const { ttlSeconds } = await this.#deps.etcd.leaseKeepAlive(this.#caller, own.lease);
    if (ttlSeconds === undefined) {
      throw new GatewayError('lock-expired', {
        detail: 'the lock ended before its answer was ready',
      });
    }
  }

  async #revokeNamed(caller: Caller): Promise<void> {
    for (const lease of this.#named) {
      await this.#deps.etcd.leaseRevoke(caller, lease);
      this.#named.delete(lease);
    }
  }

  // Until the first byte of the answer the entry of a caller who is gone is nobody's.
  #refuseDeadCaller(): void {
    if (!this.#caller.signal.aborted) return;
    throw new GatewayError('etcd-unavailable', {
      detail: 'the caller hung up',
      outcome: 'unknown',
    });
  }
}

/** Deletes the entry with this create revision, and nothing that came later under its key. True when it was there. */
export async function deleteEntry(
  caller: Caller,
  deps: ContentionDeps,
  key: Buffer,
  createRevision: number,
): Promise<boolean> {
  const answer = await deps.etcd.txn(caller, {
    compare: [createRevisionIs(key, createRevision)],
    success: [{ kind: 'deleteRange', deleteRange: { key } }],
    failure: [],
  });
  return answer.succeeded;
}

function firstKv(response: ResponseOp | undefined): KeyValue | undefined {
  return response?.kind === 'range' ? response.range.kvs[0] : undefined;
}
