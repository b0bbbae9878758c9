// Plain reads and writes that share requests: who travels with whom, and what each of them is told when a shared request goes wrong.
import { describe, expect, it } from 'vitest';
import { withBatching } from '../../../../src/etcd/batching/batching.js';
import type { EtcdClient } from '../../../../src/etcd/client.js';
import type { RequestOp, TxnRequest, TxnResponse } from '../../../../src/etcd/wire.js';
import { GatewayError, outcomeOf } from '../../../../src/core/errors.js';
import { callerFor } from '../../../support/caller.js';
import { HEADER } from '../../../support/stub-etcd.js';

/** So many calls of one kind and identity go out by themselves before others have to share. */
const AT_ONCE = 2;

interface Sent {
  readonly rpc: 'range' | 'put' | 'txn';
  readonly identity: string;
  /** The keys that it names, in order. */
  readonly keys: readonly string[];
  answer(): void;
  fail(error: Error): void;
}

/** An etcd that answers each request when the test says so, with the key as the value. */
function heldEtcd(): { etcd: EtcdClient; sent: Sent[] } {
  const sent: Sent[] = [];
  const hold = <T>(rpc: Sent['rpc'], identity: string, keys: string[], value: T): Promise<T> =>
    new Promise((resolve, reject) => {
      sent.push({ rpc, identity, keys, answer: () => resolve(value), fail: reject });
    });
  const kvOf = (key: Buffer) => ({
    key,
    value: Buffer.from(`value of ${key.toString()}`),
    createRevision: 1,
    modRevision: 1,
    version: 1,
    lease: undefined,
  });
  const rangeOf = (key: Buffer) => ({ header: HEADER, kvs: [kvOf(key)], more: false, count: 1 });
  const PUT = { header: HEADER, prevKv: undefined };
  const responseTo = (op: RequestOp): TxnResponse['responses'][number] =>
    op.kind === 'range'
      ? { kind: 'range', range: rangeOf(op.range.key) }
      : { kind: 'put', put: PUT };
  const keyOf = (op: RequestOp): string =>
    op.kind === 'range' ? op.range.key.toString() : op.kind === 'put' ? op.put.key.toString() : '';
  const etcd: Partial<EtcdClient> = {
    range: (caller, { key }) => hold('range', caller.identity.key, [key.toString()], rangeOf(key)),
    put: (caller, { key }) => hold('put', caller.identity.key, [key.toString()], PUT),
    txn: (caller, { success }: TxnRequest) =>
      hold('txn', caller.identity.key, success.map(keyOf), {
        header: { ...HEADER, revision: 500 },
        succeeded: true,
        responses: success.map(responseTo),
      }),
  };
  return { etcd: etcd as EtcdClient, sent };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const key = (name: string): { key: Buffer } => ({ key: Buffer.from(name) });
const write = (name: string): { key: Buffer; value: Buffer } => ({
  ...key(name),
  value: Buffer.from('v'),
});
const named = (sent: readonly Sent[]): [string, ...string[]][] =>
  sent.map(({ rpc, keys }) => [rpc, ...keys]);
const fill = (etcd: EtcdClient, kind: 'range' | 'put'): Promise<unknown>[] =>
  Array.from({ length: AT_ONCE }, (_, index) =>
    kind === 'range'
      ? etcd.range(callerFor(), key(`first${index}`))
      : etcd.put(callerFor(), write(`first${index}`)),
  );
const errorOf = (call: Promise<unknown>): Promise<GatewayError> =>
  call.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as GatewayError,
  );

describe('requests that share', () => {
  it('do so only behind others that are under way: nobody waits for company', async () => {
    const { etcd, sent } = heldEtcd();
    const shared = withBatching(etcd);
    void fill(shared, 'range');
    const calls = ['a', 'b', 'c'].map((name) => shared.range(callerFor(), key(name)));
    expect(named(sent)).toEqual([0, 1].map((index) => ['range', `first${index}`]));
    sent[1]!.answer();
    await settled();
    expect(named(sent.slice(AT_ONCE))).toEqual([['txn', 'a', 'b', 'c']]);
    sent[AT_ONCE]!.answer();
    const answers = await Promise.all(calls);
    expect(answers.map(({ kvs, header }) => [kvs[0]?.value.toString(), header.revision])).toEqual([
      ['value of a', 500],
      ['value of b', 500],
      ['value of c', 500],
    ]);
  });

  it('read one key once for all who ask for it', async () => {
    const { etcd, sent } = heldEtcd();
    const shared = withBatching(etcd);
    void fill(shared, 'range');
    const calls = ['a', 'b', 'a', 'a'].map((name) => shared.range(callerFor(), key(name)));
    sent[0]!.answer();
    await settled();
    expect(named(sent.slice(AT_ONCE))).toEqual([['txn', 'a', 'b']]);
    sent[AT_ONCE]!.answer();
    expect((await Promise.all(calls)).map(({ kvs }) => kvs[0]?.key.toString())).toEqual([
      'a',
      'b',
      'a',
      'a',
    ]);
  });

  it('write one key in one batch after the other, in the order in which they came', async () => {
    const { etcd, sent } = heldEtcd();
    const shared = withBatching(etcd);
    void fill(shared, 'put');
    const calls = ['a', 'a', 'b', 'a'].map((name) => shared.put(callerFor(), write(name)));
    sent[0]!.answer();
    await settled();
    sent[1]!.answer();
    await settled();
    expect(named(sent.slice(AT_ONCE))).toEqual([
      ['txn', 'a', 'b'],
      ['put', 'a'],
    ]);
    for (const each of sent.slice(AT_ONCE)) each.answer();
    await settled();
    for (const each of sent) each.answer();
    await expect(Promise.all(calls)).resolves.toHaveLength(4);
    expect(named(sent.slice(AT_ONCE))).toEqual([
      ['txn', 'a', 'b'],
      ['put', 'a'],
      ['put', 'a'],
    ]);
  });

  it('never mix identities', async () => {
    const { etcd, sent } = heldEtcd();
    const shared = withBatching(etcd);
    const as = (name: string) => ({ ...callerFor(), identity: { key: name, name } });
    for (const name of ['ann', 'ben'])
      for (let index = 0; index < AT_ONCE + 2; index++)
        void shared.range(as(name), { ...key(`${name}${index}`), serializable: false });
    for (const each of sent.slice(0, 2 * AT_ONCE)) each.answer();
    await settled();
    const batches = sent.filter(({ rpc }) => rpc === 'txn');
    expect(batches.map(({ identity, keys }) => [identity, ...keys])).toEqual([
      ['ann', 'ann2', 'ann3'],
      ['ben', 'ben2', 'ben3'],
    ]);
  });

  it.each([
    ['a past revision', { revision: 7 }],
    ['a range', { rangeEnd: Buffer.from('z') }],
    ['a serializable read', { serializable: true }],
  ])('are not those that ask for %s', (_, options) => {
    const { etcd, sent } = heldEtcd();
    const shared = withBatching(etcd);
    void fill(shared, 'range');
    void shared.range(callerFor(), { ...key('a'), ...options });
    expect(named(sent.slice(AT_ONCE))).toEqual([['range', 'a']]);
  });

  it.each([
    ['a lease', { lease: '0000000000000007' }],
    ['what was there before', { prevKv: true }],
    ['a large value', { value: Buffer.alloc(40_000) }],
  ])('are not writes with %s', (_, options) => {
    const { etcd, sent } = heldEtcd();
    const shared = withBatching(etcd);
    void fill(shared, 'put');
    void shared.put(callerFor(), { ...write('a'), ...options });
    expect(named(sent.slice(AT_ONCE))).toEqual([['put', 'a']]);
  });

  it('are none that have a trace of their own, nor little time', () => {
    const { etcd, sent } = heldEtcd();
    const shared = withBatching(etcd);
    void fill(shared, 'range');
    void shared.range({ ...callerFor(), traceparent: '00-1-2-01' }, key('traced'));
    void shared.range(callerFor({ timeoutMs: 500 }), key('hasty'));
    expect(named(sent.slice(AT_ONCE))).toEqual([
      ['range', 'traced'],
      ['range', 'hasty'],
    ]);
  });
});

describe('a shared request that goes wrong', () => {
  it('is asked one by one when etcd refused it: it did nothing, and each hears of his own', async () => {
    const { etcd, sent } = heldEtcd();
    const shared = withBatching(etcd);
    void fill(shared, 'put');
    const mine = shared.put(callerFor(), write('mine'));
    const foreign = errorOf(shared.put(callerFor(), write('foreign')));
    sent[0]!.answer();
    await settled();
    sent[AT_ONCE]!.fail(new GatewayError('permission-denied', { detail: 'etcd says no' }));
    await settled();
    expect(named(sent.slice(AT_ONCE))).toEqual([
      ['txn', 'mine', 'foreign'],
      ['put', 'mine'],
      ['put', 'foreign'],
    ]);
    sent[AT_ONCE + 1]!.answer();
    sent[AT_ONCE + 2]!.fail(new GatewayError('permission-denied', { detail: 'etcd says no' }));
    expect((await mine).header).toEqual(HEADER);
    expect((await foreign).code).toBe('permission-denied');
  });

  it('is unknown to all when its answer is lost, and is sent to nobody again', async () => {
    const { etcd, sent } = heldEtcd();
    const shared = withBatching(etcd);
    void fill(shared, 'put');
    const calls = ['a', 'b'].map((name) => errorOf(shared.put(callerFor(), write(name))));
    sent[0]!.answer();
    await settled();
    sent[AT_ONCE]!.fail(new GatewayError('etcd-unavailable', { outcome: 'unknown' }));
    expect((await Promise.all(calls)).map(outcomeOf)).toEqual(['unknown', 'unknown']);
    for (const each of sent) each.answer();
    await settled();
    expect(sent).toHaveLength(AT_ONCE + 1);
  });

  it('takes nobody with it who hung up, or ran out of time, while he waited', async () => {
    const { etcd, sent } = heldEtcd();
    const shared = withBatching(etcd);
    void fill(shared, 'put');
    const hangUp = new AbortController();
    const gone = errorOf(shared.put({ ...callerFor(), signal: hangUp.signal }, write('gone')));
    const caller = callerFor();
    const late = { ...caller };
    const tooLate = errorOf(shared.put(late, write('late')));
    const stays = shared.put(callerFor(), write('stays'));
    hangUp.abort();
    late.deadline = performance.now() - 1;
    sent[0]!.answer();
    await settled();
    expect(named(sent.slice(AT_ONCE))).toEqual([['put', 'stays']]);
    sent[AT_ONCE]!.answer();
    await stays;
    expect([(await gone).outcome, (await tooLate).code, (await tooLate).outcome]).toEqual([
      'not-applied',
      'timeout',
      'not-applied',
    ]);
  });

  it('makes the next ones smaller when it was too large', async () => {
    const { etcd, sent } = heldEtcd();
    const shared = withBatching(etcd);
    void fill(shared, 'range');
    for (let index = 0; index < 16; index++) void shared.range(callerFor(), key(`k${index}`));
    sent[0]!.answer();
    await settled();
    expect(sent[AT_ONCE]!.keys).toHaveLength(8);
    sent[AT_ONCE]!.fail(new GatewayError('too-large', { detail: 'etcd says so' }));
    await settled();
    for (const each of sent.slice(AT_ONCE)) each.answer();
    await settled();
    const batches = sent.slice(AT_ONCE + 1).filter(({ rpc }) => rpc === 'txn');
    expect(batches[0]!.keys).toHaveLength(4);
  });
});
