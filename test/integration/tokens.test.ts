// `--auth=tokens`: at every API a client reads and changes exactly what the scope of its API token covers.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { openEvents } from '../support/event-stream.js';
import { JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { bearer, startTokenGateway, tokenOf } from '../support/token-gateway.js';
import type { Holder, TokenGateway } from '../support/token-gateway.js';
import { openWait } from '../support/v2-wait.js';
import { openWatch } from '../support/watch-reader.js';

let folder = '';
let door: TokenGateway;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
  door = await startTokenGateway(inject('etcdEndpoint'), folder);
});
afterAll(async () => {
  await door.stop();
  await rm(folder, { recursive: true, force: true });
});

const DENIED = [403, 'permission-denied'];
const codeOf = (answer: Answer): [number, string] => [answer.status, answer.json().code];
const app = (name = 'key'): string => `app/${newKey(name)}`;
const foreign = (name = 'key'): string => `other/${newKey(name)}`;
const kv = (key: string): string => `/v1/kv/${encodeURIComponent(key)}`;
const lock = (name: string, rest = ''): string => `/v1/locks/${encodeURIComponent(name)}${rest}`;
const put = (key: string, value = 'v', fields: object = {}): Promise<Answer> =>
  door.as('everything', 'PUT', kv(key), { value, ...fields });
const statusOf = async (key: string): Promise<number> =>
  (await door.as('everything', 'GET', kv(key))).status;

describe('a request without a valid token', () => {
  it('gets 401, and a valid token is accepted as Bearer and as the password of Basic', async () => {
    const basic = `Basic ${btoa(`anybody:${tokenOf('app')}`)}`;
    const status = async (authorization?: string): Promise<number> => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await send(door.baseUrl, 'GET', kv('app/none'), { headers })).status;
    };
    expect(await status()).toBe(401);
    expect(await status('Bearer token-of-nobody-0123456789')).toBe(401);
    expect(await status(bearer('app').authorization)).toBe(404);
    expect(await status(basic)).toBe(404);
  });
});

describe('an address from which tokens are guessed', () => {
  it('does not affect a token that succeeded from there before', async () => {
    expect((await door.as('app', 'GET', kv('app/none'))).status).toBe(404);
    const guess = async (token: string): Promise<number> =>
      (await send(door.baseUrl, 'GET', kv('app/none'), { headers: { authorization: token } }))
        .status;
    let status = 0;
    for (let count = 0; status !== 429; count++) status = await guess(`Bearer guess-${count}`);
    expect((await door.as('app', 'GET', kv('app/none'))).status).toBe(404);
    // The other tests of this file use the same address, so wait until it may try again.
    const holders: readonly Holder[] = ['reader', 'locker', 'everything', 'admin'];
    for (const holder of holders) {
      await expect
        .poll(async () => (await door.as(holder, 'GET', '/v1/cluster')).status, { timeout: 10_000 })
        .not.toBe(429);
    }
  });
});

describe('keys', () => {
  it('in the scope are read, written, listed and deleted', async () => {
    const key = app();
    expect((await door.as('app', 'PUT', kv(key), { value: 'v', ttl: 60 })).status).toBe(200);
    expect((await door.as('app', 'GET', kv(key))).json().value).toBe('v');
    expect((await door.as('app', 'GET', `${kv(key)}?history=true`)).status).toBe(200);
    const list = await door.as('app', 'GET', '/v1/kv?prefix=app/&delimiter=/');
    expect(list.json().items.map((item: { key: string }) => item.key)).toContain(key);
    expect((await door.as('app', 'DELETE', `/v1/kv?prefix=${key}`)).json().deleted).toBe(1);
  });

  it('outside the scope are not read or changed, and the error names what is missing', async () => {
    const key = foreign();
    await put(key);
    for (const answer of [
      await door.as('app', 'GET', kv(key)),
      await door.as('app', 'GET', `${kv(key)}?history=true`),
      await door.as('app', 'PUT', kv(key), { value: 'x' }),
      await door.as('app', 'DELETE', kv(key)),
      await door.as('app', 'GET', '/v1/kv?prefix=ap'),
      await door.as('app', 'GET', '/v1/kv?start=app/'),
      await door.as('app', 'GET', '/v1/kv'),
      await door.as('app', 'DELETE', '/v1/kv?prefix=&all=true'),
    ])
      expect(codeOf(answer)).toEqual(DENIED);
    expect(await statusOf(key)).toBe(200);
    expect((await door.as('app', 'GET', '/v1/kv')).json()).toMatchObject({
      detail: expect.stringContaining('the token "app" may not read'),
      hint: expect.stringContaining('within one prefix of the token: "app/", "/app/"'),
    });
  });

  it('are not written with a token that has only the right read', async () => {
    const key = app();
    await put(key);
    expect((await door.as('reader', 'GET', kv(key))).status).toBe(200);
    const write = await door.as('reader', 'PUT', kv(key), { value: 'x' });
    expect(codeOf(write)).toEqual(DENIED);
    expect(write.json().detail).toContain('it lacks the right write');
    expect(codeOf(await door.as('locker', 'GET', kv(key)))).toEqual(DENIED);
  });

  it('in transactions must be in the scope, in nested transactions and in both branches', async () => {
    const [own, other] = [app(), foreign()];
    const transact = (body: object): Promise<Answer> => door.as('app', 'POST', '/v1/txn', body);
    const putOf = (key: string): object => ({ put: { key, value: 'x' } });
    const fine = await transact({
      if: [{ key: own, exists: false }],
      then: [putOf(own), { txn: { then: [{ get: { prefix: 'app/' } }] } }],
    });
    expect(fine.json().succeeded).toBe(true);
    for (const body of [
      { then: [putOf(app()), putOf(other)] },
      { if: [{ key: other, exists: true }], then: [] },
      { then: [], else: [{ get: { key: other } }] },
      { then: [{ txn: { then: [], else: [{ delete: { prefix: 'other/' } }] } }] },
    ])
      expect(codeOf(await transact(body))).toEqual(DENIED);
    expect(await statusOf(other)).toBe(404);
  });

  it('are exported and imported within the scope', async () => {
    const [first, second] = [app('a'), app('b')];
    await put(first);
    const headers = { ...bearer('app'), accept: 'application/x-ndjson' };
    const exported = await send(door.baseUrl, 'GET', '/v1/kv?prefix=app/', { headers });
    expect(exported.text).toContain(first);
    const wider = await send(door.baseUrl, 'GET', '/v1/kv', { headers });
    expect(codeOf(wider)).toEqual(DENIED);
    const importing = (lines: readonly object[]): Promise<Answer> =>
      send(door.baseUrl, 'POST', '/v1/kv/import', {
        headers: { ...bearer('app'), 'content-type': 'application/x-ndjson' },
        body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
      });
    expect((await importing([{ key: second, value: 'v' }])).json().written).toBe(1);
    const other = foreign();
    const partly = await importing([
      { key: second, value: 'w' },
      { key: other, value: 'v' },
    ]);
    expect([codeOf(partly), partly.json().line]).toEqual([DENIED, 2]);
    expect(await statusOf(other)).toBe(404);
  });

  it('are watched within the scope', async () => {
    const key = app();
    const watch = await openWatch(door.baseUrl, `prefix=app/`, { headers: bearer('app') });
    await put(foreign());
    await put(key);
    expect((await watch.until(1))[0]?.data.key).toBe(key);
    watch.close();
    for (const query of ['prefix=ap', `key=${foreign()}`, '']) {
      const answer = await door.as('app', 'GET', `/v1/watch?${query}&wait=5`);
      expect(codeOf(answer)).toEqual(DENIED);
    }
  });
});

describe('locks and elections', () => {
  it('in the scope are acquired, listed, renewed, inspected and released with only the right lock', async () => {
    const name = app('deploy');
    const taken = await door.as('locker', 'PUT', lock(name), { owner: 'me', ttl: 30 });
    expect(taken.status).toBe(200);
    const { token } = taken.json();
    expect((await door.as('locker', 'POST', lock(name, '/keepalive'), { token })).status).toBe(200);
    const waiting = door.as('app', 'PUT', lock(name), { owner: 'you', ttl: 30, wait: 20 });
    const list = await door.as('locker', 'GET', '/v1/locks?prefix=app/&expires=true');
    expect(list.json().locks.map((each: { name: string }) => each.name)).toContain(name);
    expect((await door.as('reader', 'GET', lock(name))).json()).toMatchObject({ locked: true });
    const released = await door.as('locker', 'DELETE', lock(name), { token });
    expect(released.status).toBe(200);
    expect((await waiting).status).toBe(200);
  });

  it('outside the scope are not read or acquired, and no list exceeds the scope', async () => {
    const name = foreign('deploy');
    await door.as('everything', 'PUT', lock(name), { owner: 'me', ttl: null });
    for (const answer of [
      await door.as('app', 'GET', lock(name)),
      await door.as('app', 'PUT', lock(name), { owner: 'x' }),
      await door.as('app', 'DELETE', lock(name), { owner: 'me' }),
      await door.as('app', 'GET', '/v1/locks'),
      await door.as('reader', 'PUT', lock(app()), { owner: 'x' }),
      await door.as('app', 'GET', `/v1/kv?prefix=locks/`),
      await door.as('app', 'PUT', '/', { resource: name, user_id: 'x' }),
      await door.as('app', 'GET', `/?resource=${name}`),
      await door.as('app', 'DELETE', `/?resource=${name}&user_id=me`),
      await door.as('app', 'PUT', `/v1/elections/${newKey()}`, { candidate: 'x' }),
    ])
      expect(codeOf(answer)).toEqual(DENIED);
    expect((await door.as('everything', 'GET', lock(name))).json().locked).toBe(true);
  });

  it('in the scope work with the simple lock API, and so do elections', async () => {
    const body = { resource: `/app/${newKey()}`, user_id: 'me' };
    expect((await door.as('app', 'PUT', '/', body)).json()).toEqual({ succeeded: true });
    expect((await door.as('app', 'GET', '/', body)).json()).toEqual({
      locked: true,
      user_id: 'me',
    });
    expect((await door.as('app', 'DELETE', '/', body)).json()).toEqual({ succeeded: true });
    const election = `/v1/elections/${encodeURIComponent(app('leader'))}`;
    const led = await door.as('locker', 'PUT', election, { candidate: 'me' });
    expect((await door.as('reader', 'GET', election)).json().leader.candidate).toBe('me');
    const { token } = led.json();
    expect((await door.as('locker', 'DELETE', election, { token })).status).toBe(200);
  });

  it('guard writes in the scope', async () => {
    const [name, key] = [app('deploy'), app()];
    const taken = await door.as('app', 'PUT', lock(name), { owner: 'me' });
    const guard = { lock: name, fencingToken: taken.json().fencingToken };
    expect((await door.as('app', 'PUT', kv(key), { value: 'v', guard })).status).toBe(200);
    const other = { lock: foreign(), fencingToken: 5 };
    const denied = await door.as('app', 'PUT', kv(key), { value: 'v', guard: other });
    expect(codeOf(denied)).toEqual(DENIED);
  });

  it('are released by force only with the right admin', async () => {
    const name = app('deploy');
    await door.as('app', 'PUT', lock(name), { owner: 'me', ttl: null });
    const force = (holder: 'app' | 'admin'): Promise<Answer> =>
      door.as(holder, 'DELETE', lock(name, '?force=true'));
    expect(codeOf(await force('app'))).toEqual(DENIED);
    expect((await door.as('app', 'GET', lock(name))).json().locked).toBe(true);
    expect((await force('admin')).status).toBe(200);
    expect((await door.as('app', 'GET', lock(name))).json().locked).toBe(false);
  });
});

describe('a lease', () => {
  const leaseWith = async (...keys: readonly string[]): Promise<string> => {
    const { id } = (await door.as('everything', 'POST', '/v1/leases', { ttl: 60 })).json();
    for (const key of keys) await put(key, 'v', { lease: id });
    return id as string;
  };

  it('with a key outside the scope is not read, listed, used, renewed or revoked', async () => {
    const [own, other] = [app(), foreign()];
    const id = await leaseWith(own, other);
    for (const answer of [
      await door.as('app', 'GET', `/v1/leases/${id}`),
      await door.as('app', 'POST', `/v1/leases/${id}/keepalive`),
      await door.as('app', 'DELETE', `/v1/leases/${id}`),
      await door.as('app', 'PUT', kv(app()), { value: 'v', lease: id }),
      await door.as('app', 'POST', '/v1/txn', {
        then: [{ put: { key: own, value: 'v', lease: id } }],
      }),
      await door.as('app', 'PUT', lock(app()), { owner: 'me', lease: id }),
      await door.as('reader', 'GET', `/v1/leases/${id}`),
    ]) {
      expect(codeOf(answer)).toEqual(DENIED);
      expect(answer.text).not.toContain(other);
    }
    expect([await statusOf(own), await statusOf(other)]).toEqual([200, 200]);
    expect(await listedTo('app')).not.toContain(id);
    expect(await listedTo('everything')).toContain(id);
  });

  it('with a lock entry outside the scope is not used either', async () => {
    const id = await leaseWith();
    const name = foreign('deploy');
    const taken = await door.as('everything', 'PUT', lock(name), { owner: 'me', lease: id });
    expect(taken.status).toBe(200);
    expect(codeOf(await door.as('app', 'DELETE', `/v1/leases/${id}`))).toEqual(DENIED);
    expect((await door.as('everything', 'GET', lock(name))).json().locked).toBe(true);
  });

  it('in the scope is read, listed, used, renewed and revoked', async () => {
    const [key, name] = [app(), app('deploy')];
    const id = await leaseWith(app());
    expect((await door.as('app', 'PUT', kv(key), { value: 'v', lease: id })).status).toBe(200);
    expect((await door.as('app', 'PUT', lock(name), { owner: 'me', lease: id })).status).toBe(200);
    expect((await door.as('reader', 'GET', `/v1/leases/${id}`)).json().keys).toContain(key);
    expect(await listedTo('app')).toContain(id);
    const renewed = await door.as('app', 'POST', `/v1/leases/${id}/keepalive`);
    expect(renewed.json().ttl).toBeGreaterThanOrEqual(60);
    expect(codeOf(await door.as('reader', 'DELETE', `/v1/leases/${id}`))).toEqual(DENIED);
    expect((await door.as('app', 'DELETE', `/v1/leases/${id}`)).status).toBe(200);
    expect(await statusOf(key)).toBe(404);
    expect((await door.as('app', 'GET', lock(name))).json().locked).toBe(false);
  });

  async function listedTo(holder: 'app' | 'everything'): Promise<string[]> {
    const ids: string[] = [];
    for (let next: string | undefined = '1'; next !== undefined;) {
      const query: string = next === '1' ? '' : `?next=${next}`;
      const page = (await door.as(holder, 'GET', `/v1/leases${query}`)).json();
      ids.push(...page.leases.map((lease: { id: string }) => lease.id));
      next = page.next;
    }
    return ids;
  }
});

describe('the v2 tree', () => {
  const node = (path: string): string => `/v2/keys${path}`;

  it('is written and read below the prefix, directories and their ttl included', async () => {
    const path = `/app/${newKey()}`;
    const set = await door.as('app', 'PUT', node(`${path}/deep/file`), { value: 'v' });
    expect([set.status, set.json().action]).toEqual([201, 'set']);
    const swap = { value: 'w', prevValue: 'v' };
    expect((await door.as('app', 'PUT', node(`${path}/deep/file`), swap)).json().action).toBe(
      'compareAndSwap',
    );
    const directory = await door.as('app', 'PUT', node(`${path}/short`), { dir: 'true', ttl: '1' });
    expect(directory.status).toBe(201);
    const listed = await door.as('reader', 'GET', node(`${path}?recursive=true`));
    expect(listed.json().node.nodes.length).toBeGreaterThanOrEqual(1);
    const gone = await door.as('app', 'DELETE', node(`${path}/deep?recursive=true`));
    expect(gone.json().action).toBe('delete');
    expect((await door.as('app', 'GET', node(`${path}/deep/file`))).status).toBe(404);
  });

  it('is not read or changed outside the prefix', async () => {
    const path = `/other/${newKey()}`;
    expect((await door.as('everything', 'PUT', node(path), { value: 'v' })).status).toBe(201);
    for (const answer of [
      await door.as('app', 'GET', node(path)),
      await door.as('app', 'PUT', node(path), { value: 'x' }),
      await door.as('app', 'DELETE', node(path)),
      await door.as('app', 'POST', node('/other'), { value: 'x' }),
      await door.as('app', 'GET', node('/?recursive=true')),
      await door.as('reader', 'PUT', node(`/app/${newKey()}`), { value: 'x' }),
    ])
      expect(answer.json()).toMatchObject({ errorCode: 110 });
    expect((await door.as('everything', 'GET', node(path))).json().node.value).toBe('v');
  });

  it('is listed and waited for at the directory of the prefix, although the directory key is outside the prefix', async () => {
    const path = `/app/${newKey()}`;
    const wait = await openWait(door.baseUrl, '/app', '&recursive=true', bearer('reader'));
    await door.as('app', 'PUT', node(path), { value: 'v' });
    expect(JSON.parse(await wait.ended)).toMatchObject({ action: 'set', node: { key: path } });
    for (const query of ['', '?recursive=true', '?sorted=true&quorum=true']) {
      const listed = await door.as('reader', 'GET', node(`/app${query}`));
      expect(listed.json()).toMatchObject({ action: 'get', node: { key: '/app', dir: true } });
      expect(listed.json().node.nodes).toContainEqual(expect.objectContaining({ key: path }));
    }
    for (const answer of [
      await door.as('app', 'PUT', node('/app'), { value: 'x' }),
      await door.as('app', 'PUT', node('/app'), { dir: 'true', prevExist: 'true', ttl: '9' }),
      await door.as('app', 'DELETE', node('/app?recursive=true')),
      await door.as('app', 'DELETE', node('/app?dir=true')),
      await door.as('reader', 'GET', node('/ap')),
      await door.as('reader', 'GET', node('/')),
    ])
      expect(answer.json()).toMatchObject({ errorCode: 110 });
  });

  it('is waited for below the prefix, with the actual action of each change', async () => {
    const path = `/app/${newKey()}`;
    const wait = await openWait(door.baseUrl, path, '', bearer('reader'));
    await door.as('app', 'PUT', node(path), { value: 'v', prevExist: 'false' });
    const event = JSON.parse(await wait.ended);
    expect(event).toMatchObject({ action: 'create', node: { value: 'v' } });
  });
});

describe('the right admin', () => {
  const b64 = (text: string): string => Buffer.from(text).toString('base64');

  it('is required for the raw API', async () => {
    const [key] = [app()];
    for (const path of ['/v3/kv/range', '/v3beta/kv/range', '/v3alpha/kv/range']) {
      for (const holder of ['app', 'everything', 'locker'] as const) {
        const answer = await door.as(holder, 'POST', path, { key: b64(key) });
        expect([answer.status, answer.json().code]).toEqual([403, 7]);
      }
      expect((await door.as('admin', 'POST', path, { key: b64(key) })).status).toBe(200);
    }
    const { id } = (await door.as('app', 'POST', '/v1/leases', { ttl: 60 })).json();
    const revoke = { ID: BigInt(`0x${id}`).toString() };
    expect((await door.as('app', 'POST', '/v3/lease/revoke', revoke)).status).toBe(403);
  });

  it('is required to compact', async () => {
    await put(app());
    const { revision } = (await put(app())).json();
    const compact = (holder: 'everything' | 'admin'): Promise<Answer> =>
      door.as(holder, 'POST', '/v1/compaction', { revision: revision - 1 });
    expect(codeOf(await compact('everything'))).toEqual(DENIED);
    expect((await compact('admin')).status).toBe(200);
  });

  it('is required to change members', async () => {
    const change = (holder: 'everything' | 'admin'): Promise<Answer> =>
      door.as(holder, 'DELETE', '/v2/members/123456');
    const denied = await change('everything');
    expect([denied.status, denied.json().message]).toEqual([
      403,
      expect.stringContaining('it lacks the right admin'),
    ]);
    const missing = await change('admin');
    expect([missing.status, missing.json()]).toEqual([404, { message: 'No such member: 123456' }]);
  });
});

describe('the token file', () => {
  it('is reloaded when it changes', async () => {
    const before = await readFile(door.tokensFile, 'utf8');
    const list = JSON.parse(before) as { name: string }[];
    const withoutReader = JSON.stringify(list.filter(({ name }) => name !== 'reader'));
    await writeFile(door.tokensFile, withoutReader);
    const status = async (): Promise<number> =>
      (await door.as('reader', 'GET', kv('app/none'))).status;
    await expect.poll(status, { timeout: 20_000, interval: 200 }).toBe(401);
    expect((await door.as('app', 'GET', kv('app/none'))).status).toBe(404);
    await writeFile(door.tokensFile, '[');
    await expect
      .poll(() => door.output(), { timeout: 20_000 })
      .toContain('cannot load the new API tokens; keeping the previous ones');
    expect((await door.as('app', 'GET', kv('app/none'))).status).toBe(404);
    await writeFile(door.tokensFile, before);
    await expect.poll(status, { timeout: 20_000, interval: 500 }).toBe(404);
  });

  it('ends the requests and streams of a token that is removed, and no others', async () => {
    const before = await readFile(door.tokensFile, 'utf8');
    onTestFinished(() => writeFile(door.tokensFile, before));
    const held = app('held');
    const queued = app('queued');
    await door.as('admin', 'PUT', lock(queued), { owner: 'first', ttl: 60 });
    const stream = (holder: Holder, method: string, path: string, body?: object) =>
      openEvents(door.baseUrl, method, path, {
        headers: { ...bearer(holder), ...(body !== undefined && JSON_TYPE) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    const hold = await stream('locker', 'POST', lock(held, '/hold'), { owner: 'me', ttl: 60 });
    await hold.until('acquired');
    const states = await stream('locker', 'GET', lock(held, '/events'));
    await states.until('state');
    const [watch, kept] = await Promise.all(
      (['app', 'everything'] as const).map((holder) =>
        openWatch(door.baseUrl, 'prefix=app/', { headers: bearer(holder) }),
      ),
    );
    const wait = await openWait(door.baseUrl, '/app', '&recursive=true&stream=true', bearer('app'));
    const waiting = door.as('app', 'PUT', lock(queued), { owner: 'me', ttl: 60, wait: 60 });
    const queueOf = async (name: string): Promise<[boolean, number]> => {
      const { locked, queueLength } = (await door.as('everything', 'GET', lock(name))).json();
      return [locked, queueLength];
    };
    await expect.poll(() => queueOf(queued), { timeout: 10_000 }).toEqual([true, 1]);

    const list = JSON.parse(before) as { name: string }[];
    const left = list.filter(({ name }) => name !== 'locker' && name !== 'app');
    await writeFile(door.tokensFile, JSON.stringify(left));

    const problem = { status: 401, code: 'unauthenticated' };
    expect((await hold.until('error')).data).toMatchObject(problem);
    expect((await states.until('error')).data).toMatchObject(problem);
    await Promise.all([hold.ended, states.ended, wait.ended]);
    expect(await watch?.ended).toContain('"code":"unauthenticated"');
    expect((await waiting).json()).toMatchObject(problem);
    // The gateway deletes their entries.
    await expect.poll(() => queueOf(held), { timeout: 10_000 }).toEqual([false, 0]);
    await expect.poll(() => queueOf(queued), { timeout: 10_000 }).toEqual([true, 0]);
    const key = app();
    await put(key);
    expect((await kept?.until(1))?.at(-1)?.data.key).toBe(key);
    kept?.close();
  }, 60_000);

  it('ends raw API streams of a token that loses the right admin', async () => {
    const before = await readFile(door.tokensFile, 'utf8');
    onTestFinished(() => writeFile(door.tokensFile, before));
    const body = JSON.stringify({ create_request: { key: btoa('x') } });
    const watch = await fetch(`${door.baseUrl}/v3/watch`, {
      method: 'POST',
      headers: bearer('admin'),
      body,
    });
    expect(watch.status).toBe(200);
    const list = JSON.parse(before) as { name: string }[];
    const narrowed = list.map((each) =>
      each.name === 'admin' ? { ...each, rights: ['read'] } : each,
    );
    await writeFile(door.tokensFile, JSON.stringify(narrowed));
    let text = '';
    const read = async (): Promise<void> => {
      for await (const chunk of watch.body ?? []) text += Buffer.from(chunk).toString();
    };
    await read().catch(() => undefined);
    expect(text).toContain('removed from the list');
  }, 60_000);
});
