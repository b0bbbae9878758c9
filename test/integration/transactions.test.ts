// POST /v1/txn against a real etcd: its operations and comparisons.
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import { JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { expectDocumentedResponse } from '../support/openapi-response.js';
import { runModel } from '../support/transaction-model.js';
import type { ModelTransaction } from '../support/transaction-model.js';
import {
  codeOf,
  get,
  pointersOf,
  putValue,
  statusOf,
  transact,
  valueOf,
} from '../support/v1-calls.js';

const gateway = inject('gatewayUrl');
const etcd = inject('etcdEndpoint');
const putOf = (key: string, value = 'x'): object => ({ put: { key, value } });

describe('a transaction', () => {
  it('applies all of then at one revision if its comparisons are true', async () => {
    const prefix = newKey('t/');
    const seen = await putValue(`${prefix}a`, 'one');
    const answer = await transact({
      if: [
        { key: `${prefix}a`, modRevision: seen },
        { key: `${prefix}b`, exists: false },
      ],
      then: [
        { put: { key: `${prefix}a`, value: 'two', previous: true } },
        putOf(`${prefix}b`, 'new'),
        { get: { prefix } },
        { delete: { key: `${prefix}c`, previous: true } },
      ],
      else: [{ get: { key: `${prefix}a` } }],
    });
    const { succeeded, revision, results } = answer.json();
    expect(succeeded).toBe(true);
    expect(answer.headers['etcd-revision']).toBe(String(revision));
    const made = { version: 1, createRevision: revision, modRevision: revision };
    const kept = { version: 2, createRevision: seen, modRevision: revision };
    const first = { version: 1, createRevision: seen, modRevision: seen };
    expect(results).toEqual([
      { put: { revision, previous: { key: `${prefix}a`, value: 'one', ...first } } },
      { put: { revision } },
      {
        get: {
          items: [
            { key: `${prefix}a`, value: 'two', ...kept },
            { key: `${prefix}b`, value: 'new', ...made },
          ],
          count: 2,
          more: false,
        },
      },
      { delete: { deleted: 0 } },
    ]);
  });

  it('applies all of else, and nothing of then, if a comparison is false', async () => {
    const [a, b] = [newKey('a'), newKey('b')];
    await putValue(a, 'one');
    const answer = await transact({
      if: [
        { key: a, exists: true },
        { key: a, value: 'two' },
      ],
      then: [putOf(b)],
      else: [{ get: { key: a } }, { delete: { key: a, previous: true } }],
    });
    expect(answer.json()).toMatchObject({
      succeeded: false,
      results: [
        { get: { items: [{ key: a, value: 'one' }], count: 1, more: false } },
        { delete: { deleted: 1, previous: { key: a, value: 'one' } } },
      ],
    });
    expect([await statusOf(a), await statusOf(b)]).toEqual([404, 404]);
  });

  it('needs no if and no else', async () => {
    const key = newKey();
    expect((await transact({ then: [putOf(key)] })).json().succeeded).toBe(true);
    expect((await transact({ if: [{ key, exists: false }], then: [] })).json()).toMatchObject({
      succeeded: false,
      results: [],
    });
  });

  it('reads ranges with a limit, without values, or counts them', async () => {
    const prefix = newKey('r/');
    for (const name of ['a', 'b', 'c']) await putValue(prefix + name, name);
    const { results } = (
      await transact({
        then: [
          { get: { prefix, limit: 2 } },
          { get: { start: `${prefix}b`, end: `${prefix}d`, keysOnly: true } },
          { get: { key: prefix, prefix: true, countOnly: true } },
        ],
      })
    ).json();
    expect(results[0].get).toMatchObject({
      items: [{ value: 'a' }, { value: 'b' }],
      count: 3,
      more: true,
    });
    expect(results[1].get.items.map((item: { key: string }) => item.key)).toEqual([
      `${prefix}b`,
      `${prefix}c`,
    ]);
    expect(results[1].get.items[0]).not.toHaveProperty('value');
    expect(results[2]).toEqual({ get: { count: 3 } });
  });

  it('has bytes as base64 and keys as base64url, in requests and responses', async () => {
    const key = Buffer.concat([Buffer.from(newKey()), Buffer.from([0xfe])]).toString('base64url');
    const text = newKey();
    const bytes = { value: 'AP8=', encoding: 'base64' };
    await transact({ then: [{ put: { key, keyEncoding: 'base64url', ...bytes } }, putOf(text)] });
    const answer = await transact({
      if: [{ key, keyEncoding: 'base64url', ...bytes }],
      then: [{ get: { key, keyEncoding: 'base64url' } }],
    });
    expect(answer.json()).toMatchObject({
      succeeded: true,
      results: [{ get: { items: [{ key, keyEncoding: 'base64url', ...bytes }] } }],
    });
    const encoded = Buffer.from(text).toString('base64url');
    const all = await transact({ then: [{ get: { key: encoded } }] }, '?keyEncoding=base64url');
    expect(all.json().results[0].get.items[0]).toMatchObject({ key: encoded, value: 'x' });
  });

  it('attaches keys to leases, and applies nothing if a lease does not exist', async () => {
    const [a, b] = [newKey('a'), newKey('b')];
    const made = await send(gateway, 'POST', '/v1/leases', {
      headers: JSON_TYPE,
      body: '{"ttl":60}',
    });
    const lease = made.json().id as string;
    await transact({ then: [{ put: { key: a, value: 'x', lease } }] });
    expect((await get(a)).json().lease).toBe(lease);
    for (const [compared, expected] of [
      [lease, true],
      [null, false],
    ] as const) {
      const answer = await transact({ if: [{ key: a, lease: compared }], then: [] });
      expect(answer.json().succeeded).toBe(expected);
    }
    const lost = await transact({
      then: [putOf(b), { put: { key: a, value: 'y', lease: '7ffffffffffffff2' } }],
    });
    expect(codeOf(lost)).toEqual([404, 'lease-not-found']);
    expect([await valueOf(a), await statusOf(b)]).toEqual(['x', 404]);
    await send(gateway, 'DELETE', `/v1/leases/${lease}`);
    expect(await statusOf(a)).toBe(404);
  });

  it("S16: rejects the gateway's own leases, and invalid lease IDs", async () => {
    const on = (lease: unknown): Promise<Answer> =>
      transact({ then: [{ put: { key: newKey(), value: 'x', lease } }] });
    expect(codeOf(await on('4c4b000000000001'))).toEqual([403, 'permission-denied']);
    for (const lease of ['0', '-1', '8000000000000000', 'xyz', 777, null]) {
      const answer = await on(lease);
      expect([answer.status, pointersOf(answer)[0]]).toEqual([400, '/then/0/put/lease']);
    }
  });

  it('has an unknown outcome if the response is lost, and is never sent again', async () => {
    const key = newKey();
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async (_call, forward) => {
      await forward();
      return undefined;
    });
    const body = { if: [{ key, exists: false }], then: [putOf(key)] };
    const answer = await transact(body, '', between.baseUrl);
    expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
    expect(between.calls).toHaveLength(1);
    expect(await valueOf(key)).toBe('x');
  });

  it('accepts only POST and only JSON', async () => {
    const other = await send(gateway, 'GET', '/v1/txn');
    expect([other.status, other.headers.allow]).toEqual([405, 'POST']);
    const headers = { 'content-type': 'text/plain' };
    const text = await send(gateway, 'POST', '/v1/txn', { headers, body: '{"then":[]}' });
    expectDocumentedResponse('transact', text);
    expect(codeOf(text)).toEqual([415, 'unsupported-media-type']);
  });
});

describe('comparisons', () => {
  const isTrue = async (comparison: object): Promise<boolean> =>
    (await transact({ if: [comparison], then: [] })).json().succeeded;

  it('of a missing key compare with zeros', async () => {
    const key = newKey();
    for (const name of ['version', 'createRevision', 'modRevision']) {
      expect(await isTrue({ key, [name]: 0 })).toBe(true);
      expect(await isTrue({ key, [name]: 7, is: '!=' })).toBe(true);
      expect(await isTrue({ key, [name]: 7, is: '<' })).toBe(true);
      expect(await isTrue({ key, [name]: 0, is: '>' })).toBe(false);
    }
    expect(await isTrue({ key, lease: null })).toBe(true);
    expect(await isTrue({ key, lease: '777', is: '!=' })).toBe(true);
    expect(await isTrue({ key, exists: false })).toBe(true);
    expect(await isTrue({ key, exists: true, is: '!=' })).toBe(true);
  });

  it('of the value of a missing key are false, but != is true', async () => {
    const key = newKey();
    const answers = ['=', '!=', '<', '>'].map((is) => isTrue({ key, value: '', is }));
    expect(await Promise.all(answers)).toEqual([false, true, false, false]);
    await putValue(key, 'b');
    const present = ['=', '!=', '<', '>'].map((is) => isTrue({ key, value: 'c', is }));
    expect(await Promise.all(present)).toEqual([false, true, true, false]);
  });

  it('of several values with != are all checked, with the right branches', async () => {
    const [a, b, c] = [newKey('a'), newKey('b'), newKey('c')];
    const run = async (): Promise<boolean> =>
      (
        await transact({
          if: [
            { key: a, value: 'no', is: '!=' },
            { key: b, value: 'no', is: '!=' },
            { key: c, exists: true },
          ],
          // Both branches write the same keys: they exclude each other.
          then: [putOf(`${c}/result`, 'then'), { get: { key: c } }],
          else: [putOf(`${c}/result`, 'else'), { delete: { key: `${c}/other` } }],
        })
      ).json().succeeded;
    expect([await run(), await valueOf(`${c}/result`)]).toEqual([false, 'else']);
    await putValue(c, 'x');
    expect([await run(), await valueOf(`${c}/result`)]).toEqual([true, 'then']);
    await putValue(b, 'no');
    expect([await run(), await valueOf(`${c}/result`)]).toEqual([false, 'else']);
    await putValue(b, 'yes');
    await putValue(a, 'no');
    expect([await run(), await valueOf(`${c}/result`)]).toEqual([false, 'else']);
    await putValue(a, 'yes');
    expect([await run(), await valueOf(`${c}/result`)]).toEqual([true, 'then']);
  });

  it('of a range apply to every key', async () => {
    const prefix = newKey('c/');
    expect(await isTrue({ prefix, exists: false })).toBe(true);
    expect(await isTrue({ prefix, value: 'x', is: '!=' })).toBe(false);
    await putValue(`${prefix}a`, 'x');
    await putValue(`${prefix}b`, 'x');
    expect(await isTrue({ prefix, value: 'x' })).toBe(true);
    expect(await isTrue({ key: prefix, prefix: true, value: 'x' })).toBe(true);
    await putValue(`${prefix}b`, 'y');
    expect(await isTrue({ prefix, value: 'x' })).toBe(false);
    expect(await isTrue({ prefix, value: 'x', is: '!=' })).toBe(false);
    expect(await isTrue({ start: `${prefix}a`, end: `${prefix}b`, value: 'x' })).toBe(true);
    expect(await isTrue({ prefix, exists: true })).toBe(true);
    expect(await isTrue({ prefix, exists: false })).toBe(false);
  });
});

describe('generated transactions', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const value = fc.constantFrom('', 'x', 'y');
  const comparison = fc.oneof(
    fc.record({ key: name, value, is: fc.constantFrom('=', '!=', '<', '>') }),
    fc.record({ key: name, exists: fc.boolean() }),
    fc.record({ key: name, version: fc.nat({ max: 2 }), is: fc.constantFrom('=', '!=', '<', '>') }),
  );
  const { transaction } = fc.letrec<{ transaction: ModelTransaction; operation: object }>(
    (tie) => ({
      operation: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.record({ put: fc.record({ key: name, value }) }),
        fc.record({ delete: fc.record({ key: name }) }),
        fc.record({ get: fc.record({ key: name }) }),
        fc.record({ txn: tie('transaction') }),
      ),
      transaction: fc.record({
        if: fc.array(comparison, { maxLength: 3 }),
        then: fc.array(tie('operation'), { maxLength: 3 }),
        else: fc.array(tie('operation'), { maxLength: 3 }),
      }),
    }),
  );
  const contents = fc.dictionary(name, value, { noNullPrototype: true });

  it('have the results and the final state of a simple model', async () => {
    let ran = 0;
    await fc.assert(
      fc.asyncProperty(contents, transaction, async (before, body) => {
        const prefix = newKey('m/');
        for (const [key, text] of Object.entries(before)) await putValue(prefix + key, text);
        const expected = runModel(body, new Map(Object.entries(before)));
        const answer = await transact(withPrefix(body, prefix));
        expect(answer.status).toBe(expected === undefined ? 400 : 200);
        if (expected === undefined) return;
        ran++;
        const { succeeded, results } = answer.json();
        expect({ succeeded, results: results.map(toModelResult) }).toEqual(expected.verdict);
        const { items } = (await send(gateway, 'GET', `/v1/kv?prefix=${prefix}`)).json();
        const after = items.map((item: { key: string; value: string }) => [
          item.key.slice(prefix.length),
          item.value,
        ]);
        expect(new Map(after)).toEqual(expected.contents);
      }),
      { numRuns: 150 },
    );
    expect(ran).toBeGreaterThan(30);
  });

  function withPrefix(body: unknown, prefix: string): unknown {
    return JSON.parse(JSON.stringify(body), (field, text: unknown) =>
      field === 'key' ? prefix + String(text) : text,
    );
  }

  function toModelResult(result: any): unknown {
    if (result.get !== undefined) return result.get.items[0]?.value ?? null;
    if (result.delete !== undefined) return result.delete.deleted;
    if (result.put !== undefined) return 'put';
    return { succeeded: result.txn.succeeded, results: result.txn.results.map(toModelResult) };
  }
});
