// Leases and API tokens. A client may use a lease if its scope covers every key that is attached to it. A lease without keys may be used
// by its creator and by holders of `admin` only. Otherwise another client could attach a key that the creator has no right to, and so take
// the lease away from the creator. The creator is in the ID (lease-id.ts). A lease that another program created has no known creator, so
// only `admin` may use it until it has keys. A lease for a single key passes while it is empty: the gateway attaches nothing else to it.
//
// The keys are read right before each use, but not in the same step: etcd has no lease operations in transactions. A key that
// another client attaches in between is renewed or deleted with the rest. That gives no caller more rights: the other client chose a
// lease that this caller could revoke at that time. If the last key is deleted in between, the caller could use the lease just before.
import type { Caller, Identity } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { EtcdClient } from '../../../etcd/client.js';
import type { LeaseTimeToLiveResponse, RequestOp, TxnRequest } from '../../../etcd/wire.js';
import { isKeyLease, isMadeBy, isOwnLease } from '../../leases/lease-id.js';
import { timeToLive } from '../../leases/lease-calls.js';
import { beforeWrite } from '../../../etcd/calls/outcome.js';
import type { KeyRights } from './key-rights.js';
import type { AccessMode } from './scope-ranges.js';

/** Leases to which one transaction of a client with a scope may attach keys. Each costs a read. */
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
   * Checks that the caller may use the lease. Returns its state, or `undefined` if nothing is checked. Do not send anything for a lease that
   * does not exist: a member that lags behind reports the same. Leases of the gateway's own entries pass, because no API accepts them
   * from a client, and their entries are checked. Throws `permission-denied`.
   */
  async checkUse(caller: Caller, lease: string): Promise<LeaseTimeToLiveResponse | undefined> {
    if (caller.identity.scope === undefined || isOwnLease(lease)) return undefined;
    const state = await beforeWrite(timeToLive(caller, this.#etcd, lease, true));
    this.checkKeys(caller.identity, state, lease, 'write');
    return state;
  }

  /** Throws `permission-denied` when a key that the scope does not cover is attached to the lease, or when an empty lease is another client's. */
  checkKeys(
    identity: Identity,
    { keys, ttlSeconds }: LeaseTimeToLiveResponse,
    lease: string,
    mode: AccessMode,
  ): void {
    const { scope, name } = identity;
    if (scope === undefined || ttlSeconds === undefined) return;
    if (keys.length === 0) {
      if (!scope.rights.has('admin')) refuseEmptyLeaseOfOther(identity, lease);
      return;
    }
    if (keys.every((key) => this.#keys.covers(scope, key, mode))) return;
    throw new GatewayError('permission-denied', {
      detail: `the token ${JSON.stringify(name)} may not ${mode === 'read' ? 'read' : 'use'} lease ${lease}: its scope does not cover all keys that are attached to it`,
    });
  }

  /** Requires an ID that contains its creator, because a client with a scope could not use another lease. Throws `permission-denied`. */
  checkGrant({ scope, ...identity }: Identity, lease: string): void {
    if (scope === undefined || scope.rights.has('admin') || isOwnLease(lease)) return;
    if (!isKeyLease(lease) && !isMadeBy(lease, { ...identity, scope })) throw chosenLeaseId();
  }

  /** Requires every lease that a put names to exist. Throws `permission-denied`, `lease-not-found`. */
  async checkAttaching(caller: Caller, leases: readonly (string | undefined)[]): Promise<void> {
    if (caller.identity.scope === undefined) return;
    const named = new Set(leases.filter((lease) => lease !== undefined));
    if (named.size > LEASES_IN_TXN_MAX) {
      throw new GatewayError('invalid-request', {
        detail: `one transaction with an API token may attach keys to at most ${LEASES_IN_TXN_MAX} leases, not ${named.size}`,
      });
    }
    await Promise.all(
      [...named].map(async (lease) => {
        if (isGone(await this.checkUse(caller, lease)))
          throw new GatewayError('lease-not-found', { detail: `lease ${lease} does not exist` });
      }),
    );
  }
}

/** Throws `permission-denied` for a lease without keys that may be another client's. */
export function refuseEmptyLeaseOfOther(identity: Identity, lease: string): void {
  if (isKeyLease(lease) || isMadeBy(lease, identity)) return;
  throw new GatewayError('permission-denied', {
    detail: `lease ${lease} has no keys and was not created by this client`,
    hint: 'create your own lease with POST /v1/leases, without an id; only its creator and administrators may use an empty lease',
  });
}

/** The error for a client with limited rights that chooses the ID of a lease. */
export function chosenLeaseId(): GatewayError {
  return new GatewayError('permission-denied', {
    detail: 'only administrators may choose the ID of a lease',
    hint: 'omit id: the gateway generates an ID that contains the creator',
  });
}

export function isGone(state: LeaseTimeToLiveResponse | undefined): boolean {
  return state !== undefined && state.ttlSeconds === undefined;
}

/** Returns the leases of all puts in both branches, nested ones included. */
export function leasesIn({ success, failure }: TxnRequest): readonly (string | undefined)[] {
  return [...success, ...failure].flatMap((op: RequestOp) => {
    if (op.kind === 'put') return [op.put.lease];
    return op.kind === 'txn' ? leasesIn(op.txn) : [];
  });
}
