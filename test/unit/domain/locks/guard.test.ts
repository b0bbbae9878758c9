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

function question(key: string, end: string, filter: object): object {
  const range = { key: base64(key), range_end: base64(end), ...filter };
  return { request_range: { ...range, keys_only: true, limit: 1 } };
}

/** The four ranges of one read-only transaction: the entry, exclusive ones before it on both sides of the shared ones, shared ones. */
const QUESTION = {
  compare: [],
  success: [
    question('locks/a/', 'locks/a0', { min_create_revision: 42, max_create_revision: 42 }),
    question('locks/a/', 'locks/a/~', { max_create_revision: 41 }),
    question('locks/a/\x7f', 'locks/a0', { max_create_revision: 41 }),
    question('locks/a/~', 'locks/a/\x7f', { max_create_revision: 41 }),
  ],
  failure: [],
};

/** Answers with the keys that each of the four ranges finds. */
function answer(...found: (string | undefined)[]): void {
  const responses = [0, 1, 2, 3].map((index) => {
    const key = found[index];
    const createRevision = index === 0 ? '42' : '7';
    const kvs = key && [{ key: base64(key), create_revision: createRevision, mod_revision: '50' }];
    return { response_range: { header: { revision: '99' }, ...(kvs && { kvs, count: '1' }) } };
  });
  nock(ORIGIN)
    .post('/v3/kv/txn', (body) => isDeepStrictEqual(body, QUESTION))
    .reply(200, { header: { revision: '99' }, succeeded: true, responses });
}

const resolve = (deps = depsOf(), asked = guard): Promise<ResolvedGuard> =>
  resolveGuard(callerFor(), deps, asked);

describe('resolveGuard', () => {
  it('asks in one read-only transaction, and compares the create revision of what it finds', async () => {
    answer('locks/a/11');
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

  it('F54: reads a shared entry each time, as no comparison tells whether it waits again', async () => {
    const deps = depsOf();
    const key = Buffer.from('locks/a/~11');
    for (let time = 0; time < 2; time++) {
      answer('locks/a/~11');
      const { compare, probe } = await resolve(deps);
      expect(compare).toEqual([{ key, result: '=', target: { kind: 'create', number: 42 } }]);
      expect(probe).toEqual({ kind: 'range', range: { key, keysOnly: true } });
    }
  });

  it.each([
    ['an exclusive entry with nothing before it', ['locks/a/11']],
    ['a shared entry with nothing before it', ['locks/a/~11']],
    ['a shared entry behind a shared one', ['locks/a/~11', undefined, undefined, 'locks/a/~10']],
    ['an entry of another client', ['locks/a/foreign']],
  ])('takes %s for a holder', async (_, found) => {
    answer(...found);
    await expect(resolve()).resolves.toHaveProperty('compare.0.target.number', 42);
  });

  it.each([
    ['an exclusive entry behind one below', ['locks/a/11', 'locks/a/10'], /waits/],
    ['an exclusive entry behind one above', ['locks/a/11', undefined, 'locks/a/\x7f'], /waits/],
    [
      'an exclusive entry behind a shared one',
      ['locks/a/11', undefined, undefined, 'locks/a/~1'],
      /waits/,
    ],
    ['a shared entry behind an exclusive one', ['locks/a/~11', 'locks/a/10'], /waits/],
    ['an entry that is not there', [], /it was released, expired, or never acquired/],
  ])('does not take %s for one', async (_, found, reason) => {
    answer(...found);
    const error = await resolve().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'lock-lost',
      status: 412,
      headers: { 'Etcd-Revision': '99' },
    });
    expect(String(error)).toMatch(reason);
  });

  it('asks once about one holder, and again about another token, lock or identity', async () => {
    const deps = depsOf();
    answer('locks/a/11');
    await resolve(deps);
    await resolve(deps);
    expect(nock.pendingMocks()).toEqual([]);
    answer('locks/a/11');
    const other = { ...callerFor(), identity: { ...callerFor().identity, key: 'somebody else' } };
    await resolveGuard(other, deps, guard);
  });

  it('does not remember who did not hold', async () => {
    const deps = depsOf();
    answer('locks/a/11', 'locks/a/10');
    await expect(resolve(deps)).rejects.toThrow(/waits/);
    answer('locks/a/11');
    await resolve(deps);
  });

  it('forgets a holder whose write was refused', async () => {
    const deps = depsOf();
    answer('locks/a/11');
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
    answer();
    await expect(resolve(deps)).rejects.toMatchObject({ code: 'lock-lost' });
  });

  it('names the field of a name that no lock has', async () => {
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

  it('keeps as many as it may, and lets the least recently used go', () => {
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

  it('forgets all when the store was reset', () => {
    const known = new KnownHolders();
    known.add(identity, of(1), key);
    known.clear();
    expect(known.get(identity, of(1))).toBeUndefined();
  });

  it('cannot be made to take one name for another', () => {
    const known = new KnownHolders();
    known.add({ ...identity, key: 'a' }, { ...guard, lock: 'b","c' }, key);
    expect(known.get({ ...identity, key: 'a","b' }, { ...guard, lock: 'c' })).toBeUndefined();
  });
});
