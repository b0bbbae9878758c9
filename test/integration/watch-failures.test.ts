// GET /v1/watch in failures: compacted history, an unavailable etcd, a gateway that drains, a client that does not read.
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { BYTES_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { expectDocumentedResponse } from '../support/openapi-response.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { deadEndpoint, eventually } from '../support/raw-router-server.js';
import { openConnection } from '../support/raw-socket.js';
import { RawEtcd } from '../support/raw-etcd.js';
import { serveTcpProxy } from '../support/tcp-proxy.js';
import { openWatch, wordsOf } from '../support/watch-reader.js';
import type { WatchReaderOptions, WatchReader } from '../support/watch-reader.js';

const MEGABYTE = 1024 * 1024;
const LIVE_WITHIN_MS = 5_000;

/** Starts a gateway before this etcd until the test ends. */
async function startGateway(endpoint: string, until: 'ready' | 'live' = 'ready'): Promise<Gateway> {
  const gateway = await spawnGateway({
    args: ['--endpoints', endpoint, '--log-level=warn'],
    until,
  });
  onTestFinished(() => gateway.stop());
  return gateway;
}

async function watch(
  { baseUrl }: { readonly baseUrl: string },
  query: string,
  asked?: WatchReaderOptions,
): Promise<WatchReader> {
  const reader = await openWatch(baseUrl, query, asked);
  onTestFinished(() => reader.close());
  return reader;
}

async function put(gateway: Gateway, key: string, value = 'v'): Promise<number> {
  const sent = { headers: BYTES_TYPE, body: value };
  return (await send(gateway.baseUrl, 'PUT', `/v1/kv/${key}`, sent)).json().revision as number;
}

async function ask(gateway: Gateway, query: string): Promise<Answer> {
  const answer = await send(gateway.baseUrl, 'GET', `/v1/watch?${query}`);
  expectDocumentedResponse('watchKeys', answer);
  return answer;
}

describe.each(['3.4', '3.5'] as const)('a compaction, etcd %s', (version) => {
  let member: Member;
  let etcd: RawEtcd;
  beforeAll(async () => {
    member = await startMember({ version });
    etcd = new RawEtcd(member.endpoint);
  });
  afterAll(() => member.stop());

  it('F39: before the start is 410 for JSON lines and polls', async () => {
    const gateway = await startGateway(member.endpoint);
    const key = newKey();
    const first = await put(gateway, key);
    await put(gateway, key);
    const last = await put(gateway, key);
    await etcd.compact(last);
    for (const query of [`key=${key}&since=${first}`, `key=${key}&since=${first}&wait=20`]) {
      const answer = await ask(gateway, query);
      expect([answer.status, answer.json()]).toMatchObject([
        410,
        { code: 'revision-compacted', oldestRevision: last },
      ]);
    }
  });

  it('F39: before the start is reported to an event stream, whose next connection continues after the gap', async () => {
    const gateway = await startGateway(member.endpoint);
    const key = newKey();
    const first = await put(gateway, key);
    await put(gateway, key);
    const oldestRevision = await put(gateway, key);
    const revision = await put(gateway, key);
    await etcd.compact(oldestRevision);
    const stream = await watch(gateway, `key=${key}&since=${first}`);
    expect(stream.status).toBe(200);
    await stream.ended;
    expect(stream.events).toEqual([
      { event: 'compacted', id: String(revision), data: { oldestRevision, revision } },
    ]);
    const headers = { 'last-event-id': stream.ids.at(-1)! };
    const next = await watch(gateway, `key=${key}&since=${first}`, { headers });
    const after = await put(gateway, key);
    expect(wordsOf(await next.until(1))).toEqual([`put ${key}@${after}.1`]);
  });

  it('F39: directly after the start loses nothing', async () => {
    const gateway = await startGateway(member.endpoint);
    const key = newKey();
    const first = await put(gateway, key);
    const second = await put(gateway, key);
    await etcd.compact(second);
    const stream = await watch(gateway, `key=${key}&since=${first}`);
    expect(wordsOf(await stream.until(1))).toEqual([`put ${key}@${second}.1`]);
  });

  it('F39: while etcd is unreachable ends the streams that miss events, with a notice', async () => {
    const between = await serveTcpProxy(member.endpoint);
    const gateway = await startGateway(between.endpoint);
    const key = newKey();
    const started = await put(gateway, key);
    const streams = [
      await watch(gateway, `key=${key}&since=${started}`),
      await watch(gateway, `key=${key}&since=${started}`, { as: 'ndjson' }),
    ];
    const seen = await put(gateway, key);
    for (const stream of streams) await stream.until(1);
    between.cut();
    await etcd.put(key);
    await etcd.put(key);
    const oldestRevision = await etcd.revision();
    await etcd.compact(oldestRevision);
    between.restore();
    for (const stream of streams) {
      await stream.ended;
      expect(wordsOf(stream.events)).toEqual([`put ${key}@${seen}.1`, 'compacted']);
      expect(stream.events[1]).toMatchObject({
        id: String(oldestRevision),
        data: { oldestRevision, revision: oldestRevision },
      });
    }
  });

  it('loses nothing when the connection to etcd was cut', async () => {
    const between = await serveTcpProxy(member.endpoint);
    const gateway = await startGateway(between.endpoint);
    const key = newKey();
    const stream = await watch(gateway, `key=${key}`);
    const revisions = [await put(gateway, key)];
    await stream.until(1);
    between.cut();
    await etcd.put(key);
    revisions.push(await etcd.revision());
    between.restore();
    await stream.until(2);
    revisions.push(await put(gateway, key));
    expect(wordsOf(await stream.until(3))).toEqual(
      revisions.map((revision) => `put ${key}@${revision}.1`),
    );
  });

  it('F42: is delivered if etcd sends it byte by byte', async () => {
    const between = await serveTcpProxy(member.endpoint);
    const gateway = await startGateway(between.endpoint);
    const prefix = newKey('');
    const values = ['é', '日本語', '👩‍🚀', 'a\nb', '"}{"'];
    between.slice();
    const stream = await watch(gateway, `prefix=${prefix}`);
    for (const [i, value] of values.entries()) await put(gateway, `${prefix}${i}`, value);
    expect((await stream.until(values.length)).map(({ data }) => data.value)).toEqual(values);
  });
});

describe('an unavailable etcd', () => {
  it('makes browsers reconnect, and is an error for other clients', async () => {
    const gateway = await startGateway(await deadEndpoint(), 'live');
    const startedAt = performance.now();
    const [stream, ...answers] = await Promise.all([
      watch(gateway, 'key=a'),
      ask(gateway, 'key=a'),
      ask(gateway, 'key=a&wait=20'),
      ask(gateway, 'key=a&wait=20&since=5'),
    ]);
    expect([stream.status, await stream.ended]).toEqual([200, 'retry: 2000\n\n']);
    for (const answer of answers) {
      expect([answer.status, answer.json().code]).toEqual([503, 'etcd-unavailable']);
      expect(answer.headers['retry-after']).toBe('1');
    }
    expect(performance.now() - startedAt).toBeLessThan(5 * LIVE_WITHIN_MS);
  });

  it('ends no open stream and no waiting poll', async () => {
    const member = await startMember();
    onTestFinished(() => member.stop());
    const gateway = await startGateway(member.endpoint);
    const key = newKey();
    const stream = await watch(gateway, `key=${key}`);
    const poll = ask(gateway, `key=${key}&wait=2`);
    await eventually(() => stream.ids.length > 0);
    await member.kill('SIGKILL');
    expect((await poll).json().events).toEqual([]);
    await member.restart();
    await eventually(async () => {
      const ready = await send(gateway.baseUrl, 'GET', '/readyz');
      return ready.status === 200;
    }, 20_000);
    const revision = await put(gateway, key);
    expect(wordsOf(await stream.until(1))).toEqual([`put ${key}@${revision}.1`]);
  });
});

describe('a gateway that drains', () => {
  it('ends open watches, makes new browsers reconnect, and exits', async () => {
    const gateway = await spawnGateway({ args: ['--endpoints', inject('etcdEndpoint')] });
    onTestFinished(() => gateway.stop());
    const key = newKey();
    const stream = await watch(gateway, `key=${key}`);
    const lines = await watch(gateway, `key=${key}`, { as: 'ndjson' });
    const poll = ask(gateway, `key=${key}&wait=60`);
    await eventually(() => stream.ids.length + lines.ids.length === 2);
    // A half-sent request when the drain begins: its connection is not idle, so the drain does not close it.
    const late = openConnection(Number(new URL(gateway.baseUrl).port));
    late.socket.write(
      'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n' +
        `GET /v1/watch?key=${key} HTTP/1.1\r\nHost: localhost\r\n`,
    );
    await late.until('200 OK');
    const stopped = gateway.kill('SIGTERM');
    await eventually(() => gateway.output().includes('draining'));
    late.socket.write('Accept: text/event-stream\r\n\r\n');
    await Promise.all([stream.ended, lines.ended]);
    expect([stream.retryMs, stream.events, lines.events]).toEqual([2_000, [], []]);
    expect([(await poll).status, (await poll).json().code]).toEqual([503, 'shutting-down']);
    expect(await late.until('retry: 2000')).toMatch(/200 OK[^]*200 OK[^]*text\/event-stream/);
    late.socket.destroy();
    await stopped;
    expect(await gateway.ended).toBe(0);
  });
});

describe('a client that does not read', () => {
  const EVENTS = 150;
  const LOAD_LIMIT_MS = 90_000;
  /** The allowed growth of the gateway for any number of writes: unread bytes, recent events, and memory before garbage collection. */
  const GROWTH_MB_MAX = 110;

  async function residentMb({ pid }: Gateway): Promise<number> {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /** Reads the start of the response and nothing else. */
  async function slowReader(gateway: Gateway, query: string): Promise<Socket> {
    const { hostname, port } = new URL(gateway.baseUrl);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    socket.write(
      `GET /v1/watch?${query} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    return socket;
  }

  it.runIf(process.platform === 'linux')(
    'L2: is disconnected, memory stays bounded, other clients get everything',
    async () => {
      const member = await startMember();
      onTestFinished(() => member.stop());
      const gateway = await startGateway(member.endpoint);
      const etcd = new RawEtcd(member.endpoint);
      const prefix = newKey('');
      const slow = [
        await slowReader(gateway, `prefix=${prefix}`),
        await slowReader(gateway, `prefix=${prefix}`),
        await slowReader(gateway, `prefix=${prefix}0`),
      ];
      const quick = await watch(gateway, `prefix=${prefix}`);
      const value = 'v'.repeat(MEGABYTE);
      const write = async (from: number, to: number): Promise<void> => {
        for (let i = from; i < to; i++) await etcd.put(`${prefix}0${i % 5}`, value);
      };
      await write(0, 10);
      const before = await residentMb(gateway);
      await write(10, EVENTS);
      await quick.until(EVENTS);
      const after = await residentMb(gateway);
      expect(after - before).toBeLessThan(GROWTH_MB_MAX);
      for (const socket of slow) {
        let bytes = 0;
        socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
        const closed = new Promise((resolve) => socket.on('close', resolve));
        socket.resume();
        await closed;
        expect(bytes).toBeLessThan((EVENTS / 2) * MEGABYTE);
      }
    },
    LOAD_LIMIT_MS,
  );
});
