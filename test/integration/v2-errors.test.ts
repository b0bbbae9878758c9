// Errors of the gateway at v2 paths other than /v2/keys, compared with an etcd 3.4 that serves v2 with authentication.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { bearer, startTokenGateway } from '../support/token-gateway.js';
import type { TokenGateway } from '../support/token-gateway.js';

const ATTEMPTS_MAX = 200;
const PEERS = JSON.stringify({ peerURLs: ['http://127.0.0.1:1'] });

let folder = '';
let etcd: Member;
let gateway: TokenGateway;
let withoutEtcd: Gateway;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
  etcd = await startMember({ version: '3.4', extraArgs: ['--enable-v2'] });
  // The v2 API has its own users, separate from those of v3.
  const root = JSON.stringify({ user: 'root', password: 'of root' });
  await send(etcd.endpoint, 'PUT', '/v2/auth/users/root', { headers: JSON_TYPE, body: root });
  await send(etcd.endpoint, 'PUT', '/v2/auth/enable');
  const authorization = `Basic ${btoa('root:of root')}`;
  await send(etcd.endpoint, 'DELETE', '/v2/auth/roles/guest', { headers: { authorization } });
  [gateway, withoutEtcd] = await Promise.all([
    startTokenGateway(etcd.endpoint, folder),
    spawnGateway({
      args: ['--endpoints=http://127.0.0.1:1', '--request-timeout=2', '--log-level=error'],
      until: 'live',
    }),
  ]);
});
afterAll(async () => {
  await Promise.all([gateway.stop(), withoutEtcd.stop()]);
  await etcd.stop();
  await rm(folder, { recursive: true, force: true });
});

function messageOf({ status, headers, text }: Answer): [number, unknown, unknown] {
  return [status, headers['content-type'], JSON.parse(text)];
}
const jsonMessage = (status: number, message: unknown): [number, string, object] => [
  status,
  'application/json',
  { message },
];
const containing = (text: string): unknown => expect.stringContaining(text);

const READS = [
  '/v2/members',
  '/v2/members/leader',
  '/v2/stats/self',
  '/v2/stats/leader',
  '/v2/leader',
];

describe('an error at a v2 path other than /v2/keys is a JSON message', () => {
  it.each([...READS, '/v2/stats/store', '/v2/machines'])(
    'S36: for a request without credentials at %s',
    async (path) => {
      const answer = await send(gateway.baseUrl, 'GET', path);
      expect(messageOf(answer)).toEqual(jsonMessage(401, 'Insufficient credentials'));
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    },
  );

  it('S36: for a member change without credentials, like in etcd', async () => {
    const sent = { headers: JSON_TYPE, body: PEERS };
    const etcdResponse = messageOf(await send(etcd.endpoint, 'POST', '/v2/members', sent));
    expect(etcdResponse).toEqual(jsonMessage(401, 'Insufficient credentials'));
    expect(messageOf(await send(gateway.baseUrl, 'POST', '/v2/members', sent))).toEqual(
      etcdResponse,
    );
  });

  it('S36: for an unknown method, in plain text like in etcd', async () => {
    for (const path of ['/v2/members', '/v2/machines', '/v2/stats/self']) {
      const sent = { headers: bearer('admin') };
      const etcdResponse = await send(etcd.endpoint, 'PATCH', path);
      const response = await send(gateway.baseUrl, 'PATCH', path, sent);
      expect([response.status, response.headers['content-type'], response.text]).toEqual([
        etcdResponse.status,
        etcdResponse.headers['content-type'],
        etcdResponse.text,
      ]);
      expect(response.headers.allow).toContain('GET');
    }
  });

  it.each(READS)('S36: while etcd is down, with the status that etcd uses: %s', async (path) => {
    const answer = await send(withoutEtcd.baseUrl, 'GET', path);
    expect(messageOf(answer)).toEqual(jsonMessage(500, expect.any(String)));
    expect(answer.text).not.toContain('urn:');
  });

  it('S36: for a body that is too large, with a hint', async () => {
    const headers = { ...JSON_TYPE, ...bearer('admin') };
    const body = JSON.stringify({ peerURLs: ['a'.repeat(1_000_000)] });
    const answer = await send(gateway.baseUrl, 'POST', '/v2/members', { headers, body });
    expect(messageOf(answer)).toEqual(jsonMessage(413, containing('; ')));
  });

  it('S36: for a wrong Host and a foreign Origin', async () => {
    const sendWith = (headers: Record<string, string>): Promise<Answer> =>
      send(gateway.baseUrl, 'GET', '/v2/members', { headers });
    expect(messageOf(await sendWith({ host: 'other.example' }))).toEqual(
      jsonMessage(421, containing('--allowed-hosts')),
    );
    expect(messageOf(await sendWith({ origin: 'http://other.example' }))).toEqual(
      jsonMessage(403, containing('--cors-origins')),
    );
  });

  it('S36: for an invalid Request-Timeout', async () => {
    const headers = { 'request-timeout': 'soon' };
    const answer = await send(gateway.baseUrl, 'GET', '/v2/stats/self', { headers });
    expect(messageOf(answer)).toEqual(jsonMessage(400, containing('write seconds')));
  });

  // This test is last, because the gateway rejects further attempts afterwards.
  it('S36: for too many failed attempts', async () => {
    let answer: Answer | undefined;
    for (let count = 0; answer?.status !== 429 && count < ATTEMPTS_MAX; count++) {
      const headers = { authorization: `Bearer guess-${count}-0123456789` };
      answer = await send(gateway.baseUrl, 'GET', '/v2/members', { headers });
    }
    expect(messageOf(answer!)).toEqual(jsonMessage(429, containing('too many attempts')));
    expect(answer!.headers['retry-after']).toBeDefined();
  });
});
