// Guarded writes, with locks of the simple lock API and of other clients.
import { describe, expect, inject, it } from 'vitest';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import { BYTES_TYPE, JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import {
  call,
  codeOf,
  put,
  putValue,
  releaseLock,
  statusOf,
  takeLock,
  valueOf,
} from '../support/v1-calls.js';

const etcd = inject('etcdEndpoint');

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function rawPut(key: string): Promise<void> {
  await send(etcd, 'POST', '/v3/kv/put', { body: JSON.stringify({ key: base64(key) }) });
}

async function rawDelete(key: string): Promise<void> {
  await send(etcd, 'POST', '/v3/kv/deleterange', { body: JSON.stringify({ key: base64(key) }) });
}

/** Reads the fencing token of the entry with this key from etcd. */
async function tokenOf(key: string): Promise<number> {
  const body = JSON.stringify({ key: base64(key) });
  const { kvs } = (await send(etcd, 'POST', '/v3/kv/range', { body })).json();
  return Number(kvs[0].create_revision);
}

/** Writes `key`, guarded by the lock's fencing token. */
function guarded(key: string, lock: string, fencingToken: number, base?: string): Promise<Answer> {
  return put(key, { value: 'guarded', guard: { lock, fencingToken } }, base);
}

const LOST = [412, 'lock-lost'];

describe('a guarded write', () => {
  it('is applied while the lock is held, and not after its release', async () => {
    const [key, lock] = [newKey(), newKey('lock')];
    const token = await takeLock(lock);
    expect((await guarded(key, lock, token)).status).toBe(200);
    await releaseLock(lock);
    const late = await guarded(newKey(), lock, token);
    expect(codeOf(late)).toEqual(LOST);
    expect(late.json().hint).toContain('acquire the lock again');
  });

  it('is not applied with an earlier or later fencing token', async () => {
    const [key, lock] = [newKey(), newKey('lock')];
    const first = await takeLock(lock);
    await releaseLock(lock);
    const second = await takeLock(lock);
    for (const wrong of [1, first, second + 1]) {
      expect(codeOf(await guarded(key, lock, wrong))).toEqual(LOST);
    }
    expect((await guarded(key, lock, second)).status).toBe(200);
  });

  it('is not applied with the name of another lock', async () => {
    const lock = newKey('lock');
    const token = await takeLock(lock);
    expect(codeOf(await guarded(newKey(), newKey('other'), token))).toEqual(LOST);
    expect(codeOf(await guarded(newKey(), `${lock}/deeper`, token))).toEqual(LOST);
  });

  it('is not applied for a waiter, until it is first in the queue', async () => {
    const [key, lock] = [newKey(), newKey('lock')];
    await takeLock(lock);
    const waiter = `locks/${lock}/foreign`;
    await rawPut(waiter);
    const token = await tokenOf(waiter);
    const refused = await guarded(key, lock, token);
    expect(codeOf(refused)).toEqual(LOST);
    expect(refused.json().detail).toContain('waits');
    await releaseLock(lock);
    expect((await guarded(key, lock, token)).status).toBe(200);
  });

  it('is applied for each shared holder, and not for a shared waiter after an exclusive entry', async () => {
    const lock = newKey('lock');
    const entries = ['~1', '~2', 'x', '~3'].map((id) => `locks/${lock}/${id}`);
    for (const entry of entries) await rawPut(entry);
    const tokens = await Promise.all(entries.map(tokenOf));
    const statuses = await Promise.all(
      tokens.map(async (token) => (await guarded(newKey(), lock, token)).status),
    );
    expect(statuses).toEqual([200, 200, 412, 412]);
  });

  it('accepts query parameters for raw bodies, for a deletion and for a range', async () => {
    const [key, lock] = [newKey(), newKey('lock')];
    const token = await takeLock(lock);
    const guard = `guardLock=${lock}&guardToken=${token}`;
    const raw = { headers: BYTES_TYPE, body: 'bytes' };
    const range = `/v1/kv?prefix=${key}&${guard}`;
    const one = `/v1/kv/${key}?${guard}`;
    expect((await call('putKey', 'PUT', one, raw)).status).toBe(200);
    expect((await call('deleteKey', 'DELETE', one)).json().deleted).toBe(1);
    await call('putKey', 'PUT', one, raw);
    expect((await call('deleteKeys', 'DELETE', range)).json().deleted).toBe(1);
    await call('putKey', 'PUT', one, raw);
    await releaseLock(lock);
    expect(codeOf(await call('putKey', 'PUT', one, raw))).toEqual(LOST);
    expect(codeOf(await call('deleteKey', 'DELETE', one))).toEqual(LOST);
    expect(codeOf(await call('deleteKeys', 'DELETE', range))).toEqual(LOST);
    expect(await valueOf(key)).toBe('bytes');
  });

  it('does not delete reserved keys in a range', async () => {
    const lock = newKey('lock');
    const token = await takeLock(lock);
    const [before, behind] = [`lock-${newKey()}`, `locks0${newKey()}`];
    for (const key of [before, behind]) await guarded(key, lock, token);
    const path = `/v1/kv?start=lock-&end=locks1&guardLock=${lock}&guardToken=${token}`;
    expect((await call('deleteKeys', 'DELETE', path)).json().deleted).toBeGreaterThanOrEqual(2);
    expect((await guarded(before, lock, token)).status).toBe(200);
  });

  it('distinguishes a false condition from a lost lock', async () => {
    const [key, lock] = [newKey(), newKey('lock')];
    const token = await takeLock(lock);
    const create = (): Promise<Answer> =>
      call('putKey', 'PUT', `/v1/kv/${key}?guardLock=${lock}&guardToken=${token}`, {
        headers: { ...BYTES_TYPE, 'if-none-match': '*' },
        body: 'first',
      });
    expect((await create()).status).toBe(200);
    const second = await create();
    expect(codeOf(second)).toEqual([412, 'precondition-failed']);
    expect(second.json().current.value).toBe('first');
    await releaseLock(lock);
    expect(codeOf(await create())).toEqual(LOST);
  });

  it.each([
    ['?guardLock=a', '{"value":"x"}', 'guardToken'],
    ['?guardToken=7', '{"value":"x"}', 'guardLock'],
    ['?guardLock=a&guardToken=0', '{"value":"x"}', 'guardToken'],
    ['?guardLock=a&guardToken=1e2', '{"value":"x"}', 'guardToken'],
    ['?guardLock=a&guardToken=7', '{"value":"x","guard":{"lock":"a","fencingToken":7}}', '/guard'],
    ['', '{"value":"x","guard":{"lock":"a"}}', '/guard/fencingToken'],
    ['', '{"value":"x","guard":{"lock":"","fencingToken":7}}', '/guard/lock'],
    ['', '{"value":"x","guard":{"lock":"a\\u0000","fencingToken":7}}', '/guard/lock'],
    ['', '{"value":"x","guard":{"lock":"a","fencingToken":"7"}}', '/guard/fencingToken'],
    [
      '',
      '{"value":"x","guard":{"lock":"a","fencingToken":9007199254740993}}',
      '/guard/fencingToken',
    ],
  ])('is 400 with %s and %s, which names %s', async (query, body, pointer) => {
    const answer = await call('putKey', 'PUT', `/v1/kv/${newKey()}${query}`, {
      headers: JSON_TYPE,
      body,
    });
    expect(codeOf(answer)).toEqual([400, 'invalid-request']);
    expect(answer.json().errors[0].pointer).toBe(pointer);
  });
});

describe('a guard between its read and its write', () => {
  it.each([
    ['a put', 'PUT', '/v1/kv/KEY?', 'putKey'],
    ['a deletion', 'DELETE', '/v1/kv/KEY?', 'deleteKey'],
    ['the deletion of a range', 'DELETE', '/v1/kv?prefix=KEY&', 'deleteKeys'],
  ])('is lock-lost for %s if the lock is released at that time', async (_, method, path, id) => {
    const [key, lock] = [newKey(), newKey('lock')];
    await putValue(key, 'before');
    const token = await takeLock(lock);
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async ({ body }, forward) => {
      if (body.includes(base64(key))) await releaseLock(lock);
      return forward();
    });
    const target = `${path.replace('KEY', key)}guardLock=${lock}&guardToken=${token}`;
    const sent = method === 'PUT' ? { headers: BYTES_TYPE, body: 'after' } : {};
    expect(codeOf(await call(id, method, target, sent, between.baseUrl))).toEqual(LOST);
    expect(await valueOf(key)).toBe('before');
    expect(between.calls.map((each) => each.path)).toEqual(['/v3/kv/txn', '/v3/kv/txn']);
  });

  it('is lock-lost if another client has acquired the lock at that time', async () => {
    const [key, lock] = [newKey(), newKey('lock')];
    const token = await takeLock(lock);
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async ({ body }, forward) => {
      if (body.includes(base64(key))) {
        await releaseLock(lock);
        await takeLock(lock);
      }
      return forward();
    });
    expect(codeOf(await guarded(key, lock, token, between.baseUrl))).toEqual(LOST);
    expect(await statusOf(key)).toBe(404);
  });

  it('reports that nothing was written if the holder cannot be read', async () => {
    const [key, lock] = [newKey(), newKey('lock')];
    const token = await takeLock(lock);
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(() => Promise.resolve(undefined));
    const path = `/v1/kv/${key}?guardLock=${lock}&guardToken=${token}`;
    const headers = { ...BYTES_TYPE, 'request-timeout': '1' };
    const answer = await call('putKey', 'PUT', path, { headers, body: 'x' }, between.baseUrl);
    expect([503, 504]).toContain(answer.status);
    expect(answer.json().outcome).toBe('not-applied');
    expect(answer.headers['retry-after']).toBe('1');
  });

  it('is remembered: the second write costs one request, and detects the release anyway', async () => {
    const [key, lock] = [newKey(), newKey('lock')];
    const token = await takeLock(lock);
    const between = await spawnInterceptedGateway(etcd);
    await guarded(key, lock, token, between.baseUrl);
    const before = between.calls.length;
    expect((await guarded(key, lock, token, between.baseUrl)).status).toBe(200);
    expect(between.calls.length - before).toBe(1);
    await releaseLock(lock);
    expect(codeOf(await guarded(key, lock, token, between.baseUrl))).toEqual(LOST);
    // An entry that is created again with the same key has another create revision.
    const entry = `locks/${lock}/by-hand`;
    await rawPut(entry);
    expect(codeOf(await guarded(key, lock, token, between.baseUrl))).toEqual(LOST);
    await rawDelete(entry);
  });
});
