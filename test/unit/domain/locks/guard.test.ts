import { isDeepStrictEqual } from 'node:util';
import nock from 'nock';
import { describe, expect, it } from 'vitest';
import { KnownHolders, resolveGuard } from '../../../../src/domain/locks/guard.js';
import type { Guard, GuardDeps, ResolvedGuard } from '../../../../src/domain/locks/guard.js';
import { createEtcdClient } from '../../../../src/etcd/client.js';
import { EndpointPool } from '../../../../src/etcd/endpoints/pool.js';
import { prefixRange } from '../../../../src/etcd/range.js';
import { createConnector } from '../../../../src/etcd/transport/connection.js';
import { createTransport } from '../../../../src/etcd/transport/transport.js';
import { callerFor } from '../../../support/caller.js';

const ORIGIN = 'http://etcd.example:2379';
const transport = createTransport(
  {
    socketsMax: 4,
    idleSocketsMax: 1,
    responseBytesMax: 100_000,
  },
  createConnector({ connectTimeoutMs: 300 }),
);
const etcd = createEtcdClient({ pool: new EndpointPool([ORIGIN]), transport });
const depsOf = (knownHolders = new KnownHolders()): GuardDeps => ({
  etcd,
  lockPrefix: 'locks/',
  knownHolders,
});
const guard: Guard = { lock: 'a', fencingToken: 42, field: 'guardLock' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function rangeOp(key: string, end: string, filter: object): object {
  const range = { key: base64(key), range_end: base64(end), ...filter };
  return { request_range: { ...range, keys_only: true, limit: 1 } };
}

/** The four ranges of one read-only transaction: the entry, older exclusive entries on both sides of the shared ones, older shared ones. */
const HOLDER_READ = {
  compare: [],
  success: [
    rangeOp('locks/a/', 'locks/a0', { min_create_revision: 42, max_create_revision: 42 }),
    rangeOp('locks/a/', 'locks/a/~', { max_create_revision: 41 }),
    rangeOp('locks/a/\x7f', 'locks/a0', { max_create_revision: 41 }),
    rangeOp('locks/a/~', 'locks/a/\x7f', { max_create_revision: 41 }),
  ],
  failure: [],
};

/** Responds with the keys that each of the four ranges finds. */
function respond(...found: (string | undefined)[]): void {
  const responses = [0, 1, 2, 3].map((index) => {
    const key = found[index];
    const createRevision = index === 0 ? '42' : '7';
    const kvs = key && [{ key: base64(key), create_revision: createRevision, mod_revision: '50' }];
    return { response_range: { header: { revision: '99' }, ...(kvs && { kvs, count: '1' }) } };
  });
  nock(ORIGIN)
    .post('/v3/kv/txn', (body) => isDeepStrictEqual(body, HOLDER_READ))
    .reply(200, { header: { revision: '99' }, succeeded: true, responses });
}

const resolve = (deps = depsOf(), requested = guard): Promise<ResolvedGuard> =>
  resolveGuard(callerFor(), deps, requested);

describe('resolveGuard', () => {
  it('reads in one read-only transaction and compares the create revision of the entry', async () => {
    respond('locks/a/11');
    const { compare, probe } = await resolve();
    const key = Buffer.from('locks/a/11');
    const range = prefixRange(Buffer.from('locks/a/'));
    expect(compare).toEqual([
      { key, result: '=', target: { kind: 'create', number: 42 } },
      { ...range, result: '>', target: { kind: 'create', number: 41 } },
    ]);
    const sort = { target: 'create', order: 'ascend' };
    expect(probe).toEqual({ kind: 'range', range: { ...range, sort, limit: 1, keysOnly: true } });
  });

  it('F54: reads a shared entry each time because no compare shows whether it is a waiter again', async () => {
    const deps = depsOf();
    const key = Buffer.from('locks/a/~11');
    for (let time = 0; time < 2; time++) {
      respond('locks/a/~11');
      const { compare, probe } = await resolve(deps);
      expect(compare).toEqual([{ key, result: '=', target: { kind: 'create', number: 42 } }]);
      expect(probe).toEqual({ kind: 'range', range: { key, keysOnly: true } });
    }
  });

  it.each([
    ['an exclusive entry without older entries', ['locks/a/11']],
    ['a shared entry without older entries', ['locks/a/~11']],
    ['a shared entry after a shared one', ['locks/a/~11', undefined, undefined, 'locks/a/~10']],
    ['an entry of another client', ['locks/a/foreign']],
  ])('accepts %s as a holder', async (_, found) => {
    respond(...found);
    await expect(resolve()).resolves.toHaveProperty('compare.0.target.number', 42);
  });

  it.each([
    ['an exclusive entry after one with a lower key', ['locks/a/11', 'locks/a/10'], /waits/],
    [
      'an exclusive entry after one with a higher key',
      ['locks/a/11', undefined, 'locks/a/\x7f'],
      /waits/,
    ],
    [
      'an exclusive entry after a shared one',
      ['locks/a/11', undefined, undefined, 'locks/a/~1'],
      /waits/,
    ],
    ['a shared entry after an exclusive one', ['locks/a/~11', 'locks/a/10'], /waits/],
    ['a missing entry', [], /it was released, expired, or never acquired/],
  ])('rejects %s', async (_, found, reason) => {
    respond(...found);
    const error = await resolve().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'lock-lost',
      status: 412,
      headers: { 'Etcd-Revision': '99' },
    });
    expect(String(error)).toMatch(reason);
  });

  it('reads one holder once, and reads again for another token, lock or identity', async () => {
    const deps = depsOf();
    respond('locks/a/11');
    await resolve(deps);
    await resolve(deps);
    expect(nock.pendingMocks()).toEqual([]);
    respond('locks/a/11');
    const other = { ...callerFor(), identity: { ...callerFor().identity, key: 'other' } };
    await resolveGuard(other, deps, guard);
  });

  it('does not cache an entry that is not a holder', async () => {
    const deps = depsOf();
    respond('locks/a/11', 'locks/a/10');
    await expect(resolve(deps)).rejects.toThrow(/waits/);
    respond('locks/a/11');
    await resolve(deps);
  });

  it('removes a holder from the cache when its write was refused', async () => {
    const deps = depsOf();
    respond('locks/a/11');
    const resolved = await resolve(deps);
    const kv = {
      key: Buffer.from('locks/a/11'),
      value: Buffer.alloc(0),
      modRevision: 1,
      version: 1,
    };
    const found = (createRevision: number): Parameters<ResolvedGuard['check']>[0] => ({
      kind: 'range',
      range: {
        header: { clusterId: '', memberId: '', revision: 9, raftTerm: 2 },
        kvs: [{ ...kv, createRevision, lease: undefined }],
        more: false,
        count: 1,
      },
    });
    expect(() => resolved.check(found(42), 120)).not.toThrow();
    await resolve(deps);
    expect(() => resolved.check(found(43), 120)).toThrow(
      /it was released or expired; nothing was written/,
    );
    respond();
    await expect(resolve(deps)).rejects.toMatchObject({ code: 'lock-lost' });
  });

  it('names the field of an impossible lock name', async () => {
    await expect(resolve(depsOf(), { ...guard, lock: '' })).rejects.toMatchObject({
      code: 'invalid-request',
      fields: { errors: [{ pointer: 'guardLock' }] },
    });
  });
});

describe('KnownHolders', () => {
  const identity = callerFor().identity;
  const key = Buffer.from('k');
  const of = (fencingToken: number): Guard => ({ ...guard, fencingToken });

  it('removes the least recently used holder above its maximum', () => {
    const known = new KnownHolders(2);
    known.add(identity, of(1), key);
    known.add(identity, of(2), key);
    expect(known.get(identity, of(1))).toBe(key);
    known.add(identity, of(3), key);
    expect([1, 2, 3].map((token) => known.get(identity, of(token)) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('is emptied when the store was reset', () => {
    const known = new KnownHolders();
    known.add(identity, of(1), key);
    known.clear();
    expect(known.get(identity, of(1))).toBeUndefined();
  });

  it('never confuses two names', () => {
    const known = new KnownHolders();
    known.add({ ...identity, key: 'a' }, { ...guard, lock: 'b","c' }, key);
    expect(known.get({ ...identity, key: 'a","b' }, { ...guard, lock: 'c' })).toBeUndefined();
  });
});
