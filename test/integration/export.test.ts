// Exports: a whole range as lines, at one revision, in bounded memory.
import http from 'node:http';
import { describe, expect, inject, it } from 'vitest';
import { pair, putAll } from '../support/bulk.js';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import { exportLines, exported } from '../support/export-import.js';
import { newKey } from '../support/new-key.js';
import { RawEtcd } from '../support/raw-etcd.js';
import { call, codeOf, pointersOf } from '../support/v1-calls.js';

const etcd = inject('etcdEndpoint');

interface Broken {
  readonly text: string;
  readonly isWhole: boolean;
}

/** Reads an export that may be incomplete. */
async function readUntilBroken(base: string, range: string): Promise<Broken> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'application/x-ndjson' };
    const request = http.get(`${base}/v1/kv?${range}`, { headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', () => undefined);
      response.on('close', () => resolve({ text, isWhole: response.complete }));
    });
    request.on('error', reject);
  });
}

describe('an export', () => {
  it('has one entry per line, in the format of a single read', async () => {
    const root = newKey('');
    await putAll(etcd, [pair(`${root}/b`, Buffer.from([0xff, 0])), pair(`${root}/a`, 'text\n')]);
    const entries = await exported(`prefix=${root}/`);
    expect(entries).toMatchObject([
      { key: `${root}/a`, value: 'text\n' },
      { key: `${root}/b`, value: '/wA=', encoding: 'base64' },
    ]);
    const single = await call('getKey', 'GET', `/v1/kv/${encodeURIComponent(`${root}/a`)}`);
    expect(entries[0]).toEqual(single.json());
    const keys = await exported(`prefix=${root}/&keysOnly`);
    expect(keys.map((entry) => entry.value)).toEqual([undefined, undefined]);
  });

  it('is empty for an empty range, with the revision', async () => {
    const answer = await exportLines(`prefix=${newKey()}`);
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(Number(answer.headers['etcd-revision'])).toBeGreaterThan(0);
  });

  it('has the state of one revision, despite later writes', async () => {
    const root = newKey('');
    const keys = Array.from({ length: 500 }, (_, i) => pair(`${root}/${i + 1000}`, 'old'));
    await putAll(etcd, keys);
    const between = await spawnInterceptedGateway(etcd);
    let reads = 0;
    between.intercept(async ({ path }, forward) => {
      if (path === '/v3/kv/range' && ++reads === 2)
        await putAll(etcd, [
          ...keys.map(({ key }) => ({ key, value: Buffer.from('new') })),
          pair(`${root}/2`),
        ]);
      return forward();
    });
    const entries = await exported(`prefix=${root}/`, between.baseUrl);
    expect(reads).toBeGreaterThan(1);
    expect(entries.map(({ value }) => value)).toEqual(keys.map(() => 'old'));
  });

  it('reads few large keys or many small keys at a time', async () => {
    const root = newKey('');
    await putAll(
      etcd,
      Array.from({ length: 1_500 }, (_, i) => pair(`${root}/a${i}`, 'v')),
    );
    const large = Buffer.alloc(1_000_000, 'x');
    for (let i = 0; i < 6; i++) await putAll(etcd, [pair(`${root}/b${i}`, large)]);
    for (let i = 0; i < 6; i++) await putAll(etcd, [pair(`${root}/c${i}`, 'v')]);
    const between = await spawnInterceptedGateway(etcd);
    expect(await exported(`prefix=${root}/`, between.baseUrl)).toHaveLength(1_512);
    // Without the periodic count-only reads of the gateway, which have no limit.
    const limits = between.calls
      .filter(({ path, body }) => path === '/v3/kv/range' && !body.includes('"count_only":true'))
      .map(({ body }) => Number(JSON.parse(body).limit));
    expect(Math.max(...limits)).toBe(1_000);
    expect(limits[0]).toBeLessThan(50);
  });

  it('omits reserved keys, unless the range begins inside them', async () => {
    const tail = newKey('');
    await putAll(etcd, [pair(`locks/${tail}/1`, 'x'), pair(`lock-${tail}`), pair(`locks0${tail}`)]);
    await putAll(etcd, [pair(`elections/${tail}/1`), pair(`\0latchkey/${tail}`)]);
    const keysOf = async (range: string): Promise<string[]> =>
      (await exported(range)).map(({ key }) => key).filter((key: string) => key.includes(tail));
    expect(await keysOf('prefix=')).toEqual([`lock-${tail}`, `locks0${tail}`]);
    expect(await keysOf(`prefix=locks/${tail}`)).toEqual([`locks/${tail}/1`]);
    const hidden = await exportLines('prefix=%00latchkey%2F');
    expect(codeOf(hidden)).toEqual([403, 'reserved-prefix']);
  });

  it('is 410 at a compacted revision, before anything is sent', async () => {
    const raw = new RawEtcd(etcd);
    await putAll(etcd, [pair(newKey())]);
    const revision = await raw.revision();
    await putAll(etcd, [pair(newKey())]);
    await raw.compact(await raw.revision());
    expect(codeOf(await exportLines(`prefix=a&revision=${revision}`))).toEqual([
      410,
      'revision-compacted',
    ]);
  });

  it('ends with an error line and an incomplete body if it fails in the middle', async () => {
    const root = newKey('');
    await putAll(
      etcd,
      Array.from({ length: 400 }, (_, i) => pair(`${root}/${i}`, 'v')),
    );
    const between = await spawnInterceptedGateway(etcd);
    let reads = 0;
    between.intercept(async ({ path }, forward) => {
      if (path === '/v3/kv/range' && ++reads === 2) {
        await putAll(etcd, [pair(`${root}/x`)]);
        const raw = new RawEtcd(etcd);
        await raw.compact(await raw.revision());
      }
      return forward();
    });
    const { text, isWhole } = await readUntilBroken(between.baseUrl, `prefix=${root}/`);
    expect(isWhole).toBe(false);
    const last = JSON.parse(text.trimEnd().split('\n').at(-1)!);
    expect(last.error).toMatchObject({ code: 'revision-compacted', status: 410 });
  });

  it('reads etcd no faster than its client, and stops when the client disconnects', async () => {
    const root = newKey('');
    const value = Buffer.alloc(10_000, 'x');
    await putAll(
      etcd,
      Array.from({ length: 3_000 }, (_, i) => pair(`${root}/${i}`, value)),
    );
    const between = await spawnInterceptedGateway(etcd);
    const headers = { accept: 'application/x-ndjson' };
    const path = `${between.baseUrl}/v1/kv?prefix=${root}/`;
    const reads = (): number => between.calls.filter((each) => each.path.endsWith('range')).length;
    const request = http.get(path, { headers });
    request.on('error', () => undefined);
    await new Promise((resolve) => request.on('response', resolve));
    let seen = -1;
    // The buffers of both sockets fill up, and then the transfer stops.
    await expect
      .poll(() => (reads() > 1 && reads() === seen ? true : ((seen = reads()), false)), {
        interval: 500,
        timeout: 15_000,
      })
      .toBe(true);
    expect(seen).toBeLessThan(25);
    request.destroy();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(reads()).toBe(seen);
  });

  it('may exceed the request timeout: each upstream read has its own deadline', async () => {
    const root = newKey('');
    await putAll(
      etcd,
      Array.from({ length: 600 }, (_, i) => pair(`${root}/${i}`, 'v')),
    );
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async (_call, forward) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return forward();
    });
    const request = { accept: 'application/x-ndjson', 'request-timeout': '1' };
    const answer = await call(
      'listKeys',
      'GET',
      `/v1/kv?prefix=${root}/`,
      { headers: request },
      between.baseUrl,
    );
    expect(answer.text.split('\n')).toHaveLength(601);
    expect(between.calls.length).toBeGreaterThan(2);
  });

  it.each(['limit=5', 'next=x', 'countOnly', 'sort=mod', 'order=desc', 'delimiter=/'])(
    'rejects %s, which is for pages',
    async (query) => {
      const answer = await exportLines(`prefix=a&${query}`);
      expect(answer.status).toBe(400);
      expect(pointersOf(answer)).toEqual([query.split('=')[0]]);
    },
  );

  it('is 406 for a client that accepts neither lines nor pages', async () => {
    const headers = { accept: 'application/octet-stream' };
    expect((await call('listKeys', 'GET', '/v1/kv?prefix=a', { headers })).status).toBe(406);
  });
});
