// Sessions with an etcd that has authentication: expired tokens, wrong passwords, and authentication that is disabled and enabled while the
// gateway runs. Also which paths need credentials.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import type { InterceptedGateway } from '../support/etcd-interceptor.js';
import { PASSWORDS, basic, startGuardedEtcd } from '../support/guarded-etcd.js';
import type { GuardedEtcd, UserName } from '../support/guarded-etcd.js';
import { openEvents } from '../support/event-stream.js';
import { JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { openWatch } from '../support/watch-reader.js';

const TOKEN_TTL_SECONDS = 2;
/** An unused token expires after this at the latest: etcd checks once a second. */
const TOKENS_GONE_MS = (TOKEN_TTL_SECONDS + 2) * 1_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let etcd: GuardedEtcd;
beforeAll(async () => {
  etcd = await startGuardedEtcd({ extraArgs: [`--auth-token-ttl=${TOKEN_TTL_SECONDS}`] });
});
afterAll(() => etcd.stop());

const get = (baseUrl: string, key: string, headers = {}): Promise<Answer> =>
  send(baseUrl, 'GET', `/v1/kv/${key}`, { headers });
const put = (baseUrl: string, key: string, headers = {}): Promise<Answer> =>
  send(baseUrl, 'PUT', `/v1/kv/${key}`, {
    headers: { ...JSON_TYPE, ...headers },
    body: '{"value":"v"}',
  });
const authentications = ({ calls }: InterceptedGateway): number =>
  calls.filter(({ path }) => path === '/v3/auth/authenticate').length;
const statusesOf = (answers: readonly Answer[]): number[] => [
  ...new Set(answers.map(({ status }) => status)),
];

async function gatewayFor(...args: string[]): Promise<Gateway> {
  const gateway = await spawnGateway({ args: [`--endpoints=${etcd.endpoint}`, ...args] });
  onTestFinished(() => gateway.stop());
  return gateway;
}

describe('a session whose token expired at its member', () => {
  it('F19: is opened again, once, without an error for the client', async () => {
    const between = await spawnInterceptedGateway(etcd.endpoint, ['--auth=etcd']);
    expect((await put(between.baseUrl, 'app/f19', basic('ann'))).status).toBe(200);
    const before = authentications(between);
    await pause(TOKENS_GONE_MS);
    expect((await put(between.baseUrl, 'app/f19', basic('ann'))).status).toBe(200);
    expect(authentications(between)).toBe(before + 1);
  });

  it('F20: is opened once for a hundred requests that are rejected at the same time', async () => {
    const between = await spawnInterceptedGateway(etcd.endpoint, ['--auth=etcd']);
    await put(between.baseUrl, 'app/f20', basic('ann'));
    const before = authentications(between);
    await pause(TOKENS_GONE_MS);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => get(between.baseUrl, 'app/f20', basic('ann'))),
    );
    expect(statusesOf(answers)).toEqual([200]);
    expect(authentications(between)).toBe(before + 1);
  });

  it('is opened once for a hundred first requests, and all succeed', async () => {
    const between = await spawnInterceptedGateway(etcd.endpoint, ['--auth=etcd']);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => get(between.baseUrl, 'app/none', basic('ann'))),
    );
    expect(statusesOf(answers)).toEqual([404]);
    expect(authentications(between)).toBe(1);
  });

  it('fails one request at the raw API, and the next one succeeds', async () => {
    const gateway = await gatewayFor('--auth=etcd');
    const range = (): Promise<Answer> =>
      send(gateway.baseUrl, 'POST', '/v3/kv/range', {
        headers: basic('ann'),
        body: JSON.stringify({ key: btoa('app/raw') }),
      });
    expect((await range()).status).toBe(200);
    await pause(TOKENS_GONE_MS);
    const first = await range();
    expect([200, 503]).toContain(first.status);
    if (first.status === 503) expect(first.headers['retry-after']).toBe('1');
    expect((await range()).status).toBe(200);
  });
});

describe("the password of the gateway's own user", () => {
  it('F21: is tried rarely after etcd rejected it', async () => {
    const between = await spawnInterceptedGateway(etcd.endpoint, [
      `--user=root:${PASSWORDS.root}`,
      '--auth=none',
    ]);
    // As if the password had been changed meanwhile.
    between.intercept((call, forward) =>
      call.path === '/v3/auth/authenticate'
        ? send(etcd.endpoint, 'POST', call.path, { body: call.body.replace('of root', 'wrong') })
        : forward(),
    );
    const before = authentications(between);
    await pause(TOKENS_GONE_MS);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => get(between.baseUrl, newKey())),
    );
    expect(statusesOf(answers)).toEqual([502]);
    expect(answers[0]?.json()).toMatchObject({ code: 'etcd-refused' });
    expect(authentications(between)).toBeLessThanOrEqual(before + 2);
  });

  it('gives its rights to all clients with an explicit --auth=none', async () => {
    const gateway = await gatewayFor(`--user=root:${PASSWORDS.root}`, '--auth=none');
    expect((await put(gateway.baseUrl, 'other/lent')).status).toBe(200);
    const body = JSON.stringify({ key: btoa('other/lent') });
    expect((await send(gateway.baseUrl, 'POST', '/v3/kv/range', { body })).status).toBe(200);
    const headers = { authorization: await etcd.tokenOf('ann') };
    const own = await send(gateway.baseUrl, 'POST', '/v3/kv/range', { headers, body });
    expect(own.status).toBe(403);
    // The other APIs ignore it.
    expect((await get(gateway.baseUrl, 'other/lent', headers)).status).toBe(200);
  });
});

describe('a client that guesses', () => {
  it('passwords gets 429 after a while, unless its credentials were verified before', async () => {
    const gateway = await gatewayFor('--auth=etcd');
    expect((await get(gateway.baseUrl, 'app/none', basic('ann'))).status).toBe(404);
    const statuses: number[] = [];
    for (let i = 0; i < 40 && statuses.at(-1) !== 429; i++) {
      statuses.push((await get(gateway.baseUrl, 'app/none', basic('bob', `${i}`))).status);
    }
    expect(statuses.at(0)).toBe(401);
    const last = await get(gateway.baseUrl, 'app/none', basic('bob', 'again'));
    expect([last.status, last.json().code]).toEqual([429, 'too-many-requests']);
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    expect((await get(gateway.baseUrl, 'app/none', basic('ann'))).status).toBe(404);
  });

  it('is limited at the authenticate RPC too', async () => {
    const gateway = await gatewayFor('--auth=etcd');
    const body = JSON.stringify({ name: 'bob', password: 'wrong' });
    const answers = await Promise.all(
      Array.from({ length: 40 }, () =>
        send(gateway.baseUrl, 'POST', '/v3beta/auth/authenticate', { body }),
      ),
    );
    expect(answers.map(({ status }) => status)).toContain(429);
  });
});

describe('F23: rights that change while requests arrive', () => {
  it('fail no request of users whose rights stay the same', async () => {
    const gateway = await gatewayFor('--auth=etcd');
    // etcd repeats checks of passwords while rights change. Users with a session are not affected.
    expect((await put(gateway.baseUrl, 'app/f23', basic('ann'))).status).toBe(200);
    let isOver = false;
    const answers: Answer[] = [];
    const writing = Array.from({ length: 4 }, async (_, writer) => {
      while (!isOver) answers.push(await put(gateway.baseUrl, `app/f23-${writer}`, basic('ann')));
    });
    await etcd.ask('auth/role/add', { name: 'passing' });
    for (let i = 0; answers.length < 100 && i < 400; i++) {
      await pause(50);
      const perm = { permType: 'READ', key: btoa(`passing${i}`) };
      await etcd.ask('auth/role/grant', { name: 'passing', perm });
    }
    isOver = true;
    await Promise.all(writing);
    expect(answers.length).toBeGreaterThan(0);
    expect(statusesOf(answers)).toEqual([200]);
  });
});

describe('F22: authentication that is disabled and enabled again', () => {
  const setAuth = async (isOn: boolean): Promise<void> => {
    if (isOn) await send(etcd.endpoint, 'POST', '/v3/auth/enable', { body: '{}' });
    else await etcd.ask('auth/disable', {});
  };

  it('rejects all users while it is disabled, and accepts them afterwards', async () => {
    const gateway = await gatewayFor('--auth=etcd');
    await setAuth(false);
    onTestFinished(() => setAuth(true));
    for (const headers of [basic('bob'), { authorization: 'aaaaaaaaaaaaaaaa.7' }]) {
      const answer = await get(gateway.baseUrl, 'app/none', headers);
      expect([401, 502]).toContain(answer.status);
    }
    expect((await get(gateway.baseUrl, 'app/none', basic('bob'))).json().code).toBe('etcd-refused');
    await setAuth(true);
    await expect
      .poll(async () => (await get(gateway.baseUrl, 'other/none', basic('bob'))).status, {
        timeout: 15_000,
      })
      .toBe(404);
  });

  it('does not affect a gateway with its own user and --auth=none', async () => {
    const gateway = await gatewayFor(`--user=root:${PASSWORDS.root}`, '--auth=none');
    for (const isOn of [false, true, false, true]) {
      await setAuth(isOn);
      expect((await put(gateway.baseUrl, 'app/f22')).status).toBe(200);
    }
  });
});

describe('a deleted user', () => {
  it('is rejected at once, and its watch ends', async () => {
    const gateway = await gatewayFor('--auth=etcd');
    await etcd.ask('auth/user/add', { name: 'guest', password: 'of guest' });
    await etcd.ask('auth/user/grant', { user: 'guest', role: 'role-of-ann' });
    const guest = basic('guest' as UserName, 'of guest');
    expect((await put(gateway.baseUrl, 'app/guest', guest)).status).toBe(200);
    const watch = await openWatch(gateway.baseUrl, 'prefix=app/', { headers: guest });
    await etcd.ask('auth/user/delete', { name: 'guest' });
    expect((await put(gateway.baseUrl, 'app/guest', guest)).status).toBe(401);
    // The rights to a watch are checked every ten seconds.
    const text = await watch.ended;
    expect(text).toContain('"code":"unauthenticated"');
  }, 60_000);
});

describe('a user that loses a right', () => {
  const prefix = 'locks/lost%2F';
  const grant = (permType: string): Promise<Answer> =>
    etcd.ask('auth/role/grant', {
      name: 'locker',
      perm: { permType, key: btoa(prefix), range_end: btoa('locks/lost%2G') },
    });
  const user = basic('locker' as UserName, 'of locker');
  const lock = (name: string, rest = ''): string => `/v1/locks/lost%2F${name}${rest}`;
  const hold = (baseUrl: string, name: string) =>
    openEvents(baseUrl, 'POST', lock(name, '/hold'), {
      headers: { ...user, ...JSON_TYPE },
      body: JSON.stringify({ owner: 'me', ttl: 60 }),
    });
  beforeAll(async () => {
    await etcd.ask('auth/user/add', { name: 'locker', password: 'of locker' });
    await etcd.ask('auth/role/add', { name: 'locker' });
    await etcd.ask('auth/user/grant', { user: 'locker', role: 'locker' });
  });

  it('to a lock loses the lock, its place in the queue and its event stream', async () => {
    const gateway = await gatewayFor('--auth=etcd');
    await grant('READWRITE');
    const holder = await hold(gateway.baseUrl, 'all');
    await holder.until('acquired');
    const waiter = await hold(gateway.baseUrl, 'all');
    await waiter.until('waiting');
    const states = await openEvents(gateway.baseUrl, 'GET', lock('all', '/events'), {
      headers: user,
    });
    await states.until('state');
    await etcd.ask('auth/role/revoke', {
      role: 'locker',
      key: btoa(prefix),
      range_end: btoa('locks/lost%2G'),
    });
    const limitMs = 60_000;
    for (const stream of [holder, waiter, states]) {
      const problem = { status: 403, code: 'permission-denied' };
      expect((await stream.until('error', limitMs)).data).toMatchObject(problem);
      await stream.ended;
    }
    const refused = await openEvents(gateway.baseUrl, 'GET', lock('all', '/events'), {
      headers: user,
    });
    expect((await refused.until('error')).data.status).toBe(403);
  }, 120_000);

  it('to write, but not to read, loses its lock', async () => {
    const gateway = await gatewayFor('--auth=etcd');
    await grant('READWRITE');
    const holder = await hold(gateway.baseUrl, 'written');
    await holder.until('acquired');
    await grant('READ');
    expect((await holder.until('error', 60_000)).data.status).toBe(403);
  }, 120_000);
});

describe('an embedded etcd with authentication', () => {
  it('serves again after a restart', async () => {
    const own = await startGuardedEtcd();
    onTestFinished(() => own.stop());
    await own.restart();
    expect(await own.tokenOf('ann')).toMatch(/^\S+$/);
  });
});

describe('a gateway that other machines can reach', () => {
  it('serves metrics and documentation only to authenticated clients', async () => {
    const port = Number(new URL(etcd.endpoint).port);
    const gateway = await spawnGateway({
      args: [`--endpoints=127.0.0.1:${port}`, '--auth=etcd', '--listen=0.0.0.0:0'],
      until: 'nothing',
    });
    onTestFinished(() => gateway.stop());
    const url = await expect
      .poll(() => /"url":"http:\/\/[^:]+:(\d+)"/.exec(gateway.output())?.[1], { timeout: 30_000 })
      .toBeDefined()
      .then(() => /"url":"http:\/\/[^:]+:(\d+)"/.exec(gateway.output())?.[1]);
    const baseUrl = `http://127.0.0.1:${url}`;
    for (const path of ['/metrics', '/docs/', '/openapi/latchkey.yaml']) {
      expect([path, (await send(baseUrl, 'GET', path)).status]).toEqual([path, 401]);
      const known = await send(baseUrl, 'GET', path, { headers: basic('ann') });
      expect([path, known.status]).toEqual([path, 200]);
    }
    for (const path of ['/livez', '/readyz', '/version', '/health']) {
      expect([path, (await send(baseUrl, 'GET', path)).status]).toEqual([path, 200]);
    }
  });
});
