// Leases and API tokens. A client may use a lease if its scope covers every key that is attached to it. A lease without keys may be used
// by its creator and by holders of `admin` only: else another client could attach a key that the creator has no right to, which takes
// the lease away from the creator. The creator is in the ID (lease-id.ts). A lease without a known creator, made by another program, is
// `admin`'s until it has keys. A lease for a single key passes while it is empty: the gateway attaches nothing else to it.
//
// The keys are read for each use, right before it, but not in the same step: etcd has no lease operation in transactions. A key that
// another client attaches in between is renewed or deleted with the rest. That gives no caller more rights: the other client chose a
// lease that this caller could revoke at that time. A lease whose last key is deleted in between was the caller's to use a moment before.
import type { Caller, Identity } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { EtcdClient } from '../../../etcd/client.js';
import type { LeaseTimeToLiveResponse, RequestOp, TxnRequest } from '../../../etcd/wire.js';
import { isKeyLease, isMadeBy, isOwnLease } from '../../leases/lease-id.js';
import { timeToLive } from '../../leases/lease-calls.js';
import { beforeWrite } from '../../../etcd/calls/outcome.js';
import type { KeyRights } from './key-rights.js';
import type { AccessMode } from './keyspace-layout.js';

/** Leases on which one transaction may put keys, of a caller with a scope: each is a question to etcd. */
const LEASES_IN_TXN_MAX = 32;

export class LeaseRights {
  readonly #etcd: EtcdClient;
  readonly #keys: KeyRights;

  /** `etcd`: the client without these checks. */
  constructor(etcd: EtcdClient, keys: KeyRights) {
    this.#etcd = etcd;
    this.#keys = keys;
  }

  /**
   * What is to be known before a lease is used; `undefined` where nothing is. For one that is gone nothing is to be sent: a member that has
   * not heard of the lease yet says the same. Leases of the gateway's own entries pass: no door takes them from a caller, and their
   * entries are checked. Throws `permission-denied`.
   */
  async checkUse(caller: Caller, lease: string): Promise<LeaseTimeToLiveResponse | undefined> {
    if (caller.identity.scope === undefined || isOwnLease(lease)) return undefined;
    const state = await beforeWrite(timeToLive(caller, this.#etcd, lease, true));
    this.checkKeys(caller.identity, state, lease, 'change');
    return state;
  }

  /** Throws `permission-denied` when a key that the scope does not cover is attached to the lease, or when an empty lease is another client's. */
  checkKeys(
    identity: Identity,
    { keys, ttlSeconds }: LeaseTimeToLiveResponse,
    lease: string,
    deed: AccessMode,
  ): void {
    const { scope, name } = identity;
    if (scope === undefined || ttlSeconds === undefined) return;
    if (keys.length === 0) {
      if (!scope.rights.has('admin')) refuseEmptyLeaseOfOther(identity, lease);
      return;
    }
    if (keys.every((key) => this.#keys.covers(scope, key, deed))) return;
    throw new GatewayError('permission-denied', {
      detail: `the token ${JSON.stringify(name)} may not ${deed === 'look' ? 'read' : 'use'} the lease ${lease}: its scope does not cover all keys that are attached to it`,
    });
  }

  /** A lease under an ID that does not name its creator would be useless to a caller with a scope. Throws `permission-denied`. */
  checkGrant({ scope, ...identity }: Identity, lease: string): void {
    if (scope === undefined || scope.rights.has('admin') || isOwnLease(lease)) return;
    if (!isKeyLease(lease) && !isMadeBy(lease, { ...identity, scope })) throw chosenLeaseId();
  }

  /** Of the leases that puts name, each has to be there. Throws `permission-denied`, `lease-not-found`. */
  async checkAttaching(caller: Caller, leases: readonly (string | undefined)[]): Promise<void> {
    if (caller.identity.scope === undefined) return;
    const named = new Set(leases.filter((lease) => lease !== undefined));
    if (named.size > LEASES_IN_TXN_MAX) {
      throw new GatewayError('invalid-request', {
        detail: `one transaction with an API token may put keys on ${LEASES_IN_TXN_MAX} leases at most, not ${named.size}`,
      });
    }
    await Promise.all(
      [...named].map(async (lease) => {
        if (isGone(await this.checkUse(caller, lease)))
          throw new GatewayError('lease-not-found', { detail: `there is no lease ${lease}` });
      }),
    );
  }
}

/** Throws `permission-denied` for a lease without keys that may be another client's. */
export function refuseEmptyLeaseOfOther(identity: Identity, lease: string): void {
  if (isKeyLease(lease) || isMadeBy(lease, identity)) return;
  throw new GatewayError('permission-denied', {
    detail: `the lease ${lease} has no keys and was not made by this caller`,
    hint: 'make a lease of your own with POST /v1/leases, without an id; an empty lease is for its creator and for administrators',
  });
}

/** Of a caller with limited rights. */
export function chosenLeaseId(): GatewayError {
  return new GatewayError('permission-denied', {
    detail: 'only administrators may choose the ID of a lease',
    hint: 'omit id: the gateway makes an ID that states who made the lease',
  });
}

export function isGone(state: LeaseTimeToLiveResponse | undefined): boolean {
  return state !== undefined && state.ttlSeconds === undefined;
}

/** Of all puts, in whichever branch. */
export function leasesIn({ success, failure }: TxnRequest): readonly (string | undefined)[] {
  return [...success, ...failure].flatMap((op: RequestOp) => {
    if (op.kind === 'put') return [op.put.lease];
    return op.kind === 'txn' ? leasesIn(op.txn) : [];
  });
}
