import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { BYTES_TYPE, send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';

const base = inject('gatewayUrl');
const etcd = inject('etcdEndpoint');

const KEYS = [
  'a/b',
  'a//b',
  'a/',
  '/a',
  '//a',
  './a',
  '../a',
  'a/../b',
  'a b',
  'a+b',
  '100%',
  '%2F',
  '%25',
  'ä/ö',
  '日本',
  '😀',
  '__proto__',
  'constructor',
  'a\0b',
  'a?b=c#d',
  'a&b',
  'a;b',
  'a\\b',
  'a\r\nb',
  '.',
  '..',
  '"quoted"',
  "it's",
  'e\u0301',
  '\u00e9',
  'kv',
  '~',
];

/** Reads the value of these key bytes from etcd itself. */
async function valueInEtcd(key: Buffer): Promise<Buffer | undefined> {
  const answer = await send(etcd, 'POST', '/v3/kv/range', {
    body: JSON.stringify({ key: key.toString('base64') }),
  });
  const kv = answer.json().kvs?.[0];
  return kv && Buffer.from(kv.value ?? '', 'base64');
}

// Escapes every byte except letters and digits. encodeURIComponent does not escape dots, which clients and proxies normalize.
const escaped = (key: Buffer): string =>
  [...key].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

describe('keys of every kind', () => {
  it.each(KEYS)('keeps %j distinct and unchanged, by path and by query', async (tail) => {
    const key = newKey(tail);
    const value = randomBytes(8);
    await send(base, 'PUT', `/v1/kv/${escaped(Buffer.from(key))}`, {
      headers: BYTES_TYPE,
      body: value,
    });
    expect(await valueInEtcd(Buffer.from(key))).toEqual(value);
    const byQuery = await send(base, 'GET', `/v1/kv?key=${encodeURIComponent(key)}`);
    expect(byQuery.json().key).toBe(key);
    expect(
      (await send(base, 'DELETE', `/v1/kv?key=${encodeURIComponent(key)}`)).json().deleted,
    ).toBe(1);
  });

  it.each(['a//b', 'a/', './a', '../a', 'a/../b', '/a', '//a'])(
    'does not normalize the unescaped path %j',
    async (tail) => {
      const key = newKey('x');
      await send(base, 'PUT', `/v1/kv/${key}/${tail}`, { headers: BYTES_TYPE, body: 'v' });
      expect(await valueInEtcd(Buffer.from(`${key}/${tail}`))).toEqual(Buffer.from('v'));
    },
  );

  it('reads %2F at the start of a path like a slash in the query', async () => {
    const key = `/${newKey()}`;
    await send(base, 'PUT', `/v1/kv/${encodeURIComponent(key)}`, {
      headers: BYTES_TYPE,
      body: 'v',
    });
    expect((await send(base, 'GET', `/v1/kv?key=${key}`)).json()).toMatchObject({
      key,
      value: 'v',
    });
  });

  it('writes and reads any key and value bytes with keyEncoding=base64url', async () => {
    const anyKey = fc
      .uint8Array({ minLength: 1, maxLength: 40 })
      .filter((key) => key[0] !== 0 && key[0] !== 0x6c && key[0] !== 0x65);
    await fc.assert(
      fc.asyncProperty(anyKey, fc.uint8Array({ maxLength: 200 }), async (keyBytes, valueBytes) => {
        const [key, value] = [Buffer.from(keyBytes), Buffer.from(valueBytes)];
        const path = `/v1/kv/${key.toString('base64url')}?keyEncoding=base64url`;
        const written = await send(base, 'PUT', path, { headers: BYTES_TYPE, body: value });
        expect(written.json()).toMatchObject({
          key: key.toString('base64url'),
          keyEncoding: 'base64url',
        });
        expect(await valueInEtcd(key)).toEqual(value);
        expect((await send(base, 'GET', `${path}&raw`)).bytes).toEqual(value);
        await send(base, 'DELETE', path);
      }),
      { numRuns: 60 },
    );
  });

  it('returns a key that is not text as base64url without keyEncoding', async () => {
    const key = Buffer.concat([Buffer.from(newKey()), Buffer.from([0xff, 0xfe])]);
    await send(base, 'PUT', `/v1/kv/${key.toString('base64url')}?keyEncoding=base64url`, {
      headers: BYTES_TYPE,
      body: 'v',
    });
    const prefix = key.subarray(0, -2).toString();
    expect((await send(base, 'GET', `/v1/kv?prefix=${prefix}`)).json().items).toMatchObject([
      { key: key.toString('base64url'), keyEncoding: 'base64url' },
    ]);
  });

  it('S24: returns a value that is not UTF-8 as base64, and every text as it is', async () => {
    const key = newKey();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        const value = Buffer.from(bytes);
        await send(base, 'PUT', `/v1/kv/${key}`, { headers: BYTES_TYPE, body: value });
        const entry = (await send(base, 'GET', `/v1/kv/${key}`)).json();
        expect(Buffer.from(entry.value, entry.encoding ?? 'utf8')).toEqual(value);
      }),
      { numRuns: 60 },
    );
  });
});
