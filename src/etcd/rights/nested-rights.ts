// Checks those rights of a user in transactions that some versions of etcd do not check: all that is nested (before 3.4.42, 3.5.28 and
// 3.6.9; seen on 3.4.23 and 3.5.16, where keys of others were read, written and deleted that way), and the right to read what a put gives
// back as previous (before 3.4.44, 3.5.30 and 3.6.11). It is asked for at the top of another transaction first, in a branch that is never
// taken: there every version checks, and does nothing. What this cannot see is a right that is taken away between the two.
import type { Caller } from '../../caller.js';
import type { EtcdClient } from '../client.js';
import type { KeyRange, RequestOp, TxnRequest } from '../wire.js';

/** etcd takes 128 operations in a branch unless it is set up otherwise. */
const OPERATIONS_MAX = 100;

/** The same client; `txn` of a caller with rights of his own throws `permission-denied` for nested operations that go beyond them. */
export function withNestedRights(etcd: EtcdClient): EtcdClient {
  return {
    ...etcd,
    async txn(caller, request) {
      if (caller.identity.login !== undefined) await checkNested(caller, etcd, request);
      return etcd.txn(caller, request);
    },
  };
}

async function checkNested(caller: Caller, etcd: EtcdClient, request: TxnRequest): Promise<void> {
  const nested = [
    ...nestedIn(request).flatMap(everythingIn),
    ...[...request.success, ...request.failure].flatMap(readBack),
  ];
  // Apart: etcd takes no puts and deletes of one key in one branch.
  const puts = nested.filter(({ kind }) => kind === 'put');
  const others = nested.filter(({ kind }) => kind !== 'put');
  for (const operations of [uniqueByKey(puts), others]) {
    for (let done = 0; done < operations.length; done += OPERATIONS_MAX) {
      await askForRights(caller, etcd, operations.slice(done, done + OPERATIONS_MAX));
    }
  }
}

/**
 * Throws `permission-denied` unless the caller may do all of it. Nothing is done: without a comparison a transaction never takes its
 * failure branch, but etcd checks both.
 */
export async function askForRights(
  caller: Caller,
  etcd: Pick<EtcdClient, 'txn'>,
  operations: readonly RequestOp[],
): Promise<void> {
  await etcd.txn(caller, { compare: [], success: [], failure: operations });
}

function nestedIn({ success, failure }: TxnRequest): TxnRequest[] {
  return [...success, ...failure].flatMap((op) => (op.kind === 'txn' ? [op.txn] : []));
}

/** What it compares, as reads, and what both branches do, at whatever depth. */
function everythingIn({ compare, success, failure }: TxnRequest): RequestOp[] {
  const operations = [...success, ...failure].flatMap((op) =>
    op.kind === 'txn' ? everythingIn(op.txn) : withoutContent(op),
  );
  return [...compare.map(({ key, rangeEnd }) => readOf({ key, rangeEnd })), ...operations];
}

/** Rights are those of keys: values need not travel twice. */
function withoutContent(op: Exclude<RequestOp, { kind: 'txn' }>): RequestOp[] {
  switch (op.kind) {
    case 'put':
      return [{ kind: 'put', put: { key: op.put.key } }, ...readBack(op)];
    case 'range':
      return [readOf(op.range)];
    case 'deleteRange':
      return [op];
  }
}

function readBack(op: RequestOp): RequestOp[] {
  return op.kind === 'put' && op.put.prevKv === true ? [readOf({ key: op.put.key })] : [];
}

function readOf({ key, rangeEnd }: KeyRange): RequestOp {
  return { kind: 'range', range: { key, rangeEnd, limit: 1, keysOnly: true } };
}

function uniqueByKey(operations: readonly RequestOp[]): RequestOp[] {
  const byKey = new Map(
    operations.map((op) => [op.kind === 'put' ? op.put.key.toString('latin1') : '', op]),
  );
  return [...byKey.values()];
}
