// Endpoints that are looked after: servers that answer as etcd members in every state do, whom the pool lets in or not.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import nock from 'nock';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createConnector } from '../../../../src/etcd/transport/connection.js';
import { EndpointProber } from '../../../../src/etcd/endpoints/prober.js';
import { EndpointPool } from '../../../../src/etcd/endpoints/pool.js';
import { newInstanceId } from '../../../../src/etcd/endpoints/loop-detection.js';
import { createTransport } from '../../../../src/etcd/transport/transport.js';
import { deadEndpoint, eventually, serveTcp } from '../../../support/raw-router-server.js';

// nock puts sockets of its own between; this is about real ones.
beforeAll(() => nock.restore());
afterAll(() => nock.activate());

interface Status {
  readonly clusterId?: string;
  readonly leader?: string;
  readonly isLearner?: boolean;
  readonly version?: string;
}

interface FakeMember {
  readonly url: string;
  /** Questions so far. */
  readonly asked: readonly string[];
  /** From now on. */
  become(status: Status | { readonly httpStatus: number; readonly body: string }): void;
}

async function member(first: Parameters<FakeMember['become']>[0]): Promise<FakeMember> {
  let state = first;
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.method ?? ''} ${req.url ?? ''} ${req.headers.via ?? ''}`);
    if ('httpStatus' in state) res.writeHead(state.httpStatus).end(state.body);
    else res.end(statusJson(state));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, become: (next) => (state = next) };
}

function statusJson({
  clusterId = '7',
  leader = '1',
  isLearner,
  version = '3.5.16',
}: Status): string {
  return JSON.stringify({ header: { cluster_id: clusterId }, leader, isLearner, version });
}

function looksAfter(...urls: string[]): {
  pool: EndpointPool;
  prober: EndpointProber;
  up: () => string[];
} {
  const pool = new EndpointPool(urls, { requiresVerification: true });
  const transport = createTransport(
    { socketsMax: 16, idleSocketsMax: 4, responseBytesMax: 10_000 },
    createConnector({ connectTimeoutMs: 200 }),
  );
  const limits = { timeoutMs: 400, firstRoundMs: 500, pauseFirstMs: 20, pauseMaxMs: 50 };
  const prober = new EndpointProber({ pool, transport, instanceId: newInstanceId(), limits });
  onTestFinished(() => {
    prober.stop();
    transport.close();
  });
  return { pool, prober, up: () => pool.candidates().map(({ url }) => url) };
}

describe('F53: the count of reachable members', () => {
  it('counts members in every state, and neither silent endpoints nor other servers', async () => {
    const silent = await serveTcp(() => undefined);
    const members = [
      await member({}),
      await member({ leader: '0' }),
      await member({ isLearner: true }),
      await member({ httpStatus: 200, body: '<html>' }),
    ];
    const { prober } = looksAfter(...members.map(({ url }) => url), silent, await deadEndpoint());
    expect(await prober.countReachable(5_000)).toEqual({ reachable: 3, total: 6 });
  });

  it('ends at its limit with the members that have answered', async () => {
    const silent = await serveTcp(() => undefined);
    const { prober } = looksAfter(silent);
    expect(await prober.countReachable(1)).toEqual({ reachable: 0, total: 1 });
  });
});

describe('the first round', () => {
  it('lets members in that know a leader', async () => {
    const members = [await member({}), await member({ version: '3.4.23' })];
    const { prober, up } = looksAfter(...members.map(({ url }) => url));
    await prober.start();
    expect(up()).toEqual(members.map(({ url }) => url));
    expect(prober.versions).toEqual(['3.5.16', '3.4.23']);
  });

  it.each([
    ['a learner', { isLearner: true }, 'learner'],
    ['a member without a leader', { leader: '0' }, 'no leader'],
    ['a member that is too old', { version: '3.3.27' }, 'too old'],
    ['what is no etcd', { httpStatus: 200, body: '<html>' }, 'does not respond like etcd'],
    ['what answers nothing', { httpStatus: 404, body: '' }, 'does not respond like etcd'],
    ['a gateway that leads back here', { httpStatus: 421, body: '{}' }, 'this gateway itself'],
  ])('keeps %s out, and says why', async (_, state, word) => {
    const { pool, prober, up } = looksAfter((await member(state)).url);
    await prober.start();
    expect(up()).toEqual([]);
    expect(pool.unavailableReason().message).toContain(word);
  });

  it('lets in who tells his status only to those whom he knows', async () => {
    const body = '{"code":16,"message":"etcdserver: user name is empty"}';
    const { prober, up } = looksAfter((await member({ httpStatus: 401, body })).url);
    await prober.start();
    expect(up()).toHaveLength(1);
  });

  it('F44: is for the cluster that most belong to, wherever they stand in the list', async () => {
    const strange = await member({ clusterId: '8' });
    const ours = [await member({}), await member({})];
    const { pool, prober, up } = looksAfter(strange.url, ...ours.map(({ url }) => url));
    await prober.start();
    await eventually(() => up().length === 2);
    expect(pool.clusterId).toBe('7');
    expect(up()).not.toContain(strange.url);
  });

  it('waits neither for a dead endpoint nor for a silent one when the others are the most', async () => {
    const ours = [await member({}), await member({}), await member({})];
    const others = [await deadEndpoint(), await serveTcp(() => undefined)];
    const { prober, up } = looksAfter(...others, ...ours.map(({ url }) => url));
    await prober.start();
    expect(up()).toHaveLength(3);
  });

  it('asks with the name of this gateway, so that it recognises itself', async () => {
    const { url, asked } = await member({});
    await looksAfter(url).prober.start();
    expect(asked).toEqual([
      expect.stringMatching(/^POST \/v3\/maintenance\/status 1\.1 latchkey-[0-9a-f]{16}$/),
    ]);
  });
});

describe('an endpoint that was kept out', () => {
  it('is let in when it is well', async () => {
    const learner = await member({ isLearner: true });
    const { prober, up } = looksAfter(learner.url);
    await prober.start();
    learner.become({});
    await eventually(() => up().length === 1);
  });

  it('F44: is let in when it belongs to the cluster at last', async () => {
    const [first, strange] = [await member({}), await member({ clusterId: '8' })];
    const { pool, prober, up } = looksAfter(first.url, strange.url);
    await prober.start();
    await eventually(() => pool.stateOf(pool.all[1]!) === 'rejected');
    strange.become({});
    await eventually(() => up().length === 2);
  });
});

describe('an endpoint that was ejected', () => {
  it('returns after it answered twice, without a call that pays for it', async () => {
    const one = await member({});
    const { pool, prober } = looksAfter(one.url);
    await prober.start();
    const [endpoint] = pool.all;
    const events: string[] = [];
    pool.subscribe(({ kind }) => events.push(kind));
    pool.reportFailure(endpoint!, 'unreachable');
    await eventually(() => pool.stateOf(endpoint!) === 'healthy');
    expect(events).toEqual(['ejected', 'none-healthy', 'recovered']);
    expect(one.asked).toHaveLength(3);
  });

  it('is asked again and again while it is not well, and not at all when it is', async () => {
    const one = await member({});
    const { pool, prober } = looksAfter(one.url);
    await prober.start();
    const [endpoint] = pool.all;
    one.become({ httpStatus: 503, body: '{"code":14,"message":"etcdserver: no leader"}' });
    pool.reportFailure(endpoint!, 'unreachable');
    await eventually(() => one.asked.length > 4);
    expect(pool.stateOf(endpoint!)).toBe('ejected');
    one.become({});
    await eventually(() => pool.stateOf(endpoint!) === 'healthy');
    const { length } = one.asked;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(one.asked).toHaveLength(length);
  });
});
