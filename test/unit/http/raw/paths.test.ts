import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findRawRpc, isRawPath, RAW_RPCS, rawPathOf } from '../../../../src/http/raw/paths.js';

describe('the table of raw paths', () => {
  it("holds the 51 calls of etcd's gateway, each once", () => {
    expect(RAW_RPCS).toHaveLength(51);
    expect(new Set(RAW_RPCS.map(({ path }) => path)).size).toBe(51);
  });

  it('is what openapi/etcd-v3.yaml describes, each call as a POST', () => {
    const file = new URL('../../../../openapi/etcd-v3.yaml', import.meta.url);
    const { paths } = parse(readFileSync(file, 'utf8')) as { paths: Record<string, object> };
    expect(Object.keys(paths).sort()).toEqual(RAW_RPCS.map(({ path }) => path).sort());
    for (const item of Object.values(paths)) expect(item).toHaveProperty('post');
  });

  it('finds each under all three prefixes and sends the newest upstream', () => {
    for (const rpc of RAW_RPCS) {
      const tail = rpc.path.slice('/v3'.length);
      for (const prefix of ['/v3', '/v3beta', '/v3alpha']) {
        expect(findRawRpc(`${prefix}${tail}`)).toBe(rpc);
      }
    }
  });

  it.each(['watch', 'lease/keepalive'])('knows that %s streams both ways', (tail) => {
    expect(findRawRpc(`/v3/${tail}`)?.kind).toBe('bidi-stream');
  });

  it.each(['maintenance/snapshot', 'election/observe'])('knows that %s streams', (tail) => {
    expect(findRawRpc(`/v3/${tail}`)?.kind).toBe('server-stream');
  });

  it.each(['lock/lock', 'election/campaign', 'maintenance/defragment'])(
    'knows that %s may wait',
    (tail) => {
      expect(findRawRpc(`/v3/${tail}`)?.kind).toBe('waiting');
    },
  );

  it.each([
    '/v3/kv/put/',
    '/v3//kv/put',
    '/V3/kv/put',
    '/v3/KV/put',
    '/v3/kv%2fput',
    '/v3/kv/%70ut',
    '/v3/kv/./put',
    '/v3/kv/../kv/put',
    '/v3gamma/kv/put',
    '/v3/constructor',
    '/v3',
    '/v3/',
  ])('finds nothing under %s', (path) => {
    expect(findRawRpc(path)).toBeUndefined();
  });
});

describe('isRawPath', () => {
  it.each(['/v3', '/v3/', '/v3/x', '/v3beta/kv/put', '/v3alpha'])('takes %s', (path) => {
    expect(isRawPath(path)).toBe(true);
  });

  it.each(['/', '/v2/keys', '/v30/x', '/V3/kv/put', '//v3/kv/put', '/x/v3/kv/put', 'http://a/v3/'])(
    'leaves %s to others',
    (path) => {
      expect(isRawPath(path)).toBe(false);
    },
  );
});

describe('rawPathOf', () => {
  it('ends at the first question mark and changes nothing', () => {
    expect(rawPathOf('/v3/kv/put?a=/v3/x?b')).toBe('/v3/kv/put');
    expect(rawPathOf('/v3/%2E%2e/#x')).toBe('/v3/%2E%2e/#x');
  });
});
