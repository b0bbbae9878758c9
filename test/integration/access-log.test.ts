// The access log next to the responses: the line of an error names its code, at every API.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { JSON_TYPE, send } from '../support/http-client.js';
import type { Sent } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';

const LINE_LIMIT_MS = 10_000;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await spawnGateway({ args: ['--endpoints', inject('etcdEndpoint')] });
});
afterAll(() => gateway.stop());

interface Line {
  readonly status: number;
  readonly code?: string;
}

/** The line of the request, which is written when its response is over. */
async function lineOf(requestId: string): Promise<Line | undefined> {
  const find = (): Line | undefined => {
    const written = gateway.output().split('\n');
    const line = written.find((each) => each.includes(requestId) && each.includes('"path"'));
    return line === undefined ? undefined : (JSON.parse(line) as Line);
  };
  await expect.poll(find, { timeout: LINE_LIMIT_MS }).toBeDefined();
  return find();
}

async function logged(method: string, path: string, { headers, body }: Sent): Promise<Line> {
  const requestId = newKey();
  const { status } = await send(gateway.baseUrl, method, path, {
    headers: { ...JSON_TYPE, ...headers, 'x-request-id': requestId },
    ...(body !== undefined && { body }),
  });
  const line = await lineOf(requestId);
  expect(line?.status).toBe(status);
  return line!;
}

const KEY = newKey();

describe('S41: the line of an error response has its code', () => {
  it.each([
    ['GET', `/v1/kv/${KEY}`, {}, 404, 'key-not-found'],
    ['PUT', `/v1/kv/${KEY}`, { body: '{' }, 400, 'invalid-request'],
    ['POST', `/v1/locks/${KEY}`, {}, 405, 'method-not-allowed'],
    ['GET', '/nothing', {}, 404, 'not-found'],
    ['PUT', '/', { body: '{}' }, 400, 'invalid-request'],
    ['GET', `/v2/keys/${KEY}`, {}, 404, 'key-not-found'],
    ['PATCH', `/v2/keys/${KEY}`, {}, 405, 'method-not-allowed'],
    ['POST', '/v2/members', { body: '{}' }, 403, 'permission-denied'],
    ['PUT', '/v2/machines', {}, 405, 'method-not-allowed'],
    ['GET', '/v2/members/none', {}, 404, 'not-found'],
    ['GET', '/v2/nothing', {}, 404, 'not-found'],
    ['GET', '/v3/kv/range', {}, 405, 'method-not-allowed'],
    ['POST', '/v3/nothing', {}, 404, 'not-found'],
    ['POST', '/v3/cluster/member/add', { body: '{}' }, 403, 'permission-denied'],
    ['GET', '/v1/kv', { headers: { origin: 'http://other' } }, 403, 'foreign-origin'],
  ] as const)('%s %s', async (method, path, sent, status, code) => {
    expect(await logged(method, path, sent)).toMatchObject({ status, code });
  });

  it('no code for a success, nor for an error response of etcd, which passes unread', async () => {
    const success = await logged('PUT', `/v1/kv/${KEY}`, { body: '{"value":"a"}' });
    expect([success.status, success.code]).toEqual([200, undefined]);
    const ofEtcd = await logged('POST', '/v3/kv/put', { body: '{}' });
    expect([ofEtcd.status, ofEtcd.code]).toEqual([400, undefined]);
  });
});
