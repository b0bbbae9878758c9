// Leases in the hands of API tokens: one may be used by whoever reaches every key that hangs on it, and one that is empty by everybody.
//
// The keys are read afresh for each use, right before it, but not in the same step: etcd has no lease operation in transactions. A key that
// somebody attaches in between is renewed or ended with the rest. That gives no caller more than he had: whoever attached it chose a
// lease that this caller could end at that moment. A caller who attaches a key of his own in that moment gains nothing either, since
// each use of the lease asks again.
import type { Caller, Identity } from '../../caller.js';
import { GatewayError } from '../../errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { LeaseTimeToLiveResponse, RequestOp, TxnRequest } from '../../etcd/wire.js';
import { isOwnLease } from '../leases/lease-id.js';
import { timeToLive } from '../leases/life.js';
import { beforeWrite } from '../../etcd/calls/outcome.js';
import type { KeyRights } from './key-rights.js';
import type { Deed } from './territory.js';

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
  async examine(caller: Caller, lease: string): Promise<LeaseTimeToLiveResponse | undefined> {
    if (caller.identity.scope === undefined || isOwnLease(lease)) return undefined;
    const state = await beforeWrite(timeToLive(caller, this.#etcd, lease, true));
    this.checkKeys(caller.identity, state, lease, 'change');
    return state;
  }

  /** Throws `permission-denied` when a key hangs on the lease that the scope does not reach. */
  checkKeys(
    { scope, name }: Identity,
    { keys }: LeaseTimeToLiveResponse,
    lease: string,
    deed: Deed,
  ): void {
    if (scope === undefined || keys.every((key) => this.#keys.reaches(scope, key, deed))) return;
    throw new GatewayError('permission-denied', {
      detail: `the token ${JSON.stringify(name)} may not ${deed === 'look' ? 'read' : 'use'} the lease ${lease}: keys hang on it that its scope does not cover`,
    });
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
        if (isGone(await this.examine(caller, lease)))
          throw new GatewayError('lease-not-found', { detail: `there is no lease ${lease}` });
      }),
    );
  }
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
