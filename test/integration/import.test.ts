// Imports: the lines of an export, written in batches, with a report of the progress.
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { describe, expect, inject, it } from 'vitest';
import { pair, putAll } from '../support/bulk.js';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import { send } from '../support/http-client.js';
import { LINES, exportLines, exported, importLines } from '../support/export-import.js';
import { newKey } from '../support/new-key.js';
import { call, codeOf, createLease, put, statusOf, valueOf } from '../support/v1-calls.js';

const etcd = inject('etcdEndpoint');
const gateway = inject('gatewayUrl');

const lines = (root: string, count: number, value = 'v'): { key: string; value: string }[] =>
  Array.from({ length: count }, (_, i) => ({ key: `${root}/${i + 1000}`, value }));

const withoutNumbers = ({ key, keyEncoding, value, encoding }: any): unknown => ({
  key,
  keyEncoding,
  value,
  encoding,
});

describe('an import', () => {
  it('writes the lines of an export byte for byte: 2,000 keys, texts and bytes', async () => {
    const root = newKey('');
    const odd = Buffer.from([0xff, 0x00, 0x0a, 0xfe]);
    const pairs = Array.from({ length: 2_000 }, (_, i) => ({
      key: Buffer.concat([Buffer.from(`${root}/${i}`), i % 3 === 0 ? odd : Buffer.alloc(0)]),
      value: i % 2 === 0 ? randomBytes(i % 200) : Buffer.from(`text ${i} "ä"\n\u2028\0`),
    }));
    await putAll(etcd, pairs);
    const before = await exportLines(`prefix=${root}/`);
    await call('deleteKeys', 'DELETE', `/v1/kv?prefix=${root}/`);
    const answer = await importLines(before.bytes);
    expect(answer.json()).toMatchObject({
      lines: 2_000,
      written: 2_000,
      skipped: 0,
      leasesDropped: 0,
    });
    expect(answer.json().revision).toBe(Number(answer.headers['etcd-revision']));
    const entries = await exported(`prefix=${root}/`);
    expect(entries.map(withoutNumbers)).toEqual(
      before.text
        .trimEnd()
        .split('\n')
        .map((line) => withoutNumbers(JSON.parse(line))),
    );
    const first = pairs[0]!;
    const path = `/v1/kv/${first.key.toString('base64url')}?keyEncoding=base64url&raw`;
    expect((await call('getKey', 'GET', path)).bytes).toEqual(first.value);
  });

  it('writes many keys in few transactions, and two lines for one key in order', async () => {
    const root = newKey('');
    const between = await spawnInterceptedGateway(etcd);
    const twice = [{ key: `${root}/1000`, value: 'last' }];
    const answer = await importLines([...lines(root, 950), ...twice], '', between.baseUrl);
    expect(answer.json()).toMatchObject({ lines: 951, written: 951 });
    expect(between.calls.length).toBeLessThanOrEqual(11);
    expect(await valueOf(`${root}/1000`)).toBe('last');
    const both = [
      { key: `${root}/x`, value: '1' },
      { key: `${root}/x`, value: '2' },
    ];
    expect((await importLines(both)).json().written).toBe(2);
    expect(await valueOf(`${root}/x`)).toBe('2');
  });

  it('does not change existing keys with ifAbsent', async () => {
    const root = newKey('');
    await putAll(etcd, [pair(`${root}/1000`, 'mine'), pair(`${root}/1002`, 'mine')]);
    const answer = await importLines(lines(root, 4, 'theirs'), '?ifAbsent=true');
    expect(answer.json()).toMatchObject({ lines: 4, written: 2, skipped: 2 });
    const entries = await exported(`prefix=${root}/`);
    expect(entries.map(({ value }) => value)).toEqual(['mine', 'theirs', 'mine', 'theirs']);
    const again = await importLines(lines(root, 4, 'theirs'), '?ifAbsent=true');
    expect(again.json()).toMatchObject({ written: 0, skipped: 4 });
  });

  it('drops leases and counts them', async () => {
    const root = newKey('');
    const { id } = (await createLease({ ttl: 60 })).json();
    await put(`${root}/a`, { value: 'x', lease: id });
    await put(`${root}/b`, { value: 'y' });
    const before = await exportLines(`prefix=${root}/`);
    expect(before.text).toContain(id);
    expect((await importLines(before.bytes)).json()).toMatchObject({
      written: 2,
      leasesDropped: 1,
    });
    expect((await exported(`prefix=${root}/`)).map(({ lease }) => lease)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('starts after the lines of skip, and accepts empty lines and CRLF', async () => {
    const root = newKey('');
    const text = `garbage\n\r\n{"key":"${root}/a","value":"1"}\r\n\n{"key":"${root}/b","value":"2"}`;
    expect((await importLines(text, '?skip=1')).json()).toMatchObject({ lines: 5, written: 2 });
    expect(await valueOf(`${root}/b`)).toBe('2');
    expect((await importLines('')).json()).toMatchObject({ lines: 0, written: 0 });
  });

  it.each([
    ['{"key":"a"}', '/value'],
    ['{"value":"a"}', '/key'],
    ['{"key":"","value":"a"}', '/key'],
    ['{"key":"a","value":"*","encoding":"base64"}', '/value'],
    ['{"key":"*","value":"","keyEncoding":"base64url"}', 'key'],
    ['{"key":"a","value":1}', '/value'],
    ['{"key":"a","value":"","valeu":""}', '/valeu'],
    ['{"key":"a","key":"b","value":""}', '/key'],
    ['{"key":"a","value":"\\ud800"}', '/value'],
    ['{"key":"a","value":""} x', ''],
    ['\ufeff{"key":"a","value":""}', ''],
    ['[]', ''],
    ['{"error":{"code":"timeout"}}', '/key'],
    ['x', ''],
  ])(
    'S14: ends at the invalid line %j, names it, and states what was written',
    async (bad, pointer) => {
      const root = newKey('');
      const text = lines(root, 150).map((line) => JSON.stringify(line));
      const answer = await importLines([...text, bad, '{"key":"never","value":""}'].join('\n'));
      expect(codeOf(answer)).toEqual([400, 'invalid-request']);
      expect(answer.json()).toMatchObject({ line: 151, lines: 100, written: 100, skipped: 0 });
      expect(answer.json().errors.map((error: { pointer: string }) => error.pointer)).toContain(
        pointer,
      );
      expect(answer.json().hint).toContain('?skip=100');
      expect((await exported(`prefix=${root}/`)).length).toBe(100);
      const rest = await importLines(
        [...text, '{"key":"a","value":""}'].join('\n').replace('"a"', `"${root}/z"`),
        '?skip=100',
      );
      expect(rest.json()).toMatchObject({ lines: 151, written: 51 });
    },
  );

  it.each(['locks/x/1', 'elections/x', '\0latchkey/y'])(
    'S18: ends at a line with the reserved key %j, without writing its batch',
    async (key) => {
      const root = newKey('');
      const answer = await importLines([...lines(root, 5), { key, value: 'x' }]);
      expect(codeOf(answer)).toEqual([403, 'reserved-prefix']);
      expect(answer.json()).toMatchObject({ line: 6, lines: 0, written: 0 });
      expect(await exported(`prefix=${root}/`)).toEqual([]);
    },
  );

  it('finds the one line that etcd rejects, and writes the lines before it', async () => {
    const root = newKey('');
    const large = { key: `${root}/large`, value: 'x'.repeat(1_600_000) };
    const answer = await importLines([...lines(root, 3), large, ...lines(root, 3)]);
    expect(codeOf(answer)).toEqual([413, 'too-large']);
    expect(answer.json()).toMatchObject({ line: 4, lines: 3, written: 3 });
    expect(await statusOf(`${root}/large`)).toBe(404);
  });

  it('uses fewer operations per transaction if etcd allows fewer', async () => {
    const root = newKey('');
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async ({ path, body }, forward) => {
      if (path !== '/v3/kv/txn' || JSON.parse(body).success.length <= 30) return forward();
      const error = 'etcdserver: too many operations in txn request';
      return {
        ...(await send(etcd, 'POST', '/v3/kv/range', { body: '{}' })),
        status: 400,
        bytes: Buffer.from(JSON.stringify({ error, message: error, code: 3 })),
      };
    });
    const answer = await importLines(lines(root, 200), '', between.baseUrl);
    expect(answer.json()).toMatchObject({ lines: 200, written: 200 });
    expect(await exported(`prefix=${root}/`)).toHaveLength(200);
  });

  it('reports the line to continue from if the response to a batch is lost', async () => {
    const root = newKey('');
    const between = await spawnInterceptedGateway(etcd);
    let writes = 0;
    between.intercept(async ({ path }, forward) => {
      const answer = await forward();
      return path === '/v3/kv/txn' && ++writes === 3 ? undefined : answer;
    });
    const answer = await importLines(lines(root, 500), '', between.baseUrl);
    expect(codeOf(answer)).toEqual([503, 'etcd-unavailable']);
    expect(answer.json()).toMatchObject({ outcome: 'unknown', lines: 200, written: 200 });
    expect(answer.headers['retry-after']).toBeUndefined();
    expect(writes).toBe(3);
    const rest = await importLines(lines(root, 500), '?skip=200', between.baseUrl);
    expect(rest.json()).toMatchObject({ lines: 500, written: 300 });
    expect(await exported(`prefix=${root}/`)).toHaveLength(500);
  });

  it('reports that nothing was written if etcd is unavailable from the start', async () => {
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async ({ path }, forward) => {
      if (path !== '/v3/kv/txn') return forward();
      const error = 'etcdserver: no leader';
      return {
        ...(await forward()),
        status: 503,
        bytes: Buffer.from(JSON.stringify({ error, message: error, code: 14 })),
      };
    });
    const answer = await importLines(lines(newKey(''), 3), '', between.baseUrl);
    expect(answer.json()).toMatchObject({ code: 'no-leader', outcome: 'not-applied', lines: 0 });
    expect(answer.headers['retry-after']).toBe('1');
  });

  it.each(['application/json', 'application/x-www-form-urlencoded', 'text/plain', undefined])(
    'is 415 for the type %s',
    async (type) => {
      const headers = type === undefined ? {} : { 'content-type': type };
      const answer = await call('importKeys', 'POST', '/v1/kv/import', { headers, body: '{}' });
      expect(codeOf(answer)).toEqual([415, 'unsupported-media-type']);
    },
  );

  it('L4: is 415 for a compressed body', async () => {
    const headers = { ...LINES, 'content-encoding': 'gzip' };
    const answer = await call('importKeys', 'POST', '/v1/kv/import', { headers, body: 'x' });
    expect(codeOf(answer)).toEqual([415, 'unsupported-media-type']);
  });

  it('L4: has no limit in total, and one of 18 MB for a line', async () => {
    const root = newKey('');
    const long = await importLines(
      `${JSON.stringify(lines(root, 1)[0])}\n${'x'.repeat(19_500_000)}`,
    );
    expect(codeOf(long)).toEqual([413, 'too-large']);
    expect(long.json()).toMatchObject({ line: 2, lines: 0 });
    const many = lines(root, 30, 'x'.repeat(1_000_000));
    expect((await importLines(many)).json()).toMatchObject({ written: 30 });
  });

  it('accepts a value of 1.4 MB whose line is six times as long', async () => {
    const key = newKey();
    const value = '\0'.repeat(1_400_000);
    expect((await importLines([{ key, value }])).json()).toMatchObject({ written: 1 });
    const { bytes } = await call('getKey', 'GET', `/v1/kv/${key}?raw`);
    // toEqual() compares byte by byte, which takes many seconds on a busy machine.
    expect(bytes.equals(Buffer.from(value))).toBe(true);
  });

  it('writes whole batches of an incomplete upload, and nothing of its last line', async () => {
    const root = newKey('');
    const { hostname, port } = new URL(gateway);
    const request = http.request({
      hostname,
      port,
      method: 'POST',
      path: '/v1/kv/import',
      headers: LINES,
    });
    request.on('error', () => undefined);
    const text = lines(root, 120)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('');
    request.write(text.slice(0, -10));
    await expect
      .poll(async () => (await exported(`prefix=${root}/`)).length, { timeout: 10_000 })
      .toBe(100);
    request.destroy();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await exported(`prefix=${root}/`)).toHaveLength(100);
  });

  it.each(['?skip=-1', '?skip=x', '?ifabsent=true'])('rejects %s', async (query) => {
    expect((await importLines('', query)).status).toBe(400);
  });

  it('does not affect GET, PUT and DELETE of the key "import"', async () => {
    expect((await put('import', { value: 'x' })).status).toBe(200);
    expect(await valueOf('import')).toBe('x');
    await call('deleteKey', 'DELETE', '/v1/kv/import');
  });
});
