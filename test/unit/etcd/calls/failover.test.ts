import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import nock from 'nock';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CallAuthenticator } from '../../../../src/etcd/auth/call-authenticator.js';
import { createAuthenticate } from '../../../../src/etcd/auth/authenticate.js';
import { createEtcdClient } from '../../../../src/etcd/client.js';
import type { EtcdClient } from '../../../../src/etcd/client.js';
import { EndpointPool } from '../../../../src/etcd/endpoints/pool.js';
import { isResponseTooLarge } from '../../../../src/etcd/calls/errors.js';
import { createConnector } from '../../../../src/etcd/transport/connection.js';
import { callEtcd } from '../../../../src/etcd/calls/failover.js';
import { RetryBudget } from '../../../../src/etcd/calls/retry-budget.js';
import { RPCS } from '../../../../src/etcd/rpc.js';
import { createTransport } from '../../../../src/etcd/transport/transport.js';
import { GatewayError } from '../../../../src/core/errors.js';
import { callerFor } from '../../../support/caller.js';
import { callerAs, tokenIdentity, userIdentity } from '../../../support/identities.js';

// nock puts sockets of its own between, and they do not take part in the making of a connection.
beforeAll(() => nock.restore());
afterAll(() => nock.activate());

const transport = createTransport(
  {
    socketsMax: 16,
    idleSocketsMax: 4,
    responseBytesMax: 10_000,
  },
  createConnector({ connectTimeoutMs: 300 }),
);
const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

function client(...endpoints: string[]): EtcdClient {
  const limits = { attemptTimeoutMs: 200, searchMs: 600, attemptsMax: 12 };
  return createEtcdClient({ pool: new EndpointPool(endpoints), transport, limits });
}

async function server(
  handle: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<string> {
  const made = createServer(handle).listen(0, '127.0.0.1');
  await new Promise((resolve) => made.once('listening', resolve));
  closers.push(() => {
    made.close();
    made.closeAllConnections();
  });
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

async function deadEndpoint(): Promise<string> {
  const url = await server(() => undefined);
  closers.pop()?.();
  return url;
}

async function errorOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GatewayError);
  return error as GatewayError;
}

const PUT_ANSWER = JSON.stringify({ header: { revision: '9' } });
const put = { key: Buffer.from('k'), value: Buffer.from('v') };

/** Collects each body that arrives, then answers as told. */
function recorder(answer: (res: ServerResponse, count: number) => void): {
  handle: (req: IncomingMessage, res: ServerResponse) => void;
  bodies: string[];
} {
  const bodies: string[] = [];
  const handle = (req: IncomingMessage, res: ServerResponse): void => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => answer(res, bodies.push(body)));
  };
  return { handle, bodies };
}

describe('callEtcd', () => {
  it('sends exactly what etcd expects', async () => {
    nock.activate();
    onTestFinished(() => nock.restore());
    nock('http://etcd.example:2379')
      .post('/v3/kv/put', { key: 'aw==', value: 'dg==' })
      .matchHeader('content-type', 'application/json')
      .matchHeader('grpc-metadata-hasleader', 'true')
      .reply(200, PUT_ANSWER);
    expect((await client('etcd.example:2379').put(callerFor(), put)).header.revision).toBe(9);
  });

  it('F1: takes a write to the next endpoint when the first refuses the connection, once', async () => {
    const { handle, bodies } = recorder((res) => res.end(PUT_ANSWER));
    const etcd = client(await deadEndpoint(), await server(handle));
    await etcd.put(callerFor(), put);
    expect(bodies).toHaveLength(1);
  });

  it('F2: takes a read to the next endpoint when the first accepts and hangs', async () => {
    const { handle } = recorder((res) => res.end(JSON.stringify({ header: { revision: '3' } })));
    const etcd = client(await server(() => undefined), await server(handle));
    expect((await etcd.range(callerFor(), { key: put.key })).header.revision).toBe(3);
  });

  it('F3: never sends a write again that was cut off after it was sent, and calls its outcome unknown', async () => {
    const { handle, bodies } = recorder((res) => res.socket?.resetAndDestroy());
    const url = await server(handle);
    const error = await errorOf(client(url, url).put(callerFor(), put));
    expect([error.code, error.outcome, error.retryAfterSeconds]).toEqual([
      'etcd-unavailable',
      'unknown',
      undefined,
    ]);
    expect(bodies).toHaveLength(1);
  });

  it('F4: sends a read again that died on a reused connection', async () => {
    const { handle, bodies } = recorder((res, count) =>
      count === 2 ? res.socket?.resetAndDestroy() : res.end(PUT_ANSWER),
    );
    const etcd = client(await server(handle));
    await etcd.range(callerFor(), { key: put.key });
    await etcd.range(callerFor(), { key: put.key });
    expect(bodies).toHaveLength(3);
  });

  it('F4: does not send a write again that died on a reused connection', async () => {
    const { handle, bodies } = recorder((res, count) =>
      count === 2 ? res.socket?.resetAndDestroy() : res.end(PUT_ANSWER),
    );
    const etcd = client(await server(handle));
    await etcd.put(callerFor(), put);
    expect((await errorOf(etcd.put(callerFor(), put))).outcome).toBe('unknown');
    expect(bodies).toHaveLength(2);
  });

  it('F5: calls an answer that is cut in the middle unknown', async () => {
    const { handle } = recorder((res) => {
      res.writeHead(200, { 'content-length': 100 });
      res.write('{"header":');
      setTimeout(() => res.socket?.destroy(), 20);
    });
    const error = await errorOf(client(await server(handle)).put(callerFor(), put));
    expect([error.code, error.outcome]).toEqual(['etcd-unavailable', 'unknown']);
  });

  it.each([
    ['HTML', '<html>'],
    ['nothing', ''],
    ['a list', '[1]'],
    ['a number', '7'],
  ])('F6: calls 200 with %s garbage', async (_, body) => {
    const { handle } = recorder((res) => res.end(body));
    const error = await errorOf(client(await server(handle)).put(callerFor(), put));
    expect([error.status, error.code, error.outcome]).toEqual([502, 'etcd-refused', 'unknown']);
  });

  it.each([
    ['F7', 503, { code: 14, message: 'etcdserver: request timed out' }],
    ['F8', 500, { code: 2, message: 'context deadline exceeded' }],
  ])(
    '%s: reports a write that etcd gave up as unknown after one try, and repeats a read',
    async (_, status, body) => {
      const { handle, bodies } = recorder((res, count) => {
        if (count === 3) res.end(PUT_ANSWER);
        else res.writeHead(status).end(JSON.stringify(body));
      });
      const etcd = client(await server(handle));
      expect((await errorOf(etcd.put(callerFor(), put))).outcome).toBe('unknown');
      expect(bodies).toHaveLength(1);
      await etcd.range(callerFor(), { key: put.key });
      expect(bodies).toHaveLength(3);
    },
  );

  it('F9: repeats a write that was refused before it was proposed, within its budget', async () => {
    const { handle, bodies } = recorder((res) =>
      res.writeHead(429).end(JSON.stringify({ code: 8, message: 'etcdserver: too many requests' })),
    );
    const error = await errorOf(client(await server(handle)).put(callerFor(), put));
    expect([error.code, error.outcome]).toEqual(['too-many-requests', undefined]);
    expect(bodies.length).toBeGreaterThan(1);
    expect(bodies.length).toBeLessThanOrEqual(12);
  });

  it('F10: does not repeat what fails for lack of space', async () => {
    const { handle, bodies } = recorder((res) =>
      res
        .writeHead(429)
        .end(JSON.stringify({ code: 8, message: 'etcdserver: mvcc: database space exceeded' })),
    );
    const error = await errorOf(client(await server(handle)).put(callerFor(), put));
    expect([error.code, error.outcome, bodies.length]).toEqual(['out-of-space', 'unknown', 1]);
  });

  it.each([412, 400])('F11: reads code 9 as etcd means it, with HTTP status %i', async (status) => {
    const { handle } = recorder((res) =>
      res
        .writeHead(status)
        .end(JSON.stringify({ code: 9, message: 'etcdserver: lease already exists' })),
    );
    const error = await errorOf(
      client(await server(handle)).leaseGrant(callerFor(), '4c4b000000000001', 5),
    );
    expect(error.code).toBe('already-exists');
  });

  it('F15: says that a write was not applied when no endpoint takes a connection, and does not storm', async () => {
    const error = await errorOf(
      client(await deadEndpoint(), await deadEndpoint()).put(callerFor(), put),
    );
    expect([error.status, error.code, error.outcome, error.retryAfterSeconds]).toEqual([
      503,
      'etcd-unavailable',
      'not-applied',
      1,
    ]);
  });

  it('F15: asks each endpoint once for each call, and again only as far as the budget goes', async () => {
    const { handle, bodies } = recorder((res) =>
      res.writeHead(503).end(JSON.stringify({ code: 14, message: 'etcdserver: no leader' })),
    );
    const pool = new EndpointPool([await server(handle), await server(handle)]);
    const budget = new RetryBudget({ tokensPerCall: 0, tokensPerSecond: 0, tokensMax: 10 });
    const calls = Array.from({ length: 20 }, () =>
      errorOf(callEtcd(callerFor(), { pool, transport, budget }, RPCS.put, '{}')),
    );
    const errors = await Promise.all(calls);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['no-leader']));
    expect(bodies).toHaveLength(20 * 2 + 10);
  });

  it('F44: takes no answer of another cluster, and asks that endpoint no more', async () => {
    const { handle } = recorder((res) => res.end('{"header":{"cluster_id":"2","revision":"9"}}'));
    const pool = new EndpointPool([await server(handle)], { requiresVerification: true });
    const [endpoint] = pool.all;
    pool.markVerified(endpoint!, '1');
    const etcd = createEtcdClient({ pool, transport });
    const error = await errorOf(etcd.put(callerFor(), put));
    expect([error.code, error.outcome]).toEqual(['etcd-refused', 'unknown']);
    const next = await errorOf(etcd.put(callerFor({ timeoutMs: 300 }), put));
    expect([next.code, next.outcome]).toEqual(['etcd-refused', 'not-applied']);
  });

  it('holds nothing against an endpoint that a caller in haste did not wait for', async () => {
    const pool = new EndpointPool([await server(() => undefined)]);
    const etcd = createEtcdClient({ pool, transport });
    for (let i = 0; i < 5; i++) await errorOf(etcd.put(callerFor({ timeoutMs: 50 }), put));
    expect(pool.stateOf(pool.all[0]!)).toBe('healthy');
  });

  it('tells 504 and an unknown outcome when a write was sent and time is up', async () => {
    const error = await errorOf(
      client(await server(() => undefined)).put(callerFor({ timeoutMs: 150 }), put),
    );
    expect([error.status, error.outcome]).toEqual([504, 'unknown']);
  });

  it('calls a call that got no connection in time surely not applied, and does not blame the endpoint', async () => {
    const busy = createTransport(
      {
        socketsMax: 1,
        idleSocketsMax: 1,
        responseBytesMax: 10_000,
      },
      createConnector({ connectTimeoutMs: 300 }),
    );
    closers.push(() => busy.close());
    const pool = new EndpointPool([await server(() => undefined)]);
    const failures: unknown[] = [];
    pool.reportFailure = (endpoint) => failures.push(endpoint);
    const etcd = createEtcdClient({ pool, transport: busy });
    const first = errorOf(etcd.put(callerFor({ timeoutMs: 600 }), put));
    const queued = await errorOf(etcd.put(callerFor({ timeoutMs: 200 }), put));
    expect([queued.status, queued.outcome]).toEqual([504, 'not-applied']);
    expect(failures).toEqual([]);
    expect((await first).outcome).toBe('unknown');
  });

  it('S12: follows no redirect', async () => {
    const { handle, bodies } = recorder((res) => res.end(PUT_ANSWER));
    const elsewhere = await server(handle);
    const url = await server((_, res) =>
      res.writeHead(307, { location: `${elsewhere}/v3/kv/put` }).end(),
    );
    expect((await errorOf(client(url).put(callerFor(), put))).status).toBe(502);
    expect(bodies).toEqual([]);
  });

  it('reads no answer that is larger than its limit', async () => {
    const { handle } = recorder((res) => res.end(JSON.stringify({ pad: 'x'.repeat(20_000) })));
    expect((await errorOf(client(await server(handle)).put(callerFor(), put))).outcome).toBe(
      'unknown',
    );
  });

  it('asks nobody else for an answer that is larger than its limit: it would be as large', async () => {
    const { handle, bodies } = recorder((res) =>
      res.end(JSON.stringify({ pad: 'x'.repeat(20_000) })),
    );
    const urls = [await server(handle), await server(handle)];
    const error = await errorOf(client(...urls).range(callerFor(), { key: Buffer.from('k') }));
    expect([error.status, isResponseTooLarge(error), bodies.length]).toEqual([502, true, 1]);
  });

  it('ends the upstream call when the caller hangs up', async () => {
    let isCut = false;
    const hangUp = new AbortController();
    const url = await server((req) => {
      req.socket.on('close', () => (isCut = true));
      hangUp.abort();
    });
    const call = client(url).range(callerFor({ signal: hangUp.signal }), { key: put.key });
    expect((await errorOf(call)).message).toBe('the client disconnected');
    await expect.poll(() => isCut).toBe(true);
  });

  it('reports a broken connection, not a disconnected client, if a timeout of the gateway aborts the call', async () => {
    const caller = callerFor({ signal: AbortSignal.timeout(50) });
    const { code, message } = await errorOf(
      client(await server(() => undefined)).range(caller, { key: put.key }),
    );
    expect([code, message]).toEqual([
      'etcd-unavailable',
      'the connection to etcd broke before it responded',
    ]);
  });
});

describe('callEtcd as a user', () => {
  /** A member that has the user ann and accepts only the token that it issued last. */
  async function member(isStale: (calls: number) => boolean = () => false) {
    const seen: string[] = [];
    let [given, calls] = [0, 0];
    const url = await server((req, res) => {
      req.resume().on('end', () => {
        const token = req.headers.authorization ?? 'none';
        seen.push(`${req.url ?? ''} ${token}`);
        if (req.url === '/v3/auth/authenticate') {
          res.end(JSON.stringify({ token: `t${++given}` }));
        } else if (token !== `t${given}` || isStale(++calls)) {
          res.statusCode = 401;
          res.end(JSON.stringify({ code: 16, message: 'etcdserver: invalid auth token' }));
        } else {
          res.end(PUT_ANSWER);
        }
      });
    });
    const authenticator = new CallAuthenticator({ authenticate: createAuthenticate(transport) });
    const limits = { attemptTimeoutMs: 200, searchMs: 600, attemptsMax: 12 };
    const etcd = createEtcdClient({
      pool: new EndpointPool([url]),
      transport,
      limits,
      authenticator,
    });
    return { etcd, seen };
  }

  it('authenticates once, before anything else', async () => {
    const { etcd, seen } = await member();
    const ann = callerAs(userIdentity('ann'));
    await etcd.put(ann, put);
    await etcd.put(ann, put);
    expect(seen).toEqual(['/v3/auth/authenticate none', '/v3/kv/put t1', '/v3/kv/put t1']);
  });

  it('authenticates again when the token expired, and repeats the rejected write', async () => {
    const { etcd, seen } = await member((calls) => calls === 2);
    const ann = callerAs(userIdentity('ann'));
    await etcd.put(ann, put);
    await etcd.put(ann, put);
    expect(seen.slice(2)).toEqual(['/v3/kv/put t1', '/v3/auth/authenticate none', '/v3/kv/put t2']);
  });

  it('gives up when a member rejects the tokens that it issued', async () => {
    const { etcd, seen } = await member(() => true);
    const error = await errorOf(etcd.put(callerAs(userIdentity('ann')), put));
    expect([error.code, error.outcome]).toEqual(['etcd-unavailable', 'not-applied']);
    expect(seen).toHaveLength(4);
  });

  it('fails with 401 for a token that no member accepts, after one attempt at each', async () => {
    const { etcd, seen } = await member();
    const error = await errorOf(
      etcd.put(callerAs(tokenIdentity('stolen'), { timeoutMs: 300 }), put),
    );
    expect([error.status, error.code]).toEqual([401, 'unauthenticated']);
    expect(new Set(seen)).toEqual(new Set(['/v3/kv/put stolen']));
  });

  it('requests the version without a token', async () => {
    const { etcd, seen } = await member();
    await errorOf(etcd.version(callerAs(userIdentity('ann'), { timeoutMs: 300 })));
    expect(seen[0]).toBe('/version none');
  });
});
