// What a busy gateway refuses, and what it never does.
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CallerLimits } from '../../../../src/http/load/caller-limits.js';
import type { CallerLimitsSettings } from '../../../../src/http/load/caller-limits.js';
import { GATEWAY_IDENTITY } from '../../../../src/core/caller.js';
import { createContext } from '../../../../src/http/request/context.js';
import { LateLooks } from '../../../../src/http/load/event-loop.js';
import { Load } from '../../../../src/http/load/load.js';
import { createErrorHandler } from '../../../../src/http/response/problem.js';
import { StreamLimiter } from '../../../../src/http/load/stream-limiter.js';
import { TokenBuckets } from '../../../../src/http/load/token-buckets.js';
import { isUpkeep } from '../../../../src/http/request/classification.js';
import { send } from '../../../support/http-client.js';
import { eventually } from '../../../support/raw-door.js';

interface Busy {
  readonly url: string;
  readonly load: Load;
  readonly shed: string[];
  readonly pace: { isLate: boolean };
  /** Requests that wait for `finish`. */
  unanswered(): number;
  finish(): void;
}

/** `/work` answers when it is told to, `/wait` waits as long, `/now` answers at once. */
async function serveBusy(
  settings: CallerLimitsSettings & { requestsMax?: number } = {},
): Promise<Busy> {
  const shed: string[] = [];
  const pace = { isLate: false };
  const onShed = (what: string): void => void shed.push(what);
  const load = new Load({ requestsMax: settings.requestsMax ?? 10, pace, onShed });
  const callers = new CallerLimits(settings, onShed);
  const room = new StreamLimiter(100, [load, callers]);
  const unanswered: (() => void)[] = [];
  const app = express();
  app.use(
    createContext({ requestTimeoutSeconds: 10 }, GATEWAY_IDENTITY),
    load.admit(),
    callers.rate(),
  );
  app.get('/now', (_req, res) => void res.end());
  app.all(['/wait', '/'], (req, res) => {
    if (req.path === '/wait') room.enterWait(res);
    unanswered.push(() => res.end());
  });
  app.use((_req, res) => void unanswered.push(() => res.end()));
  app.use(createErrorHandler(pino({ level: 'silent' })));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const finish = (): void => unanswered.splice(0).forEach((answer) => answer());
  onTestFinished(async () => {
    finish();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, load, shed, pace, unanswered: () => unanswered.length, finish };
}

const statusOf = async (busy: Busy, path: string, method = 'GET'): Promise<number> =>
  (await send(busy.url, method, path)).status;

describe('requests in progress', () => {
  it('are bounded: one more gets 429 and when to come back, until one is over', async () => {
    const busy = await serveBusy({ requestsMax: 3 });
    const work = [1, 2, 3].map(() => statusOf(busy, '/work'));
    await eventually(() => busy.load.active === 3);
    const refused = await send(busy.url, 'GET', '/work');
    expect([refused.status, refused.json().code]).toEqual([429, 'too-many-requests']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(busy.shed).toEqual(['request']);
    busy.finish();
    expect(await Promise.all(work)).toEqual([200, 200, 200]);
    expect(await statusOf(busy, '/now')).toBe(200);
    await eventually(() => busy.load.active === 0);
  });

  it('never keep a renewal or a release out', async () => {
    const busy = await serveBusy({ requestsMax: 1 });
    const work = statusOf(busy, '/work');
    await eventually(() => busy.load.active === 1);
    const upkeep = [
      statusOf(busy, '/', 'DELETE'),
      statusOf(busy, '/v1/locks/a', 'DELETE'),
      statusOf(busy, '/v1/locks/a/keepalive', 'POST'),
    ];
    await eventually(() => busy.load.active === 4);
    busy.finish();
    expect(await Promise.all([work, ...upkeep])).toEqual([200, 200, 200, 200]);
  });

  it('are not those who wait; of them no new one is taken while four fifths are in progress', async () => {
    const busy = await serveBusy({ requestsMax: 5 });
    const waiting = Array.from({ length: 20 }, () => statusOf(busy, '/wait'));
    await eventually(() => busy.unanswered() === 20);
    expect(busy.load.active).toBe(0);
    const work = Array.from({ length: 4 }, () => statusOf(busy, '/work'));
    await eventually(() => busy.load.active === 4);
    expect(await statusOf(busy, '/wait')).toBe(429);
    expect(busy.shed).toEqual(['wait']);
    expect(await statusOf(busy, '/now')).toBe(200);
    busy.finish();
    expect(new Set(await Promise.all([...waiting, ...work]))).toEqual(new Set([200]));
    await eventually(() => busy.load.active === 0);
  });

  it('are counted right when callers hang up', async () => {
    const busy = await serveBusy();
    const hangUp = new AbortController();
    const gone = ['/work', '/wait', '/work'].map((path) =>
      send(busy.url, 'GET', path, { signal: hangUp.signal }).catch(() => undefined),
    );
    await eventually(() => busy.load.active === 2);
    hangUp.abort();
    await Promise.all(gone);
    await eventually(() => busy.load.active === 0);
  });
});

describe('L6: a process that is behind with its work', () => {
  it('takes no new wait, and everything else', async () => {
    const busy = await serveBusy();
    busy.pace.isLate = true;
    expect(await statusOf(busy, '/wait')).toBe(429);
    expect(await statusOf(busy, '/now')).toBe(200);
    busy.pace.isLate = false;
    const waiting = statusOf(busy, '/wait');
    await eventually(() => busy.unanswered() === 1);
    busy.finish();
    expect(await waiting).toBe(200);
  });

  it('is one that was late at two looks in a row', () => {
    const looks = new LateLooks(100);
    const seen = [10, 5_000, 10, 101, 102, 103, 100, 300, Number.NaN, 300].map((meanDelayMs) => {
      looks.look(meanDelayMs);
      return looks.isLate;
    });
    expect(seen).toEqual([false, false, false, false, true, true, false, false, false, false]);
  });
});

describe('one caller', () => {
  it('makes so many requests a second, with a burst of twice as many; then he gets 429', async () => {
    const busy = await serveBusy({ callerRate: 5 });
    const statuses = await Promise.all(Array.from({ length: 40 }, () => statusOf(busy, '/now')));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(10);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
    expect(busy.shed[0]).toBe('caller-rate');
    await eventually(async () => (await statusOf(busy, '/now')) === 200);
  });

  it('gives back and renews whatever his rate', async () => {
    const busy = await serveBusy({ callerRate: 1 });
    await eventually(async () => (await statusOf(busy, '/now')) === 429);
    const upkeep = Array.from({ length: 5 }, () =>
      statusOf(busy, '/v1/leases/a/keepalive', 'POST'),
    );
    await eventually(() => busy.load.active === 5);
    busy.finish();
    expect(new Set(await Promise.all(upkeep))).toEqual(new Set([200]));
  });

  it('waits and streams so many times at once', async () => {
    const busy = await serveBusy({ callerStreamsMax: 2 });
    const waiting = [1, 2].map(() => statusOf(busy, '/wait'));
    await eventually(() => busy.unanswered() === 2);
    expect(await statusOf(busy, '/wait')).toBe(429);
    expect(busy.shed).toEqual(['caller-streams']);
    busy.finish();
    expect(await Promise.all(waiting)).toEqual([200, 200]);
    const again = statusOf(busy, '/wait');
    await eventually(() => busy.unanswered() === 1);
    busy.finish();
    expect(await again).toBe(200);
  });
});

describe('token buckets', () => {
  it('give back what time brings, up to their size, each key its own', () => {
    let now = 0;
    const buckets = new TokenBuckets(2, 3, () => now);
    const take = (key: string): number => buckets.take(key);
    expect([take('a'), take('a'), take('a'), take('a'), take('b')]).toEqual([0, 0, 0, 0.5, 0]);
    now = 250;
    expect(take('a')).toBe(0.25);
    now = 500;
    expect([take('a'), take('a')]).toEqual([0, 0.5]);
    now = 1_000_000;
    expect([take('a'), take('a'), take('a'), take('a')]).toEqual([0, 0, 0, 0.5]);
  });

  it('are at most ten thousand: who has not come for longest is forgotten', () => {
    const buckets = new TokenBuckets(1, 1, () => 0);
    for (let i = 0; i < 10_000; i++) buckets.take(`key-${i}`);
    expect(buckets.take('key-0')).toBeGreaterThan(0);
    buckets.take('one more');
    expect(buckets.keys).toBe(10_000);
    expect([buckets.take('key-0') > 0, buckets.take('key-1')]).toEqual([true, 0]);
  });
});

describe('upkeep', () => {
  it.each([
    ['DELETE', '/'],
    ['DELETE', '/v1/locks/a'],
    ['DELETE', '/v1/elections/a'],
    ['DELETE', '/v1/leases/1'],
    ['POST', '/v1/locks/a%2Fb/keepalive'],
    ['POST', '/v1/elections/a/keepalive'],
    ['POST', '/v1/leases/1/keepalive'],
    ['POST', '/v3/lease/keepalive'],
    ['POST', '/v3beta/lease/revoke'],
    ['POST', '/v3alpha/kv/lease/revoke'],
    ['POST', '/v3/lock/unlock'],
    ['POST', '/v3/election/resign'],
  ])('is %s %s', (method, path) => {
    expect(isUpkeep(method, path)).toBe(true);
  });

  it.each([
    ['PUT', '/'],
    ['GET', '/v1/locks/a'],
    ['PUT', '/v1/locks/a'],
    ['POST', '/v1/locks/a/hold'],
    ['POST', '/v1/leases'],
    ['DELETE', '/v1/kv/a'],
    ['POST', '/v3/lock/lock'],
    ['POST', '/v3/lease/grant'],
    ['POST', '/v3/kv/deleterange'],
  ])('is not %s %s', (method, path) => {
    expect(isUpkeep(method, path)).toBe(false);
  });
});

it('L13: counts no request whose client disconnects before the request is admitted', async () => {
  const load = new Load({ requestsMax: 10, pace: { isLate: false }, onShed: () => undefined });
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
  app.use(load.admit());
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
  expect([load.active, served]).toEqual([0, 0]);
});
