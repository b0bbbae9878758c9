// Sessions with an etcd that asks who is there: what becomes of tokens that run out, passwords that are wrong, and authentication that is
// switched on and off under a running gateway. And what is open to whom.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { spawnGatewayBetween } from '../support/etcd-between.js';
import type { GatewayBetween } from '../support/etcd-between.js';
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
/** A token that nobody shows runs out at this time at the latest: etcd looks once a second. */
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
const authentications = ({ calls }: GatewayBetween): number =>
  calls.filter(({ path }) => path === '/v3/auth/authenticate').length;
const statusesOf = (answers: readonly Answer[]): number[] => [
  ...new Set(answers.map(({ status }) => status)),
];

async function gatewayFor(...args: string[]): Promise<Gateway> {
  const gateway = await spawnGateway({ args: [`--endpoints=${etcd.endpoint}`, ...args] });
  onTestFinished(() => gateway.stop());
  return gateway;
}

describe('a session whose token has run out at its member', () => {
  it('F19: is opened anew, once, and no caller hears of it', async () => {
    const between = await spawnGatewayBetween(etcd.endpoint, ['--auth=etcd']);
    expect((await put(between.baseUrl, 'app/f19', basic('ann'))).status).toBe(200);
    const before = authentications(between);
    await pause(TOKENS_GONE_MS);
    expect((await put(between.baseUrl, 'app/f19', basic('ann'))).status).toBe(200);
    expect(authentications(between)).toBe(before + 1);
  });

  it('F20: is opened once for a hundred who are refused at the same time', async () => {
    const between = await spawnGatewayBetween(etcd.endpoint, ['--auth=etcd']);
    await put(between.baseUrl, 'app/f20', basic('ann'));
    const before = authentications(between);
    await pause(TOKENS_GONE_MS);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => get(between.baseUrl, 'app/f20', basic('ann'))),
    );
    expect(statusesOf(answers)).toEqual([200]);
    expect(authentications(between)).toBe(before + 1);
  });

  it('is opened once for a hundred who come for the first time, and all are let in', async () => {
    const between = await spawnGatewayBetween(etcd.endpoint, ['--auth=etcd']);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => get(between.baseUrl, 'app/none', basic('ann'))),
    );
    expect(statusesOf(answers)).toEqual([404]);
    expect(authentications(between)).toBe(1);
  });

  it('costs a caller at the raw door nothing but another try', async () => {
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

describe('the password of the gateway itself', () => {
  it('F21: is not tried again and again when it is wrong', async () => {
    const between = await spawnGatewayBetween(etcd.endpoint, [
      `--user=root:${PASSWORDS.root}`,
      '--auth=none',
    ]);
    // As if it had been changed meanwhile.
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

  it('is believed, and its rights are lent to everybody, where that was written out', async () => {
    const gateway = await gatewayFor(`--user=root:${PASSWORDS.root}`, '--auth=none');
    expect((await put(gateway.baseUrl, 'other/lent')).status).toBe(200);
    const body = JSON.stringify({ key: btoa('other/lent') });
    expect((await send(gateway.baseUrl, 'POST', '/v3/kv/range', { body })).status).toBe(200);
    const headers = { authorization: await etcd.tokenOf('ann') };
    const own = await send(gateway.baseUrl, 'POST', '/v3/kv/range', { headers, body });
    expect(own.status).toBe(403);
    // Everywhere else it is ignored.
    expect((await get(gateway.baseUrl, 'other/lent', headers)).status).toBe(200);
  });
});

describe('guessing', () => {
  it('a password is refused after a while, for those who were not proved before', async () => {
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

  it('is bounded where etcd itself gives out tokens, too', async () => {
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

describe('F23: rights that change while requests come', () => {
  it('fail no request of who keeps his', async () => {
    const gateway = await gatewayFor('--auth=etcd');
    // etcd checks a password again and again while rights change: who has a session does not notice.
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

describe('F22: authentication that is switched off and on again', () => {
  const setAuth = async (isOn: boolean): Promise<void> => {
    if (isOn) await send(etcd.endpoint, 'POST', '/v3/auth/enable', { body: '{}' });
    else await etcd.ask('auth/disable', {});
  };

  it('lets nobody in while etcd asks nobody, and users again afterwards', async () => {
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

  it('does not disturb a gateway with a user of its own that serves everybody', async () => {
    const gateway = await gatewayFor(`--user=root:${PASSWORDS.root}`, '--auth=none');
    for (const isOn of [false, true, false, true]) {
      await setAuth(isOn);
      expect((await put(gateway.baseUrl, 'app/f22')).status).toBe(200);
    }
  });
});

describe('a user who is no user any more', () => {
  it('is refused at once, and his watch ends', async () => {
    const gateway = await gatewayFor('--auth=etcd');
    await etcd.ask('auth/user/add', { name: 'guest', password: 'of guest' });
    await etcd.ask('auth/user/grant', { user: 'guest', role: 'role-of-ann' });
    const guest = basic('guest' as UserName, 'of guest');
    expect((await put(gateway.baseUrl, 'app/guest', guest)).status).toBe(200);
    const watch = await openWatch(gateway.baseUrl, 'prefix=app/', { headers: guest });
    await etcd.ask('auth/user/delete', { name: 'guest' });
    expect((await put(gateway.baseUrl, 'app/guest', guest)).status).toBe(401);
    // Looked after every ten seconds.
    const text = await watch.ended;
    expect(text).toContain('"code":"unauthenticated"');
  }, 60_000);
});

describe('a user who loses a right', () => {
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

  it('to a lock holds it no longer, neither waits for it nor follows it', async () => {
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

  it('to write, but not to read, holds a lock no longer', async () => {
    const gateway = await gatewayFor('--auth=etcd');
    await grant('READWRITE');
    const holder = await hold(gateway.baseUrl, 'written');
    await holder.until('acquired');
    await grant('READ');
    expect((await holder.until('error', 60_000)).data.status).toBe(403);
  }, 120_000);
});

describe('an embedded etcd that asks who is there', () => {
  it('serves again when it is started again', async () => {
    const own = await startGuardedEtcd();
    onTestFinished(() => own.stop());
    await own.restart();
    expect(await own.tokenOf('ann')).toMatch(/^\S+$/);
  });
});

describe('a gateway that other machines can reach', () => {
  it('shows its numbers and documents to those alone whom it knows', async () => {
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
