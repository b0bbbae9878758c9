// Endpoints that fail in ways that only real connections can: a gateway before real members, and ways to them that the test holds in its hands.
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { startMember } from '../support/etcd.js';
import { BYTES_TYPE, send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { deadEndpoint, eventually } from '../support/raw-door.js';
import { serveTcpBetween } from '../support/tcp-between.js';

const etcd = inject('etcdEndpoint');

async function start(...endpoints: string[]): Promise<Gateway> {
  const gateway = await spawnGateway({ args: ['--endpoints', endpoints.join(',')] });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const put = (gateway: Gateway, key: string, seconds = '1') =>
  send(gateway.baseUrl, 'PUT', `/v1/kv/${key}`, {
    headers: { ...BYTES_TYPE, 'request-timeout': seconds },
    body: 'x',
  });

const get = (gateway: Gateway, key: string) => send(gateway.baseUrl, 'GET', `/v1/kv/${key}?raw`);

describe('an endpoint whose answers get lost', () => {
  it('F2 and F17: costs a read one attempt, and makes a write unknown that is there all the same', async () => {
    const between = await serveTcpBetween(etcd);
    const alone = await start(between.endpoint);
    const both = await start(between.endpoint, etcd);
    const key = newKey();
    between.swallow();
    const answer = await put(alone, key);
    expect([answer.status, answer.json().outcome]).toEqual([504, 'unknown']);
    for (let i = 0; i < 2; i++) expect((await get(both, key)).text).toBe('x');
    between.speak();
    await eventually(async () => (await get(alone, key)).text === 'x');
  });
});

describe('an endpoint of another cluster', () => {
  it('F44: never gets a call, whichever door it comes through', async () => {
    // The ID of a cluster comes from its token and its peers' addresses.
    const stranger = await startMember({ extraArgs: ['--initial-cluster-token=stranger'] });
    onTestFinished(() => stranger.stop());
    const gateway = await start(etcd, stranger.endpoint, etcd.replace('127.0.0.1', 'localhost'));
    const key = newKey();
    const body = JSON.stringify({ key: btoa(key), value: '' });
    for (let i = 0; i < 6; i++) {
      expect((await put(gateway, key)).status).toBe(200);
      expect((await send(gateway.baseUrl, 'POST', '/v3/kv/put', { body })).status).toBe(200);
    }
    await eventually(() => gateway.output().includes('belongs to another cluster'));
    const range = JSON.stringify({ key: btoa(key) });
    const there = await send(stranger.endpoint, 'POST', '/v3/kv/range', { body: range });
    expect(there.json().kvs).toBeUndefined();
  });
});

describe('endpoints that are all dead', () => {
  it('F15: are told as such, and as not applied, within the deadline', async () => {
    const args = ['--endpoints', `${await deadEndpoint()},${await deadEndpoint()}`];
    const gateway = await spawnGateway({ args, until: 'live' });
    onTestFinished(() => gateway.stop());
    const answers = await Promise.all(Array.from({ length: 50 }, () => put(gateway, newKey())));
    for (const answer of answers) {
      expect([answer.status, answer.json().outcome]).toEqual([503, 'not-applied']);
    }
  });
});
