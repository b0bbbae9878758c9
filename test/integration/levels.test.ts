// One level of a tree of keys, and lists in other orders.
import { describe, expect, inject, it } from 'vitest';
import { pair, putAll } from '../support/bulk.js';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { RawEtcd } from '../support/raw-etcd.js';
import { call, codeOf, pointersOf, put } from '../support/v1-calls.js';

const etcd = inject('etcdEndpoint');

function list(query: string, base?: string): Promise<Answer> {
  return call('listKeys', 'GET', `/v1/kv?${query}`, {}, base);
}

const keysOf = (answer: Answer): string[] =>
  answer.json().items.map((item: { key: string }) => item.key);

/** Reads all pages, and calls `afterFirst` after the first. */
async function pages(query: string, afterFirst?: () => Promise<void>): Promise<Answer[]> {
  const all = [await list(query)];
  await afterFirst?.();
  for (let next = all[0]!.json().next; next !== undefined; next = all.at(-1)!.json().next)
    all.push(await list(`${query}&next=${next}`));
  return all;
}

describe('delimiter=/', () => {
  it('lists the keys directly below a prefix, and common prefixes of deeper keys', async () => {
    const root = newKey('');
    const tails = ['a', 'b/', 'b/1', 'b/2/x', 'c', 'c/1', 'c0', 'd//e'];
    await putAll(
      etcd,
      tails.map((tail) => pair(`${root}/${tail}`, tail)),
    );
    const answer = await list(`prefix=${root}/&delimiter=/`);
    expect(keysOf(answer)).toEqual(['a', 'c', 'c0'].map((tail) => `${root}/${tail}`));
    expect(answer.json()).toMatchObject({
      items: [{ value: 'a' }, { value: 'c' }, { value: 'c0' }],
      prefixes: ['b/', 'c/', 'd/'].map((tail) => `${root}/${tail}`),
      count: tails.length,
    });
    expect(answer.json().next).toBeUndefined();
  });

  it('accepts a prefix that ends in the middle of a name', async () => {
    const root = newKey('');
    await putAll(
      etcd,
      ['/app', '/app1/x', '/app2/y', '/b'].map((tail) => pair(root + tail)),
    );
    const answer = await list(`prefix=${root}/app&delimiter=/`);
    expect(keysOf(answer)).toEqual([`${root}/app`]);
    expect(answer.json().prefixes).toEqual([`${root}/app1/`, `${root}/app2/`]);
  });

  it.each([1, 2, 3, 7])(
    'lists pages of %i keys and common prefixes at one revision',
    async (limit) => {
      const root = newKey('');
      const folders = Array.from({ length: 6 }, (_, i) => `f${i}`);
      const inside = folders.flatMap((folder) => [`${folder}/1`, `${folder}/2`, `${folder}/3/4`]);
      await putAll(
        etcd,
        [...inside, 'f0', 'f9', 'a', 'z'].map((tail) => pair(`${root}/${tail}`)),
      );
      const query = `prefix=${root}/&delimiter=/&limit=${limit}`;
      const all = await pages(query, () =>
        putAll(etcd, [pair(`${root}/late/1`), pair(`${root}/zz`)]),
      );
      const first = all[0]!;
      for (const page of all) {
        const { items, prefixes, revision, count } = page.json();
        const size = Number(items.length) + Number(prefixes.length);
        expect(size).toBeLessThanOrEqual(limit);
        expect(size).toBeGreaterThan(0);
        expect({ revision, count }).toEqual({ revision: first.json().revision, count: 22 });
      }
      expect(all.flatMap(keysOf)).toEqual(['a', 'f0', 'f9', 'z'].map((tail) => `${root}/${tail}`));
      expect(all.flatMap((page) => page.json().prefixes)).toEqual(
        folders.map((folder) => `${root}/${folder}/`),
      );
    },
  );

  it('skips deeper keys: 5,000 keys in 10 folders need some tens of upstream requests', async () => {
    const root = newKey('');
    const keys = Array.from({ length: 5_000 }, (_, i) => pair(`${root}/${i % 10}/${i}`, 'v'));
    await putAll(etcd, keys);
    const between = await spawnInterceptedGateway(etcd);
    const answer = await list(`prefix=${root}/&delimiter=/`, between.baseUrl);
    expect(answer.json()).toMatchObject({ items: [], count: 5_000 });
    expect(answer.json().prefixes).toHaveLength(10);
    expect(between.calls.length).toBeLessThanOrEqual(20);
    expect(between.calls.map(({ path }) => path)).not.toContain('/v3/kv/txn');
  });

  it('reads a wide level in few requests, regardless of its folders', async () => {
    const root = newKey('');
    const keys = Array.from({ length: 3_000 }, (_, i) =>
      pair(`${root}/${String(i >> 2).padStart(4, '0')}/${i}`),
    );
    await putAll(etcd, keys);
    const between = await spawnInterceptedGateway(etcd);
    const answer = await list(`prefix=${root}/&delimiter=/&limit=1000`, between.baseUrl);
    expect(answer.json().prefixes).toHaveLength(750);
    expect(between.calls.length).toBeLessThanOrEqual(20);
  });

  it('lists the topmost level without a prefix, up to the end of the range', async () => {
    const root = newKey('');
    await putAll(
      etcd,
      [root, `${root}/x/1`, `${root}/y`, `${root}1/x`].map((key) => pair(key)),
    );
    const answer = await list(`start=${root}&end=${root}1&delimiter=/`);
    expect(keysOf(answer)).toEqual([root]);
    expect(answer.json().prefixes).toEqual([`${root}/`]);
  });

  it('returns all common prefixes as base64url if one is not text', async () => {
    const root = newKey('');
    const odd = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x2f])]);
    await putAll(etcd, [pair(`${root}/a/1`), { key: Buffer.concat([odd, odd]), value: odd }]);
    const answer = (await list(`prefix=${root}/&delimiter=/`)).json();
    expect(answer.prefixEncoding).toBe('base64url');
    expect(answer.prefixes.map((text: string) => Buffer.from(text, 'base64url'))).toEqual([
      Buffer.from(`${root}/a/`),
      odd,
    ]);
  });

  it('ends a page early above 4 MiB and continues after it', async () => {
    const root = newKey('');
    const value = Buffer.alloc(1_000_000, 'x');
    for (let i = 0; i < 6; i++)
      await putAll(etcd, [pair(`${root}/${i}`, value), pair(`${root}/${i}/x`)]);
    const all = await pages(`prefix=${root}/&delimiter=/&limit=1000`);
    expect(all.length).toBeGreaterThan(1);
    expect(all.flatMap(keysOf)).toHaveLength(6);
    expect(all.flatMap((page) => page.json().prefixes)).toHaveLength(6);
  });

  it('omits values with keysOnly', async () => {
    const root = newKey('');
    await putAll(etcd, [pair(`${root}/a`, 'v')]);
    expect(
      (await list(`prefix=${root}/&delimiter=/&keysOnly`)).json().items[0].value,
    ).toBeUndefined();
  });
});

describe('order and sort', () => {
  async function fill(count: number): Promise<{ root: string; keys: string[] }> {
    const root = newKey('');
    const keys = Array.from({ length: count }, (_, i) => `${root}/${String(i).padStart(3, '0')}`);
    await putAll(
      etcd,
      keys.map((key) => pair(key, `v of ${key}`)),
    );
    return { root, keys };
  }

  it('lists from the last key to the first, at the revision of the first page', async () => {
    const { root, keys } = await fill(23);
    const query = `prefix=${root}/&order=desc&limit=10`;
    const all = await pages(query, () => putAll(etcd, [pair(`${root}/0005`)]));
    expect(all.map((page) => page.json().items.length)).toEqual([10, 10, 3]);
    expect(all.flatMap(keysOf)).toEqual([...keys].reverse());
    expect(all[2]!.json().items.at(-1).value).toBe(`v of ${keys[0]}`);
  });

  it('sorts by creation, change or version in one page, ascending or descending', async () => {
    const root = newKey('');
    const [a, b, c] = ['a', 'b', 'c'].map((tail) => `${root}/${tail}`) as [string, string, string];
    for (const key of [b, c, a, c, c, b]) await put(key, { value: 'x' });
    const orders: [string, string[]][] = [
      ['sort=create', [b, c, a]],
      ['sort=create&order=desc', [a, c, b]],
      ['sort=mod', [a, c, b]],
      ['sort=mod&order=desc', [b, c, a]],
      ['sort=version', [a, b, c]],
      ['sort=version&order=desc', [c, b, a]],
      ['sort=key&order=asc', [a, b, c]],
    ];
    for (const [query, keys] of orders)
      expect(keysOf(await list(`prefix=${root}/&${query}`)), query).toEqual(keys);
    const cut = await list(`prefix=${root}/&sort=mod&order=desc&limit=2`);
    expect(keysOf(cut)).toEqual([b, c]);
    expect(cut.json().count).toBe(3);
    expect(cut.json().next).toBeUndefined();
  });

  it('omits hidden keys in descending order, too', async () => {
    const tail = newKey('');
    await putAll(etcd, [pair(`\0a${tail}`), pair(`\0latchkey/${tail}`), pair(`\0m${tail}`)]);
    const found = (await pages('start=%00&end=%00n&order=desc&limit=1')).flatMap(keysOf);
    expect(found.filter((key) => key.includes(tail))).toEqual([`\0m${tail}`, `\0a${tail}`]);
  });

  it('returns 410 for the next page after its revision was compacted', async () => {
    const { root } = await fill(4);
    const queries = ['order=desc', 'delimiter=/'].map(
      (order) => `prefix=${root}/&limit=1&${order}`,
    );
    const nexts = await Promise.all(queries.map(async (query) => (await list(query)).json().next));
    await putAll(etcd, [pair(`${root}/x`), pair(`${root}/x`.slice(0, -1))]);
    const raw = new RawEtcd(etcd);
    await raw.compact(await raw.revision());
    for (const [index, query] of queries.entries())
      expect(codeOf(await list(`${query}&next=${nexts[index]}`))).toEqual([
        410,
        'revision-compacted',
      ]);
  });

  it('rejects a next of another order', async () => {
    const { root } = await fill(3);
    const { next } = (await list(`prefix=${root}/&limit=1`)).json();
    for (const other of ['order=desc', 'delimiter=/', 'sort=mod'])
      expect(pointersOf(await list(`prefix=${root}/&limit=1&${other}&next=${next}`))).toEqual([
        'next',
      ]);
  });

  it.each([
    ['sort=size', 'sort'],
    ['order=up', 'order'],
    ['delimiter=.', 'delimiter'],
    ['delimiter=/&order=desc', 'delimiter'],
    ['delimiter=/&sort=mod', 'delimiter'],
    ['delimiter=/&countOnly', 'delimiter'],
    ['key=a&sort=mod', 'sort'],
    ['history=true', 'history'],
  ])('refuses ?%s and names %s', async (query, pointer) => {
    const answer = await list(query);
    expect(answer.status).toBe(400);
    expect(pointersOf(answer)).toContain(pointer);
  });
});

describe('L5: a range of many keys', () => {
  it('has pages of bounded size: 5,000 keys in the order of their bytes', async () => {
    const root = newKey('');
    const keys = Array.from({ length: 5_000 }, (_, i) => `${root}/${String(i).padStart(6, '0')}`);
    await putAll(
      etcd,
      keys.map((key) => pair(key, 'v')),
    );
    expect((await list(`prefix=${root}/`)).json().items).toHaveLength(100);
    expect((await list(`prefix=${root}/&limit=1001`)).status).toBe(400);
    const all = await pages(`prefix=${root}/&limit=1000`);
    expect(all).toHaveLength(5);
    expect(all.flatMap(keysOf)).toEqual(keys);
  });

  it('never needs one large response of etcd: values of 1 MB after small ones', async () => {
    const root = newKey('');
    const small = Array.from({ length: 300 }, (_, i) => pair(`${root}/a${i}`, 'v'));
    await putAll(etcd, small);
    const large = Buffer.alloc(1_000_000, 'x');
    for (let i = 0; i < 12; i++) await putAll(etcd, [pair(`${root}/b${i}`, large)]);
    const between = await spawnInterceptedGateway(etcd);
    let largest = 0;
    between.intercept(async (_call, forward) => {
      const answer = await forward();
      largest = Math.max(largest, answer.bytes.length);
      return answer;
    });
    const found: string[] = [];
    for (let next = ''; ;) {
      const page = await list(`prefix=${root}/&limit=1000${next}`, between.baseUrl);
      found.push(...keysOf(page));
      expect(page.text.length).toBeLessThan(7 * 1024 * 1024);
      if (page.json().next === undefined) break;
      next = `&next=${page.json().next}`;
    }
    expect(found).toHaveLength(312);
    expect(largest).toBeLessThan(96 * 1024 * 1024);
  });
});
