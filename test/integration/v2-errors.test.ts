// The errors that the gateway makes at the paths of v2 around the keys, next to those of an etcd 3.4 with v2 and its authentication.
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
import { bearer, openTokenDoor } from '../support/token-door.js';
import type { TokenDoor } from '../support/token-door.js';

const ATTEMPTS_MAX = 200;
const PEERS = JSON.stringify({ peerURLs: ['http://127.0.0.1:1'] });

let folder = '';
let etcd: Member;
let door: TokenDoor;
let withoutEtcd: Gateway;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
  etcd = await startMember({ version: '3.4', extraArgs: ['--enable-v2'] });
  // The users of v2 are others than those of v3.
  const root = JSON.stringify({ user: 'root', password: 'of root' });
  await send(etcd.endpoint, 'PUT', '/v2/auth/users/root', { headers: JSON_TYPE, body: root });
  await send(etcd.endpoint, 'PUT', '/v2/auth/enable');
  const authorization = `Basic ${btoa('root:of root')}`;
  await send(etcd.endpoint, 'DELETE', '/v2/auth/roles/guest', { headers: { authorization } });
  [door, withoutEtcd] = await Promise.all([
    openTokenDoor(etcd.endpoint, folder),
    spawnGateway({
      args: ['--endpoints=http://127.0.0.1:1', '--request-timeout=2', '--log-level=error'],
      until: 'live',
    }),
  ]);
});
afterAll(async () => {
  await Promise.all([door.stop(), withoutEtcd.stop()]);
  await etcd.stop();
  await rm(folder, { recursive: true, force: true });
});

function messageOf({ status, headers, text }: Answer): [number, unknown, unknown] {
  return [status, headers['content-type'], JSON.parse(text)];
}
const answered = (status: number, message: unknown): [number, string, object] => [
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

describe('an error at a path of v2 around the keys is a message', () => {
  it.each([...READS, '/v2/stats/store', '/v2/machines'])(
    'S36: without credentials at %s',
    async (path) => {
      const answer = await send(door.baseUrl, 'GET', path);
      expect(messageOf(answer)).toEqual(answered(401, 'Insufficient credentials'));
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    },
  );

  it('S36: without credentials at a change of members, as by etcd', async () => {
    const sent = { headers: JSON_TYPE, body: PEERS };
    const ofEtcd = messageOf(await send(etcd.endpoint, 'POST', '/v2/members', sent));
    expect(ofEtcd).toEqual(answered(401, 'Insufficient credentials'));
    expect(messageOf(await send(door.baseUrl, 'POST', '/v2/members', sent))).toEqual(ofEtcd);
  });

  it('S36: for a method that no API has, in plain text as by etcd', async () => {
    for (const path of ['/v2/members', '/v2/machines', '/v2/stats/self']) {
      const sent = { headers: bearer('admin') };
      const ofEtcd = await send(etcd.endpoint, 'PATCH', path);
      const own = await send(door.baseUrl, 'PATCH', path, sent);
      expect([own.status, own.headers['content-type'], own.text]).toEqual([
        ofEtcd.status,
        ofEtcd.headers['content-type'],
        ofEtcd.text,
      ]);
      expect(own.headers.allow).toContain('GET');
    }
  });

  it.each(READS)('S36: while etcd is down, with the status of etcd: %s', async (path) => {
    const answer = await send(withoutEtcd.baseUrl, 'GET', path);
    expect(messageOf(answer)).toEqual(answered(500, expect.any(String)));
    expect(answer.text).not.toContain('urn:');
  });

  it('S36: for a body that is too large, with what to do about it', async () => {
    const headers = { ...JSON_TYPE, ...bearer('admin') };
    const body = JSON.stringify({ peerURLs: ['a'.repeat(1_000_000)] });
    const answer = await send(door.baseUrl, 'POST', '/v2/members', { headers, body });
    expect(messageOf(answer)).toEqual(answered(413, containing('; ')));
  });

  it('S36: for another host and a page of another site', async () => {
    const to = (headers: Record<string, string>): Promise<Answer> =>
      send(door.baseUrl, 'GET', '/v2/members', { headers });
    expect(messageOf(await to({ host: 'other.example' }))).toEqual(
      answered(421, containing('--allowed-hosts')),
    );
    expect(messageOf(await to({ origin: 'http://other.example' }))).toEqual(
      answered(403, containing('--cors-origins')),
    );
  });

  it('S36: for an invalid Request-Timeout', async () => {
    const headers = { 'request-timeout': 'soon' };
    const answer = await send(door.baseUrl, 'GET', '/v2/stats/self', { headers });
    expect(messageOf(answer)).toEqual(answered(400, containing('write seconds')));
  });

  // The last one: afterwards the gateway refuses further attempts.
  it('S36: for too many attempts', async () => {
    let answer: Answer | undefined;
    for (let count = 0; answer?.status !== 429 && count < ATTEMPTS_MAX; count++) {
      const headers = { authorization: `Bearer guess-${count}-0123456789` };
      answer = await send(door.baseUrl, 'GET', '/v2/members', { headers });
    }
    expect(messageOf(answer!)).toEqual(answered(429, containing('too many attempts')));
    expect(answer!.headers['retry-after']).toBeDefined();
  });
});
