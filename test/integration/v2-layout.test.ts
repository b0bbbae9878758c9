import { describe, expect, inject, it } from 'vitest';
import { putAll } from '../support/bulk.js';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import { JSON_TYPE, send } from '../support/http-client.js';
import { newPath, v2Client } from '../support/v2-client.js';
import { openWatch } from '../support/watch-reader.js';

const base = inject('gatewayUrl');
const etcd = inject('etcdEndpoint');
const v2 = v2Client(base);

const list = async (query: string): Promise<any> =>
  (await send(base, 'GET', `/v1/kv?${query}`)).json();

describe('the v2 tree in other APIs', () => {
  it('shows only files: lists, counts, exports, levels and watches of /v1 hide internal keys', async () => {
    const path = newPath();
    const watch = await openWatch(base, `prefix=${path}`);
    for (let i = 0; i < 40; i++) await v2.put(`${path}/d${i}/e`, { dir: true });
    await v2.put(`${path}/z/f`, { value: 'x' });
    const all = await list(`prefix=${path}`);
    expect([all.count, all.items.map(({ key }: any) => key)]).toEqual([1, [`${path}/z/f`]]);
    const first = await list(`prefix=${path}&limit=1&order=desc`);
    expect(first.items).toHaveLength(1);
    expect((await list(`prefix=${path}&countOnly`)).count).toBe(1);
    expect((await list(`prefix=${path}/&delimiter=/`)).prefixes).toEqual([`${path}/z/`]);
    const headers = { accept: 'application/x-ndjson' };
    const lines = await send(base, 'GET', `/v1/kv?prefix=${path}`, { headers });
    expect(lines.text.trim().split('\n')).toHaveLength(1);
    expect((await watch.until(1)).map(({ data }) => data.key)).toEqual([`${path}/z/f`]);
    watch.close();
  });

  it('includes internal keys in the raw API, and /v1 deletes them with the prefix of the directory', async () => {
    const path = newPath();
    await v2.put(`${path}/d`, { dir: true });
    const key = Buffer.from(`${path}/`).toString('base64');
    const rangeEnd = Buffer.from(`${path}0`).toString('base64');
    const body = JSON.stringify({ key, range_end: rangeEnd, keys_only: true });
    const raw = async (): Promise<string[]> =>
      ((await send(base, 'POST', '/v3/kv/range', { body })).json().kvs ?? []).map((kv: any) =>
        Buffer.from(kv.key as string, 'base64').toString(),
      );
    expect(await raw()).toEqual([`${path}/\0latchkey/dir`, `${path}/d/\0latchkey/dir`]);
    await send(base, 'DELETE', `/v1/kv?prefix=${path}/`);
    expect(await raw()).toEqual([]);
    expect((await v2.get(path)).status).toBe(404);
  });

  it('does not let /v1 read or write a marker', async () => {
    const marker = encodeURIComponent(`${newPath()}/\0latchkey/dir`);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await send(base, method, `/v1/kv?key=${marker}`, {
        headers: JSON_TYPE,
        ...(method === 'PUT' && { body: '{"value":"x"}' }),
      });
      expect([method, answer.status, answer.json().code]).toEqual([method, 403, 'reserved-prefix']);
    }
  });
});

describe('the listing of a directory', () => {
  it('does not read all of the 50,000 keys below its subdirectories', async () => {
    const path = newPath();
    const keys = Array.from({ length: 50_000 }, (_, i) => ({
      key: Buffer.from(`${path}/deep/${i % 50}/${i}`),
      value: Buffer.from('x'),
    }));
    await putAll(etcd, keys);
    await v2.put(`${path}/file`, { value: 'y' });
    const between = await spawnInterceptedGateway(etcd);
    let bytes = 0;
    between.intercept(async (_call, forward) => {
      const answer = await forward();
      bytes += answer.bytes.length;
      return answer;
    });
    const level = await v2Client(between.baseUrl).get(path);
    const names = level.json().node.nodes.map(({ key }: any) => key);
    expect(names).toEqual([`${path}/deep`, `${path}/file`]);
    expect(between.calls.length).toBeLessThanOrEqual(10);
    expect(bytes).toBeLessThan(50_000);
  });
});

describe('two concurrent writers', () => {
  /** Delays the transaction that writes `path` until the other write is complete. */
  const putAfter = async (path: string, write: string, other: () => Promise<unknown>) => {
    const between = await spawnInterceptedGateway(etcd);
    let isDelayed = false;
    between.intercept(async (call, forward) => {
      const isWrite = call.path === '/v3/kv/txn' && call.body.includes('request_put');
      if (isWrite && !isDelayed) {
        isDelayed = true;
        await other();
      }
      return forward();
    });
    const answer = await v2Client(between.baseUrl).put(`${path}${write}`, { value: 'late' });
    expect(isDelayed).toBe(true);
    return answer;
  };

  it('never create a file below a file: the later one gets an error', async () => {
    const path = newPath();
    const below = await putAfter(path, '/a/b', () => v2.put(`${path}/a`, { value: 'first' }));
    expect([below.status, below.json().errorCode]).toEqual([400, 104]);
    const above = await putAfter(path, '/c', () => v2.put(`${path}/c/d`, { value: 'first' }));
    expect([above.status, above.json().errorCode]).toEqual([403, 102]);
    const { nodes } = (await v2.get(path, { recursive: true })).json().node;
    expect(nodes).toMatchObject([
      { key: `${path}/a`, value: 'first' },
      { key: `${path}/c`, nodes: [{ key: `${path}/c/d`, value: 'first' }] },
    ]);
  });

  it('create a directory again if the other writer deleted it', async () => {
    const path = newPath();
    await v2.put(`${path}/d`, { dir: true });
    const late = await putAfter(path, '/d/f', () => v2.delete(path, { recursive: true }));
    expect(late.status).toBe(201);
    expect((await v2.get(`${path}/d`)).json().node.nodes).toMatchObject([{ value: 'late' }]);
  });
});
