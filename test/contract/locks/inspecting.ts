// GET of one lock and of several: content, order, and no changes.
import { expect, it } from 'vitest';
import { send } from '../../support/http-client.js';
import { newKey } from '../../support/new-key.js';
import { expectDocumentedResponse } from '../../support/openapi-response.js';
import { INVALID, clientsOf, codeOf } from './target.js';
import type { Target } from './target.js';

/** Other tests write to the same etcd, so a read is repeated. A read that wrote would write each time. */
const READS_MAX = 100;

export function inspecting(target: Target): void {
  atOne(target);
  atMany(target);
  names(target);
}

function atOne(target: Target): void {
  it('returns a free lock', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    expect((await client.inspect(name)).json()).toEqual({
      name,
      locked: false,
      holders: [],
      waiters: [],
      queueLength: 0,
    });
  });

  it('returns the holder with its remaining time, and the waiters in order', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { token, fencingToken } = await client.hold200(name, { owner: 'a', ttl: 60 });
    const one = other.acquire(name, { owner: 'b', wait: 20, metadata: { n: 1 } });
    await client.untilQueued(name, 1);
    const two = client.acquire(name, { owner: 'c', wait: 20, mode: 'shared' });
    await client.untilQueued(name, 2);
    const { holders, ...rest } = (await other.inspect(name)).json();
    expect(rest).toEqual({
      name,
      locked: true,
      waiters: [
        { owner: 'b', mode: 'exclusive', position: 1, metadata: { n: 1 } },
        { owner: 'c', mode: 'shared', position: 2 },
      ],
      queueLength: 2,
    });
    expect(holders).toEqual([
      {
        owner: 'a',
        mode: 'exclusive',
        fencingToken,
        acquiredBy: 'v1:anonymous',
        expiresIn: holders[0].expiresIn,
      },
    ]);
    expect(holders[0].expiresIn).toBeGreaterThan(40);
    expect(holders[0].expiresIn).toBeLessThanOrEqual(60);
    await client.release(name, { token });
    await client.release(name, { token: (await one).json().token });
    expect((await two).status).toBe(200);
  });

  it('returns at most 100 waiters and counts all, with waiters of other clients unnamed', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const { fencingToken } = await client.hold200(name, { owner: 'a' });
    const hex = (i: number): string => i.toString(16).padStart(16, '0');
    for (let i = 1; i <= 130; i++) await target().etcd.put(`locks/${name}/${hex(i)}`);
    const { holders, waiters, queueLength } = (await client.inspect(name)).json();
    expect([holders.length, holders[0].fencingToken, queueLength]).toEqual([1, fencingToken, 130]);
    expect(waiters).toHaveLength(100);
    expect(waiters[99]).toEqual({ owner: null, mode: 'exclusive', position: 100 });
    expect((await client.acquire(name, { owner: 'b' })).json().queueLength).toBe(130);
    await client.releaseBy(name, '?force=true');
    for (let i = 1; i <= 130; i++) await target().etcd.deleteKey(`locks/${name}/${hex(i)}`);
  });

  it('changes nothing', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    await client.hold200(name, { owner: 'a' });
    const entries = await target().etcd.entries(name);
    for (const each of [client, other]) {
      await expectNoWrite(target, () => each.inspect(name));
      await expectNoWrite(target, () => each.inspect(newKey()));
      await expectNoWrite(target, () => each.list(`?prefix=${name}&expires=true`));
      await expectNoWrite(target, async () => {
        const events = await each.events(name);
        await events.next();
        events.close();
      });
    }
    expect(await target().etcd.entries(name)).toEqual(entries);
  });
}

function atMany(target: Target): void {
  it('lists the held locks below a prefix, in pages of one revision', async () => {
    const [client, other] = clientsOf(target);
    const prefix = newKey('list');
    const names = ['a', 'b', 'c/d', 'e f', 'g'].map((each) => `${prefix}-${each}`);
    for (const name of [...names].reverse()) await client.hold200(name, { owner: 'o' });
    const whole = (await client.list(`?prefix=${encodeURIComponent(prefix)}`)).json();
    expect(whole.locks.map((lock: { name: string }) => lock.name)).toEqual(names);
    expect(whole).not.toHaveProperty('next');
    expect(whole.locks[0]).toEqual({
      name: names[0],
      locked: true,
      holders: [
        {
          owner: 'o',
          mode: 'exclusive',
          fencingToken: whole.locks[0].holders[0].fencingToken,
          acquiredBy: 'v1:anonymous',
        },
      ],
      queueLength: 0,
    });
    const first = (await other.list(`?prefix=${prefix}&limit=2`)).json();
    // A lock that is acquired between the pages must not be listed.
    await client.release(names[3]!, { owner: 'o' });
    const seen = [...first.locks];
    for (let next: string | undefined = first.next; next !== undefined;) {
      const page = (await client.list(`?prefix=${prefix}&limit=2&next=${next}`)).json();
      seen.push(...page.locks);
      next = page.next;
    }
    expect(seen).toEqual(whole.locks);
  });

  it('adds the remaining time with expires=true', async () => {
    const [client] = clientsOf(target);
    const prefix = newKey('expires');
    await client.hold200(`${prefix}-1`, { owner: 'a', ttl: 60 });
    await client.hold200(`${prefix}-2`, { owner: 'a', ttl: null });
    const { locks } = (await client.list(`?prefix=${prefix}&expires=true`)).json();
    expect(locks[0].holders[0].expiresIn).toBeGreaterThan(30);
    expect(locks[1].holders[0].expiresIn).toBeNull();
  });

  it('lists locks of the simple lock API and of other clients', async () => {
    const [client] = clientsOf(target);
    const prefix = newKey('apis');
    const body = JSON.stringify({ resource: `${prefix}-1`, user_id: 'u' });
    await fetch(client.baseUrl, { method: 'PUT', body });
    await target().etcd.put(`locks/${prefix}-2/694d73e8a9e36c23`);
    const { locks } = (await client.list(`?prefix=${prefix}`)).json();
    expect(locks).toMatchObject([
      { name: `${prefix}-1`, holders: [{ owner: 'u', acquiredBy: 'simple-lock:anonymous' }] },
      { name: `${prefix}-2`, holders: [{ owner: null, acquiredBy: null }] },
    ]);
  });

  it('returns an empty list without locks', async () => {
    const [client] = clientsOf(target);
    expect((await client.list(`?prefix=${newKey()}`)).json()).toEqual({ locks: [] });
  });

  it.each(['?limit=0', '?limit=1001', '?limit=x', '?next=%21', '?expires=1', '?prefx=a'])(
    'returns 400 for %s',
    async (query) => {
      const [client] = clientsOf(target);
      expect(codeOf(await client.list(query))).toEqual(INVALID);
    },
  );
}

function names(target: Target): void {
  it.each([
    ['PUT', 'acquireLock', ''],
    ['GET', 'inspectLock', ''],
    ['DELETE', 'releaseLock', ''],
    ['POST', 'renewLock', '/keepalive'],
    ['POST', 'holdLock', '/hold'],
    ['GET', 'watchLock', '/events'],
  ])('returns 404 for %s (%s) with a slash in the name, and a hint about %%2F', async (...row) => {
    const [method, operationId, rest] = row;
    const [client] = clientsOf(target);
    const answer = await send(client.baseUrl, method, `/v1/locks/a/b${rest}`, {
      ...(method === 'GET' ? {} : { body: '{"owner":"a"}' }),
    });
    expectDocumentedResponse(operationId, answer);
    expect(codeOf(answer)).toEqual([404, 'not-found']);
    expect(answer.json().hint).toContain('%2F');
  });

  it.each([
    ['POST', '/v1/locks/a', 'GET, HEAD, PUT, DELETE'],
    ['DELETE', '/v1/locks', 'GET, HEAD'],
    ['GET', '/v1/locks/a/keepalive', 'POST'],
    ['GET', '/v1/locks/a/hold', 'POST'],
    ['POST', '/v1/locks/a/events', 'GET'],
  ])('returns 405 with Allow for %s %s', async (method, path, allow) => {
    const [client] = clientsOf(target);
    const answer = await send(client.baseUrl, method, path);
    expect(codeOf(answer)).toEqual([405, 'method-not-allowed']);
    expect(answer.headers.allow).toBe(allow);
  });
}

async function expectNoWrite(target: Target, read: () => Promise<unknown>): Promise<void> {
  const { etcd } = target();
  for (let reads = 0; reads < READS_MAX; reads++) {
    const before = await etcd.revision();
    await read();
    if ((await etcd.revision()) === before) return;
  }
  expect.fail(`the store changed during each of ${READS_MAX} reads`);
}
