import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeKeyValue,
  decodeLeaseKeepAlive,
  decodeLeaseLeases,
  decodeRange,
  decodeTxn,
  encodePut,
  encodeRange,
  encodeTxn,
} from '../../../src/etcd/codec.js';
import { decimalId, safeInteger } from '../../../src/etcd/json-values.js';

const header = {
  cluster_id: '14841639068965178418',
  member_id: '10276657743932975437',
  revision: '7',
};

describe('codec', () => {
  it('leaves out what was not asked for', () => {
    expect(JSON.stringify(encodeRange({ key: Buffer.from('foo') }))).toBe('{"key":"Zm9v"}');
  });

  it('spells a range as etcd does', () => {
    const range = {
      key: Buffer.from('a'),
      rangeEnd: Buffer.from('b'),
      limit: 1,
      sort: { target: 'create', order: 'ascend' },
    } as const;
    expect(JSON.parse(JSON.stringify(encodeRange(range)))).toEqual({
      key: 'YQ==',
      range_end: 'Yg==',
      limit: 1,
      sort_target: 'CREATE',
      sort_order: 'ASCEND',
    });
  });

  it('round-trips any bytes of keys and values', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (k, v) => {
        const { key, value } = encodePut({ key: Buffer.from(k), value: Buffer.from(v) });
        const kv = decodeKeyValue({
          key,
          value,
          create_revision: '1',
          mod_revision: '1',
          version: '1',
        });
        expect([kv.key, kv.value]).toEqual([Buffer.from(k), Buffer.from(v)]);
      }),
    );
  });

  it('keeps lease IDs exact: decimal on the wire, 16 hex digits inside', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 63n - 1n), (id) => {
        const hex = id.toString(16).padStart(16, '0');
        expect(decimalId(hex)).toBe(id.toString());
        expect(decodeKeyValue({ lease: id.toString() }).lease).toBe(hex);
      }),
    );
  });

  it('reads omitted fields as zero, empty and absent', () => {
    expect(decodeRange({ header })).toEqual({
      header: {
        clusterId: 'cdf818194e3a8c32',
        memberId: '8e9e05c52164694d',
        revision: 7,
        raftTerm: 0,
      },
      kvs: [],
      more: false,
      count: 0,
    });
    expect(decodeTxn({ header }).succeeded).toBe(false);
    expect(decodeKeyValue({ key: 'Zm9v' })).toMatchObject({
      value: Buffer.alloc(0),
      lease: undefined,
      version: 0,
    });
  });

  it('reads a keepalive without a TTL as a lease that is gone', () => {
    expect(decodeLeaseKeepAlive({ result: { header, ID: '5' } }).ttlSeconds).toBeUndefined();
    expect(decodeLeaseKeepAlive({ result: { header, ID: '5', TTL: '30' } }).ttlSeconds).toBe(30);
  });

  it('asks for the entries of one create revision as etcd does', () => {
    const range = { key: Buffer.from('a'), minCreateRevision: 7, maxCreateRevision: 8 };
    expect(JSON.parse(JSON.stringify(encodeRange(range)))).toEqual({
      key: 'YQ==',
      min_create_revision: 7,
      max_create_revision: 8,
    });
  });

  it('reads a list of leases, and none when etcd leaves it out', () => {
    const leases = [{ ID: '7587848390309014563' }, { ID: '1' }];
    expect(decodeLeaseLeases({ header, leases }).leases).toEqual([
      '694d73e8a9e36c23',
      '0000000000000001',
    ]);
    expect(decodeLeaseLeases({ header }).leases).toEqual([]);
  });

  it('refuses an int64 above 2^53 instead of rounding it', () => {
    expect(safeInteger('9007199254740991')).toBe(9007199254740991);
    expect(() => safeInteger('9007199254740993')).toThrow(/2\^53/);
    expect(() => safeInteger('12x')).toThrow(/not an integer/);
  });

  it('spells a transaction with nested operations', () => {
    const key = Buffer.from('k');
    const txn = {
      compare: [{ key, result: '=', target: { kind: 'version', number: 0 } }],
      success: [{ kind: 'put', put: { key, value: key } }],
      failure: [],
    } as const;
    expect(JSON.parse(JSON.stringify(encodeTxn(txn)))).toEqual({
      compare: [{ key: 'aw==', result: 'EQUAL', target: 'VERSION', version: 0 }],
      success: [{ request_put: { key: 'aw==', value: 'aw==' } }],
      failure: [],
    });
  });
});
