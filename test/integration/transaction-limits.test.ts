// Transactions that POST /v1/txn rejects without a request to etcd, and the pointers in its errors.
import { describe, expect, it } from 'vitest';
import { newKey } from '../support/new-key.js';
import { codeOf, pointersOf, takeLock, transact } from '../support/v1-calls.js';

const putOf = (key: string, value = 'x'): object => ({ put: { key, value } });

describe('a limit is checked without a request to etcd', () => {
  const puts = (count: number, name = newKey()): object[] =>
    Array.from({ length: count }, (_, index) => putOf(`${name}/${index}`));
  const conditions = (count: number): object[] =>
    Array.from({ length: count }, () => ({ key: newKey(), exists: false }));

  it('accepts 128 comparisons and operations', async () => {
    const answer = await transact({ if: conditions(128), then: puts(128), else: puts(128) });
    expect(answer.json().results).toHaveLength(128);
  });

  it('gives a nested transaction the rest of the outer limit', async () => {
    const inside = (count: number): object => ({ txn: { if: conditions(count), then: [] } });
    expect((await transact({ then: [inside(127)] })).status).toBe(200);
    const beside = [...puts(26), inside(101)];
    expect((await transact({ then: beside })).status).toBe(200);
  });

  it.each([
    ['conditions', { if: conditions(129), then: [] }, '/if'],
    ['operations', { then: puts(129) }, '/then'],
    ['operations of else', { then: [], else: puts(129) }, '/else'],
    ['conditions inside', { then: [{ txn: { if: conditions(128), then: [] } }] }, '/then/0/txn/if'],
    [
      'nested operations next to others',
      { then: [...puts(26), { txn: { then: puts(102) } }] },
      '/then/26/txn/then',
    ],
    [
      'nested transactions next to as many operations as the limit',
      { then: [...puts(127), { txn: { then: [] } }] },
      '/then/127/txn/if',
    ],
    [
      'values with !=, each of which needs a level',
      {
        if: Array.from({ length: 128 }, () => ({ key: newKey(), value: 'x', is: '!=' })),
        then: puts(2),
      },
      '/then',
    ],
    [
      'parts of a deletion around reserved keys',
      { then: [...puts(126), { delete: { prefix: '', all: true } }] },
      '/then',
    ],
  ])('rejects too many %s', async (_, body, pointer) => {
    const answer = await transact(body);
    expect(codeOf(answer)).toEqual([400, 'invalid-request']);
    expect(pointersOf(answer)[0]).toBe(pointer);
  });

  it('counts a guard as two comparisons', async () => {
    const lock = newKey('lock');
    const guard = { lock, fencingToken: await takeLock(lock) };
    expect((await transact({ guard, if: conditions(126), then: puts(128) })).status).toBe(200);
    const full = await transact({ guard, if: conditions(127), then: [] });
    expect([full.status, pointersOf(full)[0]]).toEqual([400, '/if']);
    expect((await transact({ guard, then: puts(2), else: puts(126) })).status).toBe(200);
  });

  it('rejects and names keys that are written twice', async () => {
    const key = newKey('d/x');
    const twice: [object, string][] = [
      [{ then: [putOf(key), putOf(key)] }, '/then/1/put'],
      [{ then: [putOf(key), { delete: { key } }] }, '/then/1/delete'],
      [{ then: [{ delete: { prefix: key.slice(0, -1) } }, putOf(key)] }, '/then/1/put'],
      [{ then: [], else: [putOf(key), { txn: { then: [putOf(key)] } }] }, '/else/1/txn/then/0/put'],
      [
        { then: [{ txn: { then: [putOf(key)] } }, { txn: { then: [{ delete: { key } }] } }] },
        '/then/1/txn/then/0/delete',
      ],
      [{ then: [{ delete: { start: key } }, putOf(`${key}/y`)] }, '/then/1/put'],
    ];
    for (const [body, pointer] of twice) {
      const answer = await transact(body);
      expect([answer.status, pointersOf(answer)[0]]).toEqual([400, pointer]);
    }
    const apart = { txn: { then: [putOf(key)], else: [{ delete: { key } }, putOf(`${key}/z`)] } };
    expect((await transact({ then: [apart], else: [putOf(key)] })).status).toBe(200);
    const deletions = [{ delete: { key } }, { delete: { prefix: key } }];
    expect((await transact({ then: deletions })).status).toBe(200);
  });

  it('rejects more bytes than etcd accepts', async () => {
    const large = 'x'.repeat(800_000);
    const answer = await transact({ then: [putOf(newKey(), large), putOf(newKey(), large)] });
    expect(codeOf(answer)).toEqual([413, 'too-large']);
    const [small, key] = ['x'.repeat(700_000), newKey()];
    expect((await transact({ then: [putOf(key, small), putOf(newKey(), small)] })).status).toBe(
      200,
    );
    // etcd gets this branch twice.
    const condition = (value: string): object => ({ key: newKey(), value, is: '!=' });
    const body = { if: [condition('a'), condition('b')], then: [], else: [putOf(key, small)] };
    expect((await transact(body)).status).toBe(200);
    const third = { ...body, if: [...body.if, condition('c')] };
    expect(codeOf(await transact(third))).toEqual([413, 'too-large']);
  });

  it('rejects a tree of branches that would grow without bound', async () => {
    const condition = (): object => ({ key: newKey(), value: 'x', is: '!=' });
    let body: object = { then: [], else: puts(1) };
    for (let depth = 0; depth < 10; depth++) {
      body = { if: [condition(), condition(), condition()], then: [], else: [{ txn: body }] };
    }
    const answer = await transact(body);
    expect([answer.status, pointersOf(answer)[0]]).toEqual([400, '']);
  });
});

describe('bad input', () => {
  const key = 'k';
  it.each([
    ['{}', '/then'],
    ['[]', ''],
    ['{"then":{}}', '/then'],
    [{ then: [], fi: [] }, '/fi'],
    [{ then: [{}] }, '/then/0'],
    [{ then: [{ put: { key, value: 'x' }, get: { key } }] }, '/then/0'],
    [{ then: [{ pot: { key } }] }, '/then/0/pot'],
    [{ then: [{ put: { key } }] }, '/then/0/put/value'],
    [{ then: [{ put: { key: '', value: 'x' } }] }, '/then/0/put/key'],
    [{ then: [{ put: { key, value: 'x', ttl: 5 } }] }, '/then/0/put/ttl'],
    [{ then: [{ put: { key, value: '%', encoding: 'base64' } }] }, '/then/0/put/value'],
    [{ then: [{ put: { key: '*', keyEncoding: 'base64url', value: '' } }] }, '/then/0/put/key'],
    [{ then: [{ get: {} }] }, '/then/0/get'],
    [{ then: [{ get: { key, prefix: 'k' } }] }, '/then/0/get'],
    [{ then: [{ get: { prefix: true } }] }, '/then/0/get'],
    [{ then: [{ get: { prefix: 'a', start: 'b' } }] }, '/then/0/get'],
    [{ then: [{ get: { start: 'b', end: 'a' } }] }, '/then/0/get/end'],
    [{ then: [{ get: { key, limit: 1001 } }] }, '/then/0/get/limit'],
    [{ then: [{ delete: { prefix: '' } }] }, '/then/0/delete/all'],
    [{ then: [{ delete: { prefix: 'a', previous: true } }] }, '/then/0/delete/previous'],
    [{ then: [], if: [{ key }] }, '/if/0'],
    [{ then: [], if: [{ key, version: 1, value: 'x' }] }, '/if/0'],
    [{ then: [], if: [{ version: 1 }] }, '/if/0'],
    [{ then: [], if: [{ key, version: -1 }] }, '/if/0/version'],
    [{ then: [], if: [{ key, version: 1.5 }] }, '/if/0/version'],
    ['{"then":[],"if":[{"key":"k","modRevision":9007199254740993}]}', '/if/0/modRevision'],
    [{ then: [], if: [{ key, version: 1, is: '==' }] }, '/if/0/is'],
    [{ then: [], if: [{ key, exists: true, is: '<' }] }, '/if/0/is'],
    [{ then: [], if: [{ key, lease: '777', is: '>' }] }, '/if/0/is'],
    [{ then: [], if: [{ key, lease: '0' }] }, '/if/0/lease'],
    [{ then: [], if: [{ key, version: 1, encoding: 'base64' }] }, '/if/0'],
    [{ then: [], guard: { lock: 'a' } }, '/guard/fencingToken'],
  ])('is 400 for %j at %j', async (body, pointer) => {
    const answer = await transact(body);
    expect(codeOf(answer)).toEqual([400, 'invalid-request']);
    expect(pointersOf(answer)[0]).toBe(pointer);
  });
});
