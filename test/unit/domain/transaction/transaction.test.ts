// The request that etcd gets for a transaction, and how its response is read.
import { describe, expect, it } from 'vitest';
import { KnownHolders } from '../../../../src/domain/locks/guard.js';
import { createReservedKeys } from '../../../../src/domain/reserved.js';
import { transact } from '../../../../src/domain/transaction/transaction.js';
import type { TransactionDeps } from '../../../../src/domain/transaction/transaction.js';
import type {
  Comparison,
  Operation,
  Transaction,
} from '../../../../src/domain/transaction/operation.js';
import { prefixRange } from '../../../../src/etcd/range.js';
import type { ResponseOp, TxnRequest, TxnResponse } from '../../../../src/etcd/wire.js';
import { callerFor } from '../../../support/caller.js';
import { HEADER, stubEtcd } from '../../../support/stub-etcd.js';

const reserved = createReservedKeys({ lockPrefix: 'locks/', electionPrefix: 'elections/' });
const guard = { lock: 'a', fencingToken: 42, field: '/guard/lock' };
const entry = Buffer.from('locks/a/1');

function depsOf(answer: Partial<TxnResponse> = {}): { deps: TransactionDeps; sent: TxnRequest[] } {
  const sent: TxnRequest[] = [];
  const { etcd } = stubEtcd({
    txn: (request: TxnRequest): TxnResponse => {
      sent.push(request);
      return { header: HEADER, succeeded: true, responses: [], ...answer };
    },
  });
  const knownHolders = new KnownHolders();
  knownHolders.add(callerFor().identity, guard, entry);
  return { deps: { etcd, reserved, lockPrefix: 'locks/', knownHolders }, sent };
}

const bytes = (text: string): Buffer => Buffer.from(text);
const put = (key: string): Operation => ({
  kind: 'put',
  at: `put ${key}`,
  key: bytes(key),
  value: bytes(key),
});
const putOp = (key: string): object => ({
  kind: 'put',
  put: { key: bytes(key), value: bytes(key) },
});
const get = (key: string): Operation => ({
  kind: 'get',
  at: `get ${key}`,
  range: { key: bytes(key) },
  limit: 5,
});
const getOp = (key: string): object => ({ kind: 'range', range: { key: bytes(key), limit: 5 } });
const isPresent = (key: string): Comparison => ({
  at: '/if',
  key: bytes(key),
  result: '>',
  target: { kind: 'version', number: 0 },
});
const differs = (key: string): Comparison => ({
  at: '/if',
  key: bytes(key),
  result: '!=',
  target: { kind: 'value', value: bytes('x') },
});
const holds = { key: entry, result: '=', target: { kind: 'create', number: 42 } };
const isFirst = {
  ...prefixRange(Buffer.from('locks/a/')),
  result: '>',
  target: { kind: 'create', number: 41 },
};
const probe = {
  kind: 'range',
  range: { ...prefixRange(Buffer.from('locks/a/')), limit: 1, keysOnly: true },
};

function asked(
  comparisons: readonly Comparison[],
  success: readonly Operation[],
  failure: readonly Operation[] = [],
): Transaction {
  return {
    at: '',
    comparisons,
    success: { at: '/then', operations: success },
    failure: { at: '/else', operations: failure },
  };
}

async function sentFor(transaction: Transaction, guarded = false): Promise<unknown> {
  const { deps, sent } = depsOf();
  // Most responses do not match the request: only the request matters here.
  await transact(callerFor(), deps, transaction, guarded ? guard : undefined).catch(
    () => undefined,
  );
  expect(sent).toHaveLength(1);
  return sent[0];
}

describe('the request to etcd', () => {
  it('has one level if no comparison needs a nested transaction', async () => {
    expect(await sentFor(asked([isPresent('c')], [put('a')], [get('b')]))).toMatchObject({
      compare: [isPresent('c')],
      success: [putOp('a')],
      failure: [getOp('b')],
    });
  });

  it('swaps the branches for a single value that must differ', async () => {
    expect(await sentFor(asked([differs('c')], [put('a')], [put('b')]))).toMatchObject({
      compare: [{ ...differs('c'), result: '=' }],
      success: [putOp('b')],
      failure: [putOp('a')],
    });
  });

  it('compares everything else first, then each value that must differ', async () => {
    const sent = await sentFor(
      asked([differs('c'), isPresent('d'), differs('e')], [put('a')], [put('b')]),
    );
    const inner = {
      compare: [{ ...differs('e'), result: '=' }],
      success: [putOp('b')],
      failure: [putOp('a')],
    };
    const outer = {
      compare: [{ ...differs('c'), result: '=' }],
      success: [putOp('b')],
      failure: [{ kind: 'txn', txn: inner }],
    };
    expect(sent).toMatchObject({
      compare: [isPresent('d')],
      success: [{ kind: 'txn', txn: outer }],
      failure: [putOp('b')],
    });
  });

  it('keeps the comparison of the values of a range as it is', async () => {
    const comparison = { ...differs('c'), ...prefixRange(bytes('c')) };
    expect(await sentFor(asked([comparison], [put('a')]))).toMatchObject({
      compare: [{ result: '!=' }],
      success: [putOp('a')],
    });
  });

  it('adds the guard to the comparisons, with a probe, if else writes nothing', async () => {
    expect(await sentFor(asked([isPresent('c')], [put('a')], [get('b')]), true)).toMatchObject({
      compare: [holds, isFirst, isPresent('c')],
      success: [putOp('a')],
      failure: [probe, getOp('b')],
    });
  });

  it('puts the guard around the whole transaction if else writes', async () => {
    expect(await sentFor(asked([isPresent('c')], [put('a')], [put('b')]), true)).toMatchObject({
      compare: [holds, isFirst],
      success: [
        {
          kind: 'txn',
          txn: { compare: [isPresent('c')], success: [putOp('a')], failure: [putOp('b')] },
        },
      ],
      failure: [],
    });
  });
});

describe('the result of a transaction', () => {
  const kv = (key: string, createRevision = 7): object => ({
    key: bytes(key),
    value: bytes('v'),
    createRevision,
    modRevision: 7,
    version: 1,
    lease: undefined,
  });
  const range = (...kvs: object[]): ResponseOp =>
    ({
      kind: 'range',
      range: { header: HEADER, kvs, more: false, count: kvs.length },
    }) as ResponseOp;
  const done: ResponseOp = { kind: 'put', put: { header: HEADER, prevKv: undefined } };
  const deleted = (count: number): ResponseOp => ({
    kind: 'deleteRange',
    deleteRange: { header: HEADER, deleted: count, prevKvs: [] },
  });
  const nested = (succeeded: boolean, ...responses: ResponseOp[]): ResponseOp => ({
    kind: 'txn',
    txn: { header: { ...HEADER, revision: 0 }, succeeded, responses },
  });
  const run = async (
    transaction: Transaction,
    answer: Partial<TxnResponse>,
    guarded = false,
  ): ReturnType<typeof transact> =>
    transact(callerFor(), depsOf(answer).deps, transaction, guarded ? guard : undefined);

  it('is that of the branch that etcd ran', async () => {
    const transaction = asked([isPresent('d'), differs('c')], [put('a')], [get('b')]);
    const inside = (succeeded: boolean, response: ResponseOp): Partial<TxnResponse> => ({
      responses: [nested(succeeded, response)],
    });
    expect(await run(transaction, inside(false, done))).toMatchObject({
      succeeded: true,
      revision: 100,
      results: [{ kind: 'put' }],
    });
    expect(await run(transaction, inside(true, range(kv('b'))))).toMatchObject({
      succeeded: false,
      results: [{ kind: 'get', count: 1, isCutOff: false }],
    });
    expect(await run(transaction, { succeeded: false, responses: [range()] })).toMatchObject({
      succeeded: false,
      results: [{ kind: 'get', count: 0 }],
    });
  });

  it('adds up the parts of an operation around reserved keys', async () => {
    const all: Operation = { kind: 'delete', at: 'all', range: prefixRange(bytes('')) };
    const { deps, sent } = depsOf({
      responses: [deleted(1), deleted(2), deleted(3), deleted(4)],
    });
    const { results } = await transact(callerFor(), deps, asked([], [all]));
    expect(sent[0]!.success).toHaveLength(4);
    expect(results).toEqual([{ kind: 'delete', deleted: 10, previous: undefined }]);
  });

  it('is lock-lost if the probe finds the entry deleted or created again, else the failure branch', async () => {
    const transaction = asked([isPresent('c')], [put('a')], [get('b')]);
    const failed = (probed: ResponseOp): Partial<TxnResponse> => ({
      succeeded: false,
      responses: [probed, range(kv('b'))],
    });
    for (const probed of [range(), range(kv('locks/a/1', 43))]) {
      await expect(run(transaction, failed(probed), true)).rejects.toMatchObject({
        code: 'lock-lost',
      });
    }
    expect(await run(transaction, failed(range(kv('locks/a/1', 42))), true)).toMatchObject({
      succeeded: false,
      results: [{ kind: 'get', count: 1 }],
    });
  });

  it('is lock-lost if the guard around the whole transaction fails', async () => {
    const transaction = asked([isPresent('c')], [put('a')], [put('b')]);
    await expect(run(transaction, { succeeded: false }, true)).rejects.toMatchObject({
      code: 'lock-lost',
    });
    expect(await run(transaction, { responses: [nested(false, done)] }, true)).toMatchObject({
      succeeded: false,
      results: [{ kind: 'put' }],
    });
  });

  it('is an error with unknown outcome if the response does not match the request', async () => {
    for (const responses of [[], [range()], [deleted(1)], [nested(true)]]) {
      await expect(run(asked([], [put('a')]), { responses })).rejects.toMatchObject({
        code: 'etcd-refused',
        outcome: 'unknown',
      });
    }
  });
});
