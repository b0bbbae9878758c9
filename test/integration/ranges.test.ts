import { describe, expect, inject, it } from 'vitest';
import { BYTES_TYPE, JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { expectDocumentedResponse } from '../support/openapi-response.js';

const base = inject('gatewayUrl');

async function list(query: string): Promise<Answer> {
  const answer = await send(base, 'GET', `/v1/kv?${query}`);
  expectDocumentedResponse('listKeys', answer);
  return answer;
}

async function remove(query: string): Promise<Answer> {
  const answer = await send(base, 'DELETE', `/v1/kv?${query}`);
  expectDocumentedResponse('deleteKeys', answer);
  return answer;
}

async function fill(prefix: string, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(4, '0')}`);
  await Promise.all(
    keys.map((key) =>
      send(base, 'PUT', `/v1/kv/${key}`, { headers: BYTES_TYPE, body: `value of ${key}` }),
    ),
  );
  return keys;
}

const keysOf = (answer: Answer): string[] =>
  answer.json().items.map((item: { key: string }) => item.key);

describe('GET /v1/kv', () => {
  it('lists a prefix in key order', async () => {
    const prefix = newKey('p/');
    const keys = await fill(prefix, 5);
    const answer = await list(`prefix=${prefix}`);
    expect(answer.json()).toMatchObject({
      count: 5,
      items: keys.map((key) => ({ key, value: `value of ${key}` })),
    });
    expect(answer.json().next).toBeUndefined();
  });

  it('pages through the revision of the first page, despite later writes', async () => {
    const prefix = newKey('p/');
    const keys = await fill(prefix, 25);
    const seen: string[] = [];
    let answer = await list(`prefix=${prefix}&limit=10`);
    const { revision } = answer.json();
    for (let page = 0; ; page++) {
      seen.push(...keysOf(answer));
      expect(answer.json()).toMatchObject({ count: 25, revision });
      if (answer.json().next === undefined) break;
      await send(base, 'PUT', `/v1/kv/${prefix}00050-${page}`, {
        headers: BYTES_TYPE,
        body: 'late',
      });
      await send(base, 'DELETE', `/v1/kv/${keys[24]!}`);
      answer = await list(`prefix=${prefix}&limit=10&next=${answer.json().next}`);
    }
    expect(seen).toEqual(keys);
  });

  it('returns 410 for a page after its revision was compacted', async () => {
    const prefix = newKey('p/');
    await fill(prefix, 3);
    const { next, revision } = (await list(`prefix=${prefix}&limit=1`)).json();
    await fill(prefix, 3);
    await send(inject('etcdEndpoint'), 'POST', '/v3/kv/compaction', {
      body: JSON.stringify({ revision: String(Number(revision) + 2) }),
    });
    expect((await list(`prefix=${prefix}&limit=1&next=${next}`)).json().code).toBe(
      'revision-compacted',
    );
  });

  it('ends a page early above 4 MiB and continues after it', async () => {
    const prefix = newKey('p/');
    const value = Buffer.alloc(1_000_000, 'x');
    for (let i = 0; i < 7; i++)
      await send(base, 'PUT', `/v1/kv/${prefix}${i}`, { headers: BYTES_TYPE, body: value });
    const first = await list(`prefix=${prefix}&limit=1000`);
    expect(keysOf(first).length).toBeLessThan(7);
    const second = await list(`prefix=${prefix}&limit=1000&next=${first.json().next}`);
    expect([...keysOf(first), ...keysOf(second)]).toHaveLength(7);
  });

  it('omits values with keysOnly, and entries with countOnly', async () => {
    const prefix = newKey('p/');
    await fill(prefix, 3);
    expect((await list(`prefix=${prefix}&keysOnly`)).json().items[0].value).toBeUndefined();
    const counted = (await list(`prefix=${prefix}&countOnly=true`)).json();
    expect(counted).toEqual({ count: 3, revision: counted.revision });
  });

  it('lists from start up to end, without end itself', async () => {
    const prefix = newKey('p/');
    const keys = await fill(prefix, 5);
    expect(keysOf(await list(`start=${keys[1]!}&end=${keys[3]!}`))).toEqual(keys.slice(1, 3));
  });

  it("lists the whole keyspace without a range, but not the gateway's own keys", async () => {
    await send(inject('etcdEndpoint'), 'POST', '/v3/kv/put', {
      body: JSON.stringify({
        key: Buffer.from('\0latchkey/secret').toString('base64'),
        value: 'eA==',
      }),
    });
    await send(inject('etcdEndpoint'), 'POST', '/v3/kv/put', {
      body: JSON.stringify({ key: Buffer.from('\0a').toString('base64'), value: 'eA==' }),
    });
    const all = await list('limit=5');
    expect(keysOf(all)).toContain('\0a');
    expect(keysOf(all)).not.toContain('\0latchkey/secret');
    const total = (await list(`countOnly&revision=${all.json().revision}`)).json().count;
    expect(all.json().count).toBe(total);
    const direct = await list('key=%00latchkey%2Fsecret');
    expect([direct.status, direct.json().code]).toEqual([403, 'reserved-prefix']);
    expect((await list('prefix=%00latchkey%2F')).json().code).toBe('reserved-prefix');
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=1e2', 'limit'],
    ['prefix=a&start=b', 'prefix'],
    ['start=b&end=a', 'end'],
    ['next=garbage', 'next'],
    ['key=a&prefix=b', 'prefix'],
    ['keysOnly=perhaps', 'keysOnly'],
    ['revision=-1', 'revision'],
    ['prefix=*&keyEncoding=base64url', 'prefix'],
  ])('rejects ?%s at %s', async (query, pointer) => {
    const answer = await list(query);
    expect(answer.status).toBe(400);
    expect(answer.json().errors[0].pointer).toBe(pointer);
  });
});

describe('DELETE /v1/kv', () => {
  it('deletes a prefix in one transaction', async () => {
    const prefix = newKey('p/');
    await fill(prefix, 4);
    expect((await remove(`prefix=${prefix}`)).json().deleted).toBe(4);
    expect((await list(`prefix=${prefix}`)).json().count).toBe(0);
  });

  it.each(['', 'prefix='])('rejects ?%s, which would delete everything', async (query) => {
    expect((await remove(query)).status).toBe(400);
  });

  it('S18: leaves reserved keys inside the range', async () => {
    const resource = newKey('resource');
    await send(base, 'PUT', '/', { body: JSON.stringify({ resource, user_id: 'u' }) });
    const [before, behind] = [`lock-${newKey()}`, `locks0${newKey()}`];
    for (const key of [before, behind])
      await send(base, 'PUT', `/v1/kv/${encodeURIComponent(key)}`, {
        headers: BYTES_TYPE,
        body: 'x',
      });
    expect((await remove('start=lock&end=locks1')).json().deleted).toBeGreaterThanOrEqual(2);
    expect((await send(base, 'GET', `/?resource=${resource}`)).json()).toEqual({
      locked: true,
      user_id: 'u',
    });
  });

  it.each([
    'prefix=locks/',
    'prefix=locks/a',
    'prefix=elections/',
    'key=locks/a/b',
    'prefix=%00latchkey%2Fx',
  ])('S18: rejects ?%s, which begins inside reserved keys', async (query) => {
    expect((await remove(query)).json().code).toBe('reserved-prefix');
  });

  it('S18: rejects writes of a reserved key and allows reads', async () => {
    const path = '/v1/kv?key=locks/by-hand/1';
    expect(
      (await send(base, 'PUT', path, { headers: JSON_TYPE, body: '{"value":"x"}' })).json().code,
    ).toBe('reserved-prefix');
    expect((await send(base, 'GET', path)).json().code).toBe('key-not-found');
  });
});
