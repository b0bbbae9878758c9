import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findRawRpc, isRawPath, RAW_RPCS } from '../../../../src/http/raw/paths.js';

describe('the table of raw RPCs', () => {
  it("has the 51 RPCs of etcd's gateway, each once", () => {
    expect(RAW_RPCS).toHaveLength(51);
    expect(new Set(RAW_RPCS.map(({ path }) => path)).size).toBe(51);
  });

  it('has the same paths as openapi/etcd-v3.yaml, each with a POST', () => {
    const file = new URL('../../../../openapi/etcd-v3.yaml', import.meta.url);
    const { paths } = parse(readFileSync(file, 'utf8')) as { paths: Record<string, object> };
    expect(Object.keys(paths).sort()).toEqual(RAW_RPCS.map(({ path }) => path).sort());
    for (const item of Object.values(paths)) expect(item).toHaveProperty('post');
  });

  it('finds each RPC under all three prefixes, with its /v3 path', () => {
    for (const rpc of RAW_RPCS) {
      const tail = rpc.path.slice('/v3'.length);
      for (const prefix of ['/v3', '/v3beta', '/v3alpha']) {
        expect(findRawRpc(`${prefix}${tail}`)).toBe(rpc);
      }
    }
  });

  it.each(['watch', 'lease/keepalive'])('has %s as a bidirectional stream', (tail) => {
    expect(findRawRpc(`/v3/${tail}`)?.kind).toBe('bidi-stream');
  });

  it.each(['maintenance/snapshot', 'election/observe'])('has %s as a server stream', (tail) => {
    expect(findRawRpc(`/v3/${tail}`)?.kind).toBe('server-stream');
  });

  it.each(['lock/lock', 'election/campaign', 'maintenance/defragment'])(
    'has %s as a waiting RPC',
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
  ])('finds no RPC at %s', (path) => {
    expect(findRawRpc(path)).toBeUndefined();
  });
});

describe('isRawPath', () => {
  it.each(['/v3', '/v3/', '/v3/x', '/v3beta/kv/put', '/v3alpha'])('accepts %s', (path) => {
    expect(isRawPath(path)).toBe(true);
  });

  it.each(['/', '/v2/keys', '/v30/x', '/V3/kv/put', '//v3/kv/put', '/x/v3/kv/put', 'http://a/v3/'])(
    'rejects %s',
    (path) => {
      expect(isRawPath(path)).toBe(false);
    },
  );
});
