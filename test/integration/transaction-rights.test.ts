// What a transaction may write: with a guard, and next to reserved keys.
import { describe, expect, inject, it } from 'vitest';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import { send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import {
  codeOf,
  pointersOf,
  putValue,
  releaseLock,
  statusOf,
  takeLock,
  transact,
  valueOf,
} from '../support/v1-calls.js';

const etcd = inject('etcdEndpoint');
const putOf = (key: string, value = 'x'): object => ({ put: { key, value } });

describe('a guard', () => {
  const writes = (key: string): object => ({
    if: [{ key: `${key}/flag`, exists: true }],
    then: [putOf(key, 'then')],
    else: [putOf(key, 'else')],
  });

  it('runs the selected branch while the lock is held', async () => {
    const [key, lock] = [newKey(), newKey('lock')];
    const guard = { lock, fencingToken: await takeLock(lock) };
    expect((await transact({ guard, ...writes(key) })).json().succeeded).toBe(false);
    expect(await valueOf(key)).toBe('else');
    await putValue(`${key}/flag`, '1');
    expect((await transact({ guard, ...writes(key) })).json().succeeded).toBe(true);
    expect(await valueOf(key)).toBe('then');
    const reads = { if: [{ key, value: 'no' }], then: [putOf(key)], else: [{ get: { key } }] };
    expect((await transact({ guard, ...reads })).json()).toMatchObject({
      succeeded: false,
      results: [{ get: { items: [{ value: 'then' }], count: 1 } }],
    });
    const notThen = { if: [{ key, value: 'then', is: '!=' }], then: [putOf(key, 'changed')] };
    expect((await transact({ guard, ...notThen })).json()).toMatchObject({ succeeded: false });
    expect(await valueOf(key)).toBe('then');
  });

  it('runs neither branch after the lock was lost, even between the read and the write', async () => {
    const lock = newKey('lock');
    const guard = { lock, fencingToken: await takeLock(lock) };
    const keys = [newKey('1'), newKey('2'), newKey('3')] as const;
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async ({ body }, forward) => {
      if (body.includes(Buffer.from(keys[0]).toString('base64'))) await releaseLock(lock);
      return forward();
    });
    const onlyThen = (key: string): object => ({ if: [{ key, exists: true }], then: [putOf(key)] });
    const negated = (key: string): object => ({
      if: [{ key, value: 'a', is: '!=' }],
      then: [putOf(key)],
      else: [putOf(key, 'else')],
    });
    const bodies = [writes(keys[0]), onlyThen(keys[1]), negated(keys[2])];
    for (const body of bodies) {
      const answer = await transact({ guard, ...body }, '', between.baseUrl);
      expect(codeOf(answer)).toEqual([412, 'lock-lost']);
    }
    expect(await Promise.all(keys.map(async (key) => await statusOf(key)))).toEqual([
      404, 404, 404,
    ]);
  });

  it('is rejected in a nested transaction, where it would not cover the whole transaction', async () => {
    const guard = { lock: 'a', fencingToken: 7 };
    const answer = await transact({ then: [{ txn: { guard, then: [] } }] });
    expect([answer.status, pointersOf(answer)[0]]).toEqual([400, '/then/0/txn/guard']);
  });
});

describe('S18: reserved keys in a transaction', () => {
  const RESERVED = ['locks/a/b', 'locks/', 'elections/x', '\0latchkey/y'];
  const nest = (operation: object): object => ({
    txn: { then: [], else: [{ txn: { then: [operation] } }] },
  });

  it.each(RESERVED)('cannot be put or deleted by name: %j', async (key) => {
    const untouched = newKey();
    for (const operation of [putOf(key), { delete: { key } }]) {
      const bodies = [
        [{ then: [putOf(untouched), operation] }, '/then/1'],
        [{ if: [{ key: untouched, exists: true }], then: [operation] }, '/then/0'],
        [{ then: [putOf(untouched)], else: [operation] }, '/else/0'],
        [{ then: [putOf(untouched), nest(operation)] }, '/then/1/txn/else/0/txn/then/0'],
      ] as const;
      for (const [body, place] of bodies) {
        const answer = await transact(body);
        expect(codeOf(answer)).toEqual([403, 'reserved-prefix']);
        expect(pointersOf(answer)[0]).toMatch(new RegExp(`^${place}/(put|delete)$`));
      }
    }
    expect(await statusOf(untouched)).toBe(404);
  });

  it.each(['locks/a', 'locks/', 'elections/', '\0latchkey/'])(
    'refuse a deletion that begins inside them: prefix %j',
    async (prefix) => {
      for (const operation of [{ delete: { prefix } }, nest({ delete: { start: prefix } })]) {
        expect(codeOf(await transact({ then: [operation] }))).toEqual([403, 'reserved-prefix']);
      }
    },
  );

  it('are left out of a deletion whose range contains them, as one operation', async () => {
    const lock = newKey('lock');
    const token = await takeLock(lock);
    const [before, behind] = [`lock-${newKey()}`, `locks0${newKey()}`];
    for (const key of [before, behind]) await putValue(key, 'x');
    const deletion = { delete: { start: 'lock-', end: 'locks1' } };
    const { results } = (
      await transact({ then: [putOf(newKey()), deletion, nest(deletion)] })
    ).json();
    expect(results[1].delete.deleted).toBeGreaterThanOrEqual(2);
    expect([await statusOf(before), await statusOf(behind)]).toEqual([404, 404]);
    const guard = { lock, fencingToken: token };
    expect((await transact({ guard, then: [] })).status).toBe(200);
  });

  it("are read like others, except that the gateway's internal keys are rejected or left out", async () => {
    await send(etcd, 'POST', '/v3/kv/put', {
      body: JSON.stringify({ key: Buffer.from('\0latchkey/t').toString('base64'), value: 'eA==' }),
    });
    const [low, high] = [`\0a${newKey()}`, `\0z${newKey()}`];
    for (const key of [low, high]) await putValue(key, 'x');
    const own = { key: '\0latchkey/t' };
    for (const body of [
      { then: [{ get: own }] },
      { then: [{ get: { prefix: '\0latchkey/' } }] },
      { if: [{ ...own, exists: true }], then: [] },
      { if: [{ prefix: '\0', exists: true }], then: [] },
    ]) {
      expect(codeOf(await transact(body))).toEqual([403, 'reserved-prefix']);
    }
    const { results } = (
      await transact({ then: [{ get: { prefix: '\0', keysOnly: true, limit: 1000 } }] })
    ).json();
    const keys = results[0].get.items.map((item: { key: string }) => item.key) as string[];
    expect(keys).toEqual(expect.arrayContaining([low, high]));
    expect(keys.filter((key) => key.startsWith('\0latchkey/'))).toEqual([]);
    expect(results[0].get.count).toBe(keys.length);
    const lock = newKey('lock');
    await takeLock(lock);
    const seen = await transact({ then: [{ get: { prefix: `locks/${lock}/` } }] });
    expect(seen.json().results[0].get.count).toBe(1);
  });
});
