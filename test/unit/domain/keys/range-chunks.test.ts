import { describe, expect, it } from 'vitest';
import { ChunkSize, readSized, readValues } from '../../../../src/domain/keys/range-chunks.js';
import { GatewayError } from '../../../../src/core/errors.js';
import { TransportError } from '../../../../src/etcd/transport/http-adapter.js';
import type { KeyValue, RangeRequest, TxnRequest } from '../../../../src/etcd/wire.js';
import { callerFor } from '../../../support/caller.js';
import { HEADER, stubEtcd } from '../../../support/stub-etcd.js';

const ANSWER_BYTES_MAX = 96 * 1024 * 1024;
const VALUE_BYTES = 1_500_000;

function entry(index: number, bytes: number): KeyValue {
  const key = Buffer.from(String(index).padStart(6, '0'));
  const value = Buffer.alloc(1).fill('x');
  Object.defineProperty(value, 'length', { value: bytes });
  return { key, value, createRevision: 1, modRevision: 1, version: 1, lease: undefined };
}

const tooLarge = (): GatewayError =>
  new GatewayError('etcd-refused', {
    cause: new TransportError('large', { wasSent: true, isTimeout: false, isTooLarge: true }),
  });

/** A store with values of a given size, behind a transport with a response limit. */
function storeOf(bytes: readonly number[], answerBytesMax = ANSWER_BYTES_MAX) {
  const kvs = bytes.map((each, index) => entry(index, each));
  const limits: number[] = [];
  const refuse = (some: readonly KeyValue[]): void => {
    const total = some.reduce((sum, { value }) => sum + value.length, 0);
    if ((total * 4) / 3 > answerBytesMax) throw tooLarge();
  };
  const { etcd } = stubEtcd({
    range: ({ key, limit = Infinity }: RangeRequest) => {
      const found = kvs.filter((kv) => kv.key.compare(key) >= 0);
      const some = found.slice(0, limit);
      limits.push(limit);
      refuse(some);
      return { header: HEADER, kvs: some, count: found.length, more: found.length > limit };
    },
    txn: ({ success }: TxnRequest) => {
      const keys = success.flatMap((op) => (op.kind === 'range' ? [op.range.key] : []));
      limits.push(keys.length);
      const some = keys.flatMap((key) => kvs.filter((kv) => kv.key.equals(key)));
      refuse(some);
      const responses = some.map((kv) => ({
        kind: 'range',
        range: { header: HEADER, kvs: [kv], count: 1, more: false },
      }));
      return { header: HEADER, succeeded: true, responses };
    },
  });
  return { etcd, kvs, limits };
}

async function readAll(store: ReturnType<typeof storeOf>, targetBytes: number): Promise<number[]> {
  const size = new ChunkSize();
  const chunks: number[] = [];
  for (let from: Buffer = Buffer.from([0]); ;) {
    const piece = { key: from, rangeEnd: Buffer.from([0]) };
    const chunk = await readSized(callerFor(), store, [piece], { limit: Infinity }, size);
    chunks.push(chunk.kvs.length);
    if (!chunk.more) return chunks;
    from = Buffer.concat([chunk.kvs.at(-1)!.key, Buffer.from([0])]);
    size.adapt(chunk.kvs, targetBytes);
  }
}

describe('chunks', () => {
  it('never request 1,000 keys of 1.5 MB at once, not even in the first read', async () => {
    const store = storeOf(Array.from({ length: 1_000 }, () => VALUE_BYTES));
    const chunks = await readAll(store, 1024 * 1024);
    expect(chunks.reduce((sum, count) => sum + count, 0)).toBe(1_000);
    expect(Math.max(...store.limits) * VALUE_BYTES * (4 / 3)).toBeLessThan(ANSWER_BYTES_MAX);
  });

  it('grow while entries are small, to 1,000 keys', async () => {
    const store = storeOf(Array.from({ length: 5_000 }, () => 10));
    await readAll(store, 1024 * 1024);
    expect(store.limits.slice(0, 5)).toEqual([32, 128, 512, 1_000, 1_000]);
  });

  it('halve the keys until the response fits if large entries follow small ones', async () => {
    const small = Array.from({ length: 700 }, () => 10);
    const store = storeOf([...small, ...Array.from({ length: 300 }, () => VALUE_BYTES)]);
    const chunks = await readAll(store, 1024 * 1024);
    expect(chunks.reduce((sum, count) => sum + count, 0)).toBe(1_000);
  });

  it('fail at a single entry that is too large', async () => {
    const store = storeOf([10, 10, ANSWER_BYTES_MAX]);
    await expect(readAll(store, 1024 * 1024)).rejects.toMatchObject({ code: 'etcd-refused' });
    expect(store.limits.at(-1)).toBe(1);
  });

  it('of single values end at the byte limit, in the requested order', async () => {
    const store = storeOf([10, 2_000_000, 3_000_000, 10]);
    const heads = [...store.kvs].reverse();
    const items = await readValues(callerFor(), store, heads, {}, 4_000_000);
    expect(items.map(({ key }) => Number(key))).toEqual([3, 2, 1]);
  });
});
