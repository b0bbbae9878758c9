// The requests that a busy gateway rejects, and those that it never rejects.
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CallerLimits } from '../../../../src/http/load/caller-limits.js';
import type { CallerLimitsSettings } from '../../../../src/http/load/caller-limits.js';
import { GATEWAY_IDENTITY } from '../../../../src/core/caller.js';
import { createContext } from '../../../../src/http/request/context.js';
import { RequestLimiter } from '../../../../src/http/load/request-limiter.js';
import { createErrorHandler } from '../../../../src/http/response/problem.js';
import { StreamLimiter } from '../../../../src/http/load/stream-limiter.js';
import { send } from '../../../support/http-client.js';
import { eventually } from '../../../support/raw-router-server.js';

interface BusyServer {
  readonly url: string;
  readonly limiter: RequestLimiter;
  readonly rejected: string[];
  readonly eventLoop: { isLate: boolean };
  /** The number of requests without a response. */
  pending(): number;
  /** Responds to all pending requests. */
  finish(): void;
}

/** `/now` responds at once; `/work`, and `/wait` as a wait, at `finish`. */
async function startBusyServer(
  settings: CallerLimitsSettings & { requestsMax?: number } = {},
): Promise<BusyServer> {
  const rejected: string[] = [];
  const eventLoop = { isLate: false };
  const onRejected = (what: string): void => void rejected.push(what);
  const requestsMax = settings.requestsMax ?? 10;
  const limiter = new RequestLimiter({ requestsMax, eventLoop, onRejected });
  const callers = new CallerLimits(settings, onRejected);
  const streams = new StreamLimiter(100, [limiter, callers]);
  const pending: (() => void)[] = [];
  const app = express();
  app.use(
    createContext({ requestTimeoutSeconds: 10 }, GATEWAY_IDENTITY),
    limiter.admit(),
    callers.rate(),
  );
  app.get('/now', (_req, res) => void res.end());
  app.all(['/wait', '/'], (req, res) => {
    if (req.path === '/wait') streams.enterWait(res);
    pending.push(() => res.end());
  });
  app.use((_req, res) => void pending.push(() => res.end()));
  app.use(createErrorHandler(pino({ level: 'silent' })));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const finish = (): void => pending.splice(0).forEach((respond) => respond());
  onTestFinished(async () => {
    finish();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, limiter, rejected, eventLoop, pending: () => pending.length, finish };
}

const statusOf = async (server: BusyServer, path: string, method = 'GET'): Promise<number> =>
  (await send(server.url, method, path)).status;

describe('requests in progress', () => {
  it('are bounded: excess requests get 429 with Retry-After until a response ends', async () => {
    const server = await startBusyServer({ requestsMax: 3 });
    const work = [1, 2, 3].map(() => statusOf(server, '/work'));
    await eventually(() => server.limiter.active === 3);
    const excess = await send(server.url, 'GET', '/work');
    expect([excess.status, excess.json().code]).toEqual([429, 'too-many-requests']);
    expect(Number(excess.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(server.rejected).toEqual(['request']);
    server.finish();
    expect(await Promise.all(work)).toEqual([200, 200, 200]);
    expect(await statusOf(server, '/now')).toBe(200);
    await eventually(() => server.limiter.active === 0);
  });

  it('never cause the rejection of a renewal or a release', async () => {
    const server = await startBusyServer({ requestsMax: 1 });
    const work = statusOf(server, '/work');
    await eventually(() => server.limiter.active === 1);
    const renewals = [
      statusOf(server, '/', 'DELETE'),
      statusOf(server, '/v1/locks/a', 'DELETE'),
      statusOf(server, '/v1/locks/a/keepalive', 'POST'),
    ];
    await eventually(() => server.limiter.active === 4);
    server.finish();
    expect(await Promise.all([work, ...renewals])).toEqual([200, 200, 200, 200]);
  });

  it('do not include waits, which are rejected above four fifths of the limit', async () => {
    const server = await startBusyServer({ requestsMax: 5 });
    const waiting = Array.from({ length: 20 }, () => statusOf(server, '/wait'));
    await eventually(() => server.pending() === 20);
    expect(server.limiter.active).toBe(0);
    const work = Array.from({ length: 4 }, () => statusOf(server, '/work'));
    await eventually(() => server.limiter.active === 4);
    expect(await statusOf(server, '/wait')).toBe(429);
    expect(server.rejected).toEqual(['wait']);
    expect(await statusOf(server, '/now')).toBe(200);
    server.finish();
    expect(new Set(await Promise.all([...waiting, ...work]))).toEqual(new Set([200]));
    await eventually(() => server.limiter.active === 0);
  });

  it('are no longer counted after their clients disconnect', async () => {
    const server = await startBusyServer();
    const disconnect = new AbortController();
    const aborted = ['/work', '/wait', '/work'].map((path) =>
      send(server.url, 'GET', path, { signal: disconnect.signal }).catch(() => undefined),
    );
    await eventually(() => server.limiter.active === 2);
    disconnect.abort();
    await Promise.all(aborted);
    await eventually(() => server.limiter.active === 0);
  });
});

describe('L6: a process whose event loop is late', () => {
  it('rejects waits and serves all other requests', async () => {
    const server = await startBusyServer();
    server.eventLoop.isLate = true;
    expect(await statusOf(server, '/wait')).toBe(429);
    expect(await statusOf(server, '/now')).toBe(200);
    server.eventLoop.isLate = false;
    const waiting = statusOf(server, '/wait');
    await eventually(() => server.pending() === 1);
    server.finish();
    expect(await waiting).toBe(200);
  });
});

describe('one client', () => {
  it('gets 429 above its requests per second, after a burst of twice as many', async () => {
    const server = await startBusyServer({ callerRate: 5 });
    const statuses = await Promise.all(Array.from({ length: 40 }, () => statusOf(server, '/now')));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(10);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
    expect(server.rejected[0]).toBe('caller-rate');
    await eventually(async () => (await statusOf(server, '/now')) === 200);
  });

  it('releases and renews regardless of its rate', async () => {
    const server = await startBusyServer({ callerRate: 1 });
    await eventually(async () => (await statusOf(server, '/now')) === 429);
    const renewals = Array.from({ length: 5 }, () =>
      statusOf(server, '/v1/leases/a/keepalive', 'POST'),
    );
    await eventually(() => server.limiter.active === 5);
    server.finish();
    expect(new Set(await Promise.all(renewals))).toEqual(new Set([200]));
  });

  it('gets 429 above its number of concurrent waits and streams', async () => {
    const server = await startBusyServer({ callerStreamsMax: 2 });
    const waiting = [1, 2].map(() => statusOf(server, '/wait'));
    await eventually(() => server.pending() === 2);
    expect(await statusOf(server, '/wait')).toBe(429);
    expect(server.rejected).toEqual(['caller-streams']);
    server.finish();
    expect(await Promise.all(waiting)).toEqual([200, 200]);
    const again = statusOf(server, '/wait');
    await eventually(() => server.pending() === 1);
    server.finish();
    expect(await again).toBe(200);
  });
});

it('L13: counts no request whose client disconnects before the request is admitted', async () => {
  const limiter = new RequestLimiter({
    requestsMax: 10,
    eventLoop: { isLate: false },
    onRejected: () => undefined,
  });
  const app = express();
  let closed = 0;
  let served = 0;
  app.use((_req, res, next) => {
    // Authentication may take longer than the connection lasts.
    res.once('close', () => {
      closed++;
      setImmediate(next);
    });
  });
  app.use(limiter.admit());
  app.use((_req, res) => {
    served++;
    res.end();
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  for (let i = 0; i < 5; i++) {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', () => socket.destroy());
  }
  await expect.poll(() => closed).toBe(5);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect([limiter.active, served]).toEqual([0, 0]);
});
