// The errors that the gateway makes at the raw v3 API, next to those of the etcd behind it: clients compare status, text and code.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { basic, startGuardedEtcd } from '../support/guarded-etcd.js';
import type { GuardedEtcd } from '../support/guarded-etcd.js';
import { send } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { sendRaw, request } from '../support/raw-socket.js';

const PREFIXES = ['/v3', '/v3beta', '/v3alpha'];
const RANGE = JSON.stringify({ key: btoa('app/a') });
const FORGED = 'aaaaaaaaaaaaaaaa.3';

let etcd: GuardedEtcd;
let users: Gateway;
let lender: Gateway;
beforeAll(async () => {
  etcd = await startGuardedEtcd();
  const args = ['--endpoints', etcd.endpoint, '--log-level=warn'];
  [users, lender] = await Promise.all([
    spawnGateway({ args: [...args, '--auth=etcd', '--body-limit=65536'] }),
    spawnGateway({ args: [...args, '--auth=none', '--user=root:of root'] }),
  ]);
});
afterAll(async () => {
  await Promise.all([users.stop(), lender.stop()]);
  await etcd.stop();
});

type Words = readonly [status: number, message: unknown, code: unknown];

async function words(
  baseUrl: string,
  path: string,
  headers: Record<string, string>,
  body = RANGE,
): Promise<Words> {
  const answer = await send(baseUrl, 'POST', path, { headers, body });
  const { error, message, code } = answer.json();
  // etcd 3.6 has no `error`.
  expect(error ?? message).toBe(message);
  return [answer.status, message, code];
}

/** Both in the same words. */
async function expectSame(path: string, headers: Record<string, string>, body = RANGE) {
  const ofEtcd = await words(etcd.endpoint, path.replace(/^\/v3\w*/, '/v3'), headers, body);
  expect(await words(users.baseUrl, path, headers, body)).toEqual(ofEtcd);
  return ofEtcd;
}

describe('with --auth=etcd', () => {
  it.each(PREFIXES)(
    'S36: requests without credentials are refused as by etcd: %s',
    async (prefix) => {
      for (const path of ['kv/range', 'kv/put', 'auth/user/list']) {
        const ofEtcd = await expectSame(`${prefix}/${path}`, {});
        expect(ofEtcd).toEqual([400, 'etcdserver: user name is empty', 3]);
      }
    },
  );

  it.each(PREFIXES)('S36: unknown tokens are refused as by etcd: %s', async (prefix) => {
    for (const token of ['nonsense', FORGED]) {
      for (const name of ['Authorization', 'Grpc-Metadata-Token', 'Grpc-Metadata-Authorization']) {
        const ofEtcd = await expectSame(`${prefix}/kv/range`, { [name]: token });
        expect(ofEtcd).toEqual([401, 'etcdserver: invalid auth token', 16]);
      }
    }
  });

  it('S36: a wrong password is refused in the words of etcd', async () => {
    const body = JSON.stringify({ name: 'ann', password: 'wrong' });
    const ofEtcd = await expectSame('/v3/auth/authenticate', {}, body);
    expect(await words(users.baseUrl, '/v3/kv/range', basic('ann', 'wrong'))).toEqual(ofEtcd);
  });

  it('S36: rights that are missing are refused as by etcd', async () => {
    const headers = { authorization: await etcd.tokenOf('ann') };
    for (const path of ['kv/range', 'auth/user/list', 'auth/role/add']) {
      const body = JSON.stringify({ key: btoa('other/a'), name: 'x' });
      const ofEtcd = await expectSame(`/v3/${path}`, headers, body);
      expect(ofEtcd).toEqual([403, 'etcdserver: permission denied', 7]);
    }
  });

  it('S36: a body that is too large, a wrong method and an unknown path have the texts of etcd', async () => {
    const headers = { authorization: await etcd.tokenOf('ann') };
    const large = JSON.stringify({ key: btoa('app/a'), value: 'A'.repeat(2_200_000) });
    const [, message, code] = await words(etcd.endpoint, '/v3/kv/put', headers, large);
    expect(message).toBe('etcdserver: request is too large');
    const ofGateway = await words(users.baseUrl, '/v3/kv/put', headers, large);
    expect(ofGateway).toEqual([413, message, code]);
    for (const [method, path] of [
      ['GET', '/v3/kv/range'],
      ['PUT', '/v3/kv/put'],
      ['POST', '/v3/kv/nothing'],
    ] as const) {
      const ofEtcd = await send(etcd.endpoint, method, path, { headers });
      const answer = await send(users.baseUrl, method, path, { headers });
      // Since 3.5 etcd returns JSON, and 501 for a wrong method; the gateway keeps the status of 3.4.
      const isJson = ofEtcd.text.startsWith('{');
      expect(answer.json().message).toBe(isJson ? ofEtcd.json().message : ofEtcd.text.trim());
      if (!isJson) expect(answer.status).toBe(ofEtcd.status);
    }
  });

  it('S36: what the gateway adds is in a field of its own', async () => {
    const answer = await send(users.baseUrl, 'POST', '/v3/kv/range', { body: '{}' });
    expect(answer.json().detail).toContain('send Authorization');
  });
});

describe('a token in gRPC metadata', () => {
  const NAMES = ['Grpc-Metadata-Token', 'Grpc-Metadata-Authorization'];

  it.each(NAMES)('S36: is taken as Authorization: %s', async (name) => {
    const headers = { [name]: await etcd.tokenOf('ann') };
    const { text } = await send(etcd.endpoint, 'POST', '/v3/kv/range', { headers, body: RANGE });
    expect(JSON.parse(text)).toHaveProperty('header');
    for (const { baseUrl } of [users, lender]) {
      const own = await send(baseUrl, 'POST', '/v3/kv/range', { headers, body: RANGE });
      expect([own.status, own.text]).toEqual([200, expect.stringContaining('header')]);
    }
  });

  it.each(NAMES)('S36: never runs with the rights that the gateway lends: %s', async (name) => {
    const body = JSON.stringify({ key: btoa('other/a') });
    const lent = await send(lender.baseUrl, 'POST', '/v3/kv/range', { body });
    expect(lent.status).toBe(200);
    const headers = { [name]: await etcd.tokenOf('ann') };
    const denied = await words(lender.baseUrl, '/v3/kv/range', headers, body);
    expect(denied).toEqual([403, 'etcdserver: permission denied', 7]);
    const unknown = await words(lender.baseUrl, '/v3/kv/range', { [name]: FORGED }, body);
    expect(unknown).toEqual([401, 'etcdserver: invalid auth token', 16]);
  });

  it('S36: is refused next to other credentials, twice, and if it is not ASCII', async () => {
    const token = await etcd.tokenOf('ann');
    for (const { baseUrl } of [users, lender]) {
      const port = Number(new URL(baseUrl).port);
      for (const headers of [
        [`Authorization: ${token}`, `Grpc-Metadata-Token: ${token}`],
        [`Authorization: ${token}`, `Grpc-Metadata-Authorization: ${token}`],
        [`Grpc-Metadata-Authorization: ${token}`, `Grpc-Metadata-Token: ${token}`],
        [`Grpc-Metadata-Token: ${token}`, `grpc-metadata-token: ${token}`],
        ['Grpc-Metadata-Token: größe'],
      ]) {
        const answer = await sendRaw(port, request('POST /v3/kv/range', headers, RANGE));
        expect([headers, answer.status]).toEqual([headers, 400]);
        expect(answer.body).toContain('"code":3');
      }
    }
  });
});

describe('a change of members with --auth=none', () => {
  const DENIED: Words = [403, 'etcdserver: permission denied', 7];
  const ID = '1';
  const CHANGES = ['add', 'remove', 'update', 'promote'].flatMap((change) =>
    PREFIXES.map((prefix) => `${prefix}/cluster/member/${change}`),
  );
  const body = JSON.stringify({ ID, peerURLs: ['http://127.0.0.1:1'] });

  it.each(CHANGES)('S41: is refused without credentials, as at /v2/members: %s', async (path) => {
    for (const baseUrl of [inject('gatewayUrl'), lender.baseUrl]) {
      expect(await words(baseUrl, path, {}, body)).toEqual(DENIED);
      const { detail } = (await send(baseUrl, 'POST', path, { body })).json();
      expect(detail).toContain('run the gateway with --auth=tokens or --auth=etcd');
      const ofV2 = await send(baseUrl, 'POST', '/v2/members', { body });
      expect([ofV2.status, ofV2.json()]).toEqual([403, { message: detail }]);
    }
    // Without authentication some versions of etcd accept every token, others refuse it.
    const forged = { authorization: FORGED };
    expect([401, 403]).toContain((await words(inject('gatewayUrl'), path, forged, body))[0]);
    expect((await words(lender.baseUrl, path, forged, body))[0]).toBe(401);
  });

  it('S41: is left to etcd with a token of etcd', async () => {
    const path = '/v3/cluster/member/update';
    for (const [user, status] of [
      ['ann', 403],
      ['root', 404],
    ] as const) {
      const headers = { authorization: await etcd.tokenOf(user) };
      const ofEtcd = await words(etcd.endpoint, path, headers, body);
      expect(ofEtcd[0]).toBe(status);
      expect(await words(lender.baseUrl, path, headers, body)).toEqual(ofEtcd);
    }
  });

  it('S41: reads of members need no credentials', async () => {
    const answer = await send(inject('gatewayUrl'), 'POST', '/v3/cluster/member/list', {
      body: '{}',
    });
    expect(answer.status).toBe(200);
  });
});

// The last one: afterwards the gateway refuses further attempts.
describe('too many attempts', () => {
  it('S36: an address that guesses too often has too many requests', async () => {
    let answer: Words = [0, '', 0];
    for (let count = 0; answer[0] !== 429 && count < 200; count++)
      answer = await words(users.baseUrl, '/v3/kv/range', basic('bob', `guess ${count}`));
    expect(answer).toEqual([429, 'etcdserver: too many requests', 8]);
  });
});
