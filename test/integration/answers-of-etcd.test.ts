// What etcd, or something in its place, answers instead of a result: a gateway before a real etcd, and a proxy between that changes answers.
import { gzipSync } from 'node:zlib';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { startMember } from '../support/etcd.js';
import { replaceResponse, refuse, startFaultProxy } from '../support/fault-proxy.js';
import type { Call, FaultProxy } from '../support/fault-proxy.js';
import { BYTES_TYPE, JSON_TYPE, send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';

/** What a call is sent at most, each endpoint counted. */
const ATTEMPTS_MAX = 16;
const MEGABYTE = 1024 * 1024;

interface Between {
  readonly proxy: FaultProxy;
  readonly baseUrl: string;
}

async function startBetween(etcd = inject('etcdEndpoint')): Promise<Between> {
  const proxy = await startFaultProxy(etcd);
  onTestFinished(() => proxy.stop());
  const gateway = await spawnGateway({ args: ['--endpoints', proxy.endpoint] });
  onTestFinished(() => gateway.stop());
  return { proxy, baseUrl: gateway.baseUrl };
}

const put = ({ baseUrl }: Between, key: string, body: string | Buffer = 'x') =>
  send(baseUrl, 'PUT', `/v1/kv/${key}`, { headers: BYTES_TYPE, body });
const get = ({ baseUrl }: Between, key: string) => send(baseUrl, 'GET', `/v1/kv/${key}?raw`);
const names =
  (key: string) =>
  ({ keys }: Call): boolean =>
    keys.includes(key);
const sent = ({ proxy }: Between, key: string): number => proxy.calls.filter(names(key)).length;
/** Returns how often a write of this key reached etcd. */
const writes = async (key: string): Promise<number> =>
  (await send(inject('gatewayUrl'), 'GET', `/v1/kv/${key}`)).json().version ?? 0;

const TIMED_OUT = { code: 14, message: 'etcdserver: request timed out' };
const DEADLINE = { code: 2, message: 'context deadline exceeded' };
const NO_SPACE = { code: 8, message: 'etcdserver: mvcc: database space exceeded' };
const BUSY = refuse(429, { code: 8, message: 'etcdserver: too many requests' });

describe('an invalid response with status 200', () => {
  it.each([
    ['HTML', '<html><body>It works!</body></html>', {}],
    ['nothing', '', {}],
    [
      'half of something compressed',
      gzipSync('{"header":{"revision":"9"}}').subarray(0, 20),
      { 'content-encoding': 'gzip' },
    ],
  ] as const)(
    'F6: such as %s leaves the outcome of a write unknown, and makes a read go out again',
    async (_, text, headers) => {
      const between = await startBetween();
      const key = newKey();
      const garbage = replaceResponse(200, text, headers);
      const underWrite = between.proxy.next(names(key), garbage);
      const answer = await put(between, key);
      await underWrite;
      expect([answer.status, answer.json().code, answer.json().outcome]).toEqual([
        502,
        'etcd-refused',
        'unknown',
      ]);
      expect([sent(between, key), await writes(key)]).toEqual([1, 1]);
      const underRead = between.proxy.next(names(key), garbage);
      expect((await get(between, key)).text).toBe('x');
      await underRead;
    },
  );
});

describe('an error that does not state what was applied', () => {
  it.each([
    ['F7: "request timed out"', 503, TIMED_OUT],
    ['F8: "context deadline exceeded"', 500, DEADLINE],
  ])(
    '%s leaves the outcome of a write unknown, sent once, and makes a read go out again',
    async (_, status, body) => {
      const between = await startBetween();
      const key = newKey();
      const fault = replaceResponse(status, JSON.stringify(body));
      const underWrite = between.proxy.next(names(key), fault);
      const answer = await put(between, key);
      await underWrite;
      expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
      expect([sent(between, key), await writes(key)]).toEqual([1, 1]);
      const underRead = between.proxy.next(names(key), fault);
      expect((await get(between, key)).text).toBe('x');
      await underRead;
      expect(sent(between, key)).toBe(3);
    },
  );
});

describe('an overloaded etcd', () => {
  it('F9: gets the request again later, also for writes, up to the maximum number of attempts', async () => {
    const between = await startBetween();
    const key = newKey();
    const first = between.proxy.next(names(key), BUSY);
    const second = first.then(() => between.proxy.next(names(key), BUSY));
    expect((await put(between, key)).status).toBe(200);
    await second;
    expect([sent(between, key), await writes(key)]).toEqual([3, 1]);

    const other = newKey();
    const stop = between.proxy.every(names(other), BUSY);
    const answer = await put(between, other);
    stop();
    expect([answer.status, answer.json().code]).toEqual([429, 'too-many-requests']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(sent(between, other)).toBeGreaterThan(1);
    expect(sent(between, other)).toBeLessThanOrEqual(ATTEMPTS_MAX);
  });
});

describe('an etcd that is full', () => {
  it('F10: gets a write once, whose response states the reason, and still serves reads', async () => {
    const member = await startMember({ extraArgs: [`--quota-backend-bytes=${4 * MEGABYTE}`] });
    onTestFinished(() => member.stop());
    const between = await startBetween(member.endpoint);
    const value = Buffer.alloc(MEGABYTE, 'v');
    const first = newKey();
    expect((await put(between, first, value)).status).toBe(200);
    let key = newKey();
    let answer = await put(between, key, value);
    for (let more = 0; more < 10 && answer.status === 200; more++) {
      key = newKey();
      answer = await put(between, key, value);
    }
    expect([answer.status, answer.json().code, answer.json().outcome]).toEqual([
      503,
      'out-of-space',
      'unknown',
    ]);
    expect(answer.json().hint).toContain('alarm');
    expect(sent(between, key)).toBe(1);
    expect((await get(between, first)).bytes).toHaveLength(MEGABYTE);
  });
});

// Between a write and its turn others may have filled the database: etcd then does it, and says that it has no space (seen on 3.6.14).
describe('an etcd that has become full since a write was proposed', () => {
  const late = replaceResponse(429, JSON.stringify(NO_SPACE));

  it('F10: does what it refuses: the outcome is unknown, and the lease that the key is on stays', async () => {
    const between = await startBetween();
    const key = newKey();
    expect((await put(between, key, 'old')).status).toBe(200);
    const struck = between.proxy.next(names(key), late);
    const path = `/v1/kv/${key}?ttl=60`;
    const answer = await send(between.baseUrl, 'PUT', path, { headers: BYTES_TYPE, body: 'new' });
    await struck;
    expect([answer.status, answer.json()]).toMatchObject([
      503,
      { code: 'out-of-space', outcome: 'unknown' },
    ]);
    // A lease without keys is revoked at once, after the response.
    await pause(1_000);
    expect((await get(between, key)).text).toBe('new');
  });

  it('F10: leaves no entry in a queue: a client that entered acquires', async () => {
    const between = await startBetween();
    const lock = newKey();
    const struck = between.proxy.next(({ kind }) => kind === 'enter', late);
    const answer = await send(between.baseUrl, 'PUT', `/v1/locks/${lock}`, {
      headers: JSON_TYPE,
      body: JSON.stringify({ owner: 'me', wait: 5 }),
    });
    await struck;
    expect([answer.status, answer.json().owner]).toEqual([200, 'me']);
  });
});

describe('a failed precondition', () => {
  it.each([412, 400])(
    'F11: is what it is with status %i, as old or new etcds give it',
    async (status) => {
      const between = await startBetween();
      const id = newKey().replace(/\D/g, '').slice(0, 8).padStart(8, '7');
      const grant = () =>
        send(between.baseUrl, 'POST', '/v1/leases', {
          headers: JSON_TYPE,
          body: JSON.stringify({ ttl: 60, id }),
        });
      expect((await grant()).status).toBe(200);
      const struck = between.proxy.next(
        ({ kind }) => kind === 'grant',
        async (_call, forward) => ({ ...(await forward()), status }),
      );
      const answer = await grant();
      await struck;
      expect([answer.status, answer.json().code]).toEqual([409, 'already-exists']);
    },
  );
});
