// Checks whether the scope of an API token covers the keys of a request, as etcd does for its users. Pure. Callers without a scope pass.
import type { Identity, Scope } from '../../../core/caller.js';
import type {
  DeleteRangeRequest,
  KeyRange,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../../../etcd/wire.js';
import { V2_EVENT_RECORD_KEY, pathsInExpiryList } from '../../v2-private-keys.js';
import { lacksRight, notCovered, requireNotRevoked } from '../denial.js';
import { KeyspaceLayout } from './keyspace-layout.js';
import type { LockPrefixes } from './keyspace-layout.js';
import { ScopeRanges, hasRightFor, rightsFor } from './scope-ranges.js';
import type { AccessMode } from './scope-ranges.js';

/** Each method throws `permission-denied`, or `unauthenticated` for a revoked token. */
export class KeyRights {
  readonly #layout: KeyspaceLayout;
  /** A scope object exists as long as the token file has the same entry. */
  readonly #ranges = new WeakMap<Scope, ScopeRanges>();

  constructor(prefixes: LockPrefixes) {
    this.#layout = new KeyspaceLayout(prefixes);
  }

  checkRange(identity: Identity, request: RangeRequest): void {
    requireNotRevoked(identity);
    if (identity.scope === undefined || isGatewayRead(request)) return;
    this.check(identity, request, 'read');
  }

  checkPut(identity: Identity, { key, prevKv }: PutRequest): void {
    requireNotRevoked(identity);
    if (identity.scope === undefined) return;
    // The gateway writes this record with each v2 change. No API lets a client name the key.
    if (!key.equals(V2_EVENT_RECORD_KEY)) this.check(identity, { key }, 'write');
    if (prevKv === true) this.check(identity, { key }, 'read');
  }

  checkDelete(identity: Identity, { prevKv, ...range }: DeleteRangeRequest): void {
    if (identity.scope === undefined) return;
    this.check(identity, range, 'write');
    if (prevKv === true) this.check(identity, range, 'read');
  }

  /** Checks both branches, whichever etcd will take, as etcd does. */
  checkTxn(identity: Identity, { compare, success, failure }: TxnRequest): void {
    requireNotRevoked(identity);
    if (identity.scope === undefined) return;
    for (const each of compare) this.check(identity, each, 'read');
    for (const op of [...success, ...failure]) this.#checkOp(identity, op);
  }

  /** A range that spans several areas must be allowed in each. */
  check(identity: Identity, requested: KeyRange, mode: AccessMode): void {
    requireNotRevoked(identity);
    const { scope } = identity;
    if (scope === undefined) return;
    // The list of v2 directories with a ttl: the right to a directory includes its entry in the list.
    const range = pathsInExpiryList(requested) ?? requested;
    const [first] = this.#rangesOf(scope).outside(range, mode);
    if (first === undefined) return;
    const area = this.#layout.areaOf(first.key);
    const what = `${mode === 'read' ? 'read' : 'change'} ${this.#layout.describe(first)}`;
    const rights = rightsFor(area, mode);
    throw rights.length > 0 && !hasRightFor(scope, area, mode)
      ? lacksRight(identity, rights, what)
      : notCovered(identity, what, { isRange: range.rangeEnd !== undefined });
  }

  /** Whether the scope covers a key that the request does not name. */
  covers(scope: Scope, key: Buffer, mode: AccessMode): boolean {
    return this.#rangesOf(scope).outside({ key }, mode).length === 0;
  }

  #checkOp(identity: Identity, op: RequestOp): void {
    switch (op.kind) {
      case 'range': {
        this.checkRange(identity, op.range);
        return;
      }
      case 'put': {
        this.checkPut(identity, op.put);
        return;
      }
      case 'deleteRange': {
        this.checkDelete(identity, op.deleteRange);
        return;
      }
      case 'txn': {
        this.checkTxn(identity, op.txn);
        return;
      }
    }
  }

  #rangesOf(scope: Scope): ScopeRanges {
    const ranges = this.#ranges.get(scope) ?? new ScopeRanges(scope, this.#layout);
    this.#ranges.set(scope, ranges);
    return ranges;
  }
}

/**
 * Whether the gateway itself reads on behalf of the client: the record of a v2 change, or the count of one internal key, which returns the
 * revision of the store. No API lets a client name these keys.
 */
function isGatewayRead({ key, rangeEnd, countOnly }: RangeRequest): boolean {
  if (rangeEnd !== undefined) return false;
  return key.equals(V2_EVENT_RECORD_KEY) || (countOnly === true && KeyspaceLayout.isInternal(key));
}
