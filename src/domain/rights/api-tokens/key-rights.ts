// Whether an API token allows a request, by the keys that it names: what etcd checks of its users. Pure. Callers without a scope pass.
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
import { KeyspaceLayout, ScopeRanges, hasRightFor, rightsFor } from './keyspace-layout.js';
import type { AccessMode, LockPrefixes } from './keyspace-layout.js';

/** Each method throws `permission-denied`, or `unauthenticated` for a token that was withdrawn. */
export class KeyRights {
  readonly #land: KeyspaceLayout;
  /** A scope lives as long as the file of tokens says the same. */
  readonly #territories = new WeakMap<Scope, ScopeRanges>();

  constructor(prefixes: LockPrefixes) {
    this.#land = new KeyspaceLayout(prefixes);
  }

  checkRange(identity: Identity, request: RangeRequest): void {
    requireNotRevoked(identity);
    if (identity.scope === undefined || isGatewayRead(request)) return;
    this.check(identity, request, 'look');
  }

  checkPut(identity: Identity, { key, prevKv }: PutRequest): void {
    requireNotRevoked(identity);
    if (identity.scope === undefined) return;
    // Beside each change through a v2 door. Its doors let nobody name it.
    if (!key.equals(V2_EVENT_RECORD_KEY)) this.check(identity, { key }, 'change');
    if (prevKv === true) this.check(identity, { key }, 'look');
  }

  checkDelete(identity: Identity, { prevKv, ...range }: DeleteRangeRequest): void {
    if (identity.scope === undefined) return;
    this.check(identity, range, 'change');
    if (prevKv === true) this.check(identity, range, 'look');
  }

  /** Whichever branch etcd will take: as etcd itself, it asks for the rights to both. */
  checkTxn(identity: Identity, { compare, success, failure }: TxnRequest): void {
    requireNotRevoked(identity);
    if (identity.scope === undefined) return;
    for (const each of compare) this.check(identity, each, 'look');
    for (const op of [...success, ...failure]) this.#checkOp(identity, op);
  }

  /** Of a range that holds keys of several kinds, each has to be allowed. */
  check(identity: Identity, asked: KeyRange, deed: AccessMode): void {
    requireNotRevoked(identity);
    const { scope } = identity;
    if (scope === undefined) return;
    // The list of directories with a ttl: who may change one may change its entry.
    const range = pathsInExpiryList(asked) ?? asked;
    const [first] = this.#territoryOf(scope).outside(range, deed);
    if (first === undefined) return;
    const area = this.#land.areaOf(first.key);
    const what = `${deed === 'look' ? 'read' : 'change'} ${this.#land.describe(first)}`;
    const rights = rightsFor(area, deed);
    throw rights.length > 0 && !hasRightFor(scope, area, deed)
      ? lacksRight(identity, rights, what)
      : notCovered(identity, what, { isRange: range.rangeEnd !== undefined });
  }

  /** Whether the scope reaches a key, for what is no request. */
  covers(scope: Scope, key: Buffer, deed: AccessMode): boolean {
    return this.#territoryOf(scope).outside({ key }, deed).length === 0;
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

  #territoryOf(scope: Scope): ScopeRanges {
    const known = this.#territories.get(scope) ?? new ScopeRanges(scope, this.#land);
    this.#territories.set(scope, known);
    return known;
  }
}

/**
 * What the gateway asks on everybody's behalf: the record of a change through a v2 door, and counts of one key of its own, which tell the
 * store's revision. No door lets a caller name these keys.
 */
function isGatewayRead({ key, rangeEnd, countOnly }: RangeRequest): boolean {
  if (rangeEnd !== undefined) return false;
  return key.equals(V2_EVENT_RECORD_KEY) || (countOnly === true && KeyspaceLayout.isInternal(key));
}
