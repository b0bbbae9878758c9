// Any key and any value in every format of /v1, and the input that every format rejects.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { BYTES_TYPE, JSON_TYPE } from '../support/http-client.js';
import type { Answer, Sent } from '../support/http-client.js';
import { exported as exportedAt, importLines as importLinesAt } from '../support/export-import.js';
import { newKey } from '../support/new-key.js';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { call as callAt, codeOf, json, transact as transactAt } from '../support/v1-calls.js';

// A separate etcd: a history reads all changes of all keys since the last compaction, and other tests write many.
let etcd: Member;
let gateway: Gateway;
beforeAll(async () => {
  etcd = await startMember();
  gateway = await spawnGateway({ args: ['--endpoints', etcd.endpoint, '--log-level=warn'] });
});
afterAll(async () => {
  await gateway.stop();
  await etcd.stop();
});
const call = (id: string, method: string, path: string, sent: Sent = {}): Promise<Answer> =>
  callAt(id, method, path, sent, gateway.baseUrl);
const transact = (body: unknown): Promise<Answer> => transactAt(body, '', gateway.baseUrl);
const exported = (range: string): Promise<any[]> => exportedAt(range, gateway.baseUrl);
const importLines = (lines: Parameters<typeof importLinesAt>[0]): Promise<Answer> =>
  importLinesAt(lines, '', gateway.baseUrl);

const KIB_1536 = 1_536 * 1_024;

const root = Buffer.from(newKey('any/'));
const escaped = (key: Buffer): string =>
  [...key].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const bytesOf = ({ value, encoding }: any): Buffer => Buffer.from(value, encoding ?? 'utf8');
const keyOf = ({ key, keyEncoding }: any): Buffer => Buffer.from(key, keyEncoding ?? 'utf8');
const valueFields = (value: Buffer): object => ({
  value: value.toString('base64'),
  encoding: 'base64',
});

function keyed(method: string, key: Buffer, sent: Sent = {}, query = ''): Promise<Answer> {
  const id = `${method.toLowerCase()}Key`;
  return call(
    id,
    method,
    `/v1/kv/${key.toString('base64url')}?keyEncoding=base64url${query}`,
    sent,
  );
}

/** Each writes a value and returns the value that it then reads. */
const WRITE: Record<string, (key: Buffer, value: Buffer) => Promise<Answer>> = {
  'raw bytes': (key, value) => keyed('PUT', key, { headers: BYTES_TYPE, body: value }),
  'bytes with ?raw, whatever the type': (key, value) =>
    keyed('PUT', key, { headers: JSON_TYPE, body: value }, '&raw'),
  JSON: (key, value) => keyed('PUT', key, json(valueFields(value))),
  'a form type': (key, value) =>
    keyed('PUT', key, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: JSON.stringify(valueFields(value)),
    }),
  'a query': (key, value) =>
    call('putKeyByQuery', 'PUT', `/v1/kv?key=${key.toString('base64url')}&keyEncoding=base64url`, {
      headers: BYTES_TYPE,
      body: value,
    }),
  'a transaction': (key, value) =>
    transact({
      then: [
        {
          put: { key: key.toString('base64url'), keyEncoding: 'base64url', ...valueFields(value) },
        },
      ],
    }),
  'an import': (key, value) =>
    importLines([
      { key: key.toString('base64url'), keyEncoding: 'base64url', ...valueFields(value) },
    ]),
};

const READ: Record<string, (key: Buffer) => Promise<Buffer>> = {
  JSON: async (key) => bytesOf((await keyed('GET', key)).json()),
  'raw bytes': async (key) => (await keyed('GET', key, {}, '&raw')).bytes,
  'a query': async (key) => {
    const path = `/v1/kv?key=${key.toString('base64url')}&keyEncoding=base64url`;
    return bytesOf((await call('listKeys', 'GET', path)).json());
  },
  'a list': async (key) => bytesOf(await listed(key, '')),
  'a list of one level': async (key) => {
    const path = `/v1/kv?prefix=${key.toString('base64url')}&keyEncoding=base64url&delimiter=/&limit=1`;
    return bytesOf((await call('listKeys', 'GET', path)).json().items[0]);
  },
  'a list in another order': async (key) => bytesOf(await listed(key, '&sort=create&limit=1000')),
  'a transaction': async (key) => {
    const get = { key: key.toString('base64url'), keyEncoding: 'base64url' };
    return bytesOf((await transact({ then: [{ get }] })).json().results[0].get.items[0]);
  },
  'an export': async (key) => {
    const lines = await exported(`prefix=${key.toString('base64url')}&keyEncoding=base64url`);
    return bytesOf(lines.find((line) => keyOf(line).equals(key)));
  },
  'a history': async (key) => bytesOf((await keyed('GET', key, {}, '&history')).json().versions[0]),
};

async function listed(key: Buffer, query: string): Promise<any> {
  const path = `/v1/kv?prefix=${key.toString('base64url')}&keyEncoding=base64url${query}`;
  const { items } = (await call('listKeys', 'GET', path)).json();
  return items.find((item: any) => keyOf(item).equals(key));
}

const anyKey = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((tail) => Buffer.concat([root, Buffer.from(tail)]));
const anyValue = fc.uint8Array({ maxLength: 100 }).map((value) => Buffer.from(value));

describe('any key and value', () => {
  it.each(Object.keys(WRITE))('go in as %s and come out the same in every form', async (form) => {
    await fc.assert(
      fc.asyncProperty(anyKey, anyValue, async (key, value) => {
        expect((await WRITE[form]!(key, value)).status).toBe(200);
        for (const [name, read] of Object.entries(READ))
          expect(await read(key), name).toEqual(value);
        await keyed('DELETE', key);
      }),
      { numRuns: 12 },
    );
  });

  it('that are text are written and read as they are, also by path', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(text, text, async (tail, value) => {
        const key = root.toString() + tail;
        const path = `/v1/kv/${escaped(Buffer.from(key))}`;
        await call('putKey', 'PUT', path, json({ value }));
        expect((await call('getKey', 'GET', path)).json()).toMatchObject({ key, value });
        const { results } = (
          await transact({ if: [{ key, value }], then: [{ get: { key } }] })
        ).json();
        expect(results[0].get.items[0]).toMatchObject({ key, value });
        await call('deleteKey', 'DELETE', path);
      }),
      { numRuns: 40 },
    );
  });
});

describe('S14: ambiguous or invalid JSON', () => {
  const bad: [string, string][] = [
    ['a field twice', '{"value":"a","value":"b"}'],
    ['a field in another spelling', '{"Value":"a"}'],
    ['bytes behind it', '{"value":"a"}x'],
    ['50,000 levels', '['.repeat(50_000) + ']'.repeat(50_000)],
    ['__proto__', '{"value":"a","__proto__":{"ttl":5}}'],
    ['half of a surrogate pair', '{"value":"\\ud800"}'],
    ['NaN', '{"value":"a","ttl":NaN}'],
    ['1e400', '{"value":"a","ttl":1e400}'],
    ['a number above 2^53', '{"value":"a","ttl":9007199254740993}'],
    ['a byte order mark', '\ufeff{"value":"a"}'],
    ['nothing', ''],
    ['null', 'null'],
    [
      '100,000 unknown fields',
      `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join()}}`,
    ],
  ];

  it.each(bad)('is 400 at PUT, POST /v1/txn and import: %s', async (_, text) => {
    const key = newKey();
    const nested = text.startsWith('{"')
      ? `{"then":[{"put":{"key":"${key}",${text.slice(1)}}]}`
      : text;
    const line = text.startsWith('{"') ? `{"key":"${key}",${text.slice(1)}` : text || 'null';
    const answers = [
      await call('putKey', 'PUT', `/v1/kv/${key}`, { headers: JSON_TYPE, body: text }),
      await transact(nested),
      await importLines(line),
    ];
    for (const answer of answers) expect(codeOf(answer)).toEqual([400, 'invalid-request']);
    expect((await call('getKey', 'GET', `/v1/kv/${key}`)).status).toBe(404);
  });
});

describe('L4: values at the limits', () => {
  const write = (body: Buffer, headers: object = BYTES_TYPE): Promise<Answer> =>
    call('putKey', 'PUT', `/v1/kv/${newKey()}`, { headers: { ...headers }, body });

  it('accepts the largest value of etcd in each format, and returns 413 for a larger one', async () => {
    const fits = Buffer.alloc(KIB_1536 - 200, 'x');
    const key = newKey();
    const path = `/v1/kv/${key}`;
    expect((await call('putKey', 'PUT', path, { headers: BYTES_TYPE, body: fits })).status).toBe(
      200,
    );
    expect((await call('getKey', 'GET', `${path}?raw`)).bytes.equals(fits)).toBe(true);
    const envelope = json({ value: fits.toString('base64'), encoding: 'base64' });
    expect((await call('putKey', 'PUT', path, envelope)).status).toBe(200);
    const line = { key, ...JSON.parse(String(envelope.body)) };
    expect((await importLines([line])).json()).toMatchObject({ written: 1 });
    expect((await call('getKey', 'GET', `${path}?raw`)).bytes.equals(fits)).toBe(true);
    expect(codeOf(await write(Buffer.alloc(KIB_1536 + 1)))).toEqual([413, 'too-large']);
  });

  it('accepts 1.5 MiB - 1 or returns 413, as etcd does, whose limit includes the key', async () => {
    expect([200, 413]).toContain((await write(Buffer.alloc(KIB_1536 - 1))).status);
  });

  it('rejects a body of 5 MB before it is read', async () => {
    expect(codeOf(await write(Buffer.alloc(5_000_000)))).toEqual([413, 'too-large']);
  });

  it('decompresses nothing: a compressed body is 415', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    const headers = { ...BYTES_TYPE, 'content-encoding': 'gzip' };
    expect(codeOf(await write(bomb, headers))).toEqual([415, 'unsupported-media-type']);
    const path = `/v1/kv/${newKey()}`;
    await call('putKey', 'PUT', path, { headers: BYTES_TYPE, body: bomb });
    const answer = await call('getKey', 'GET', `${path}?raw`, {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.bytes.equals(bomb)).toBe(true);
  });
});
