// Endless watches over HTTP with a fake store that the test advances.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { OpenWatches } from '../../../../src/http/v1/open-watches.js';
import { send } from '../../../support/http-client.js';
import { expectDocumentedResponse } from '../../../support/openapi-response.js';
import { eventually } from '../../../support/raw-router-server.js';
import { openConnection } from '../../../support/raw-socket.js';
import { serveWatchApi } from '../../../support/watch-api.js';
import type { WatchApi } from '../../../support/watch-api.js';
import { openWatch, wordsOf } from '../../../support/watch-reader.js';
import type { WatchReaderOptions, WatchReader } from '../../../support/watch-reader.js';

const HEARTBEAT_MS = 15_000;
const MEGABYTE = 1024 * 1024;

// Heartbeats use an interval; hardly anything else does.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

/** Connects and starts the upstream watch. */
async function open(
  api: WatchApi,
  query: string,
  asked?: WatchReaderOptions,
): Promise<WatchReader> {
  const before = api.store.all.length;
  const answer = openWatch(api.baseUrl, query, asked);
  await Promise.race([answer, eventually(() => api.store.all.length > before)]);
  for (const each of api.store.open) each.create();
  return answer;
}

describe('an event stream', () => {
  it('has headers against buffering proxies, and starts before the first event', async () => {
    const api = await serveWatchApi();
    const stream = await open(api, 'key=a');
    expect([stream.status, stream.headers]).toMatchObject([
      200,
      {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
        vary: 'Accept',
      },
    ]);
    await eventually(() => stream.text === 'id: 1\n:\n\n');
  });

  it('writes server-sent events', async () => {
    const api = await serveWatchApi();
    const stream = await open(api, 'key=a');
    api.store.commit('a=line\nline');
    api.store.commit('-a');
    await api.store.settle();
    await stream.until(2);
    expect(stream.text).toBe(
      [
        'id: 1\n:\n\n',
        'event: put\nid: 2.1\ndata: {"key":"a","value":"line\\nline","version":1,"createRevision":2,"modRevision":2}\n\n',
        'event: delete\nid: 3.1\ndata: {"key":"a","version":0,"createRevision":0,"modRevision":3}\n\n',
      ].join(''),
    );
  });

  it('has IDs that include only delivered events', async () => {
    const api = await serveWatchApi();
    api.store.commit('a', 'b', 'c');
    const inside = await open(api, 'prefix=&since=2.1');
    await api.store.settle();
    await inside.until(2);
    const late = await open(api, 'prefix=&since=2.2');
    await late.until(1);
    expect(inside.ids).toEqual(['2.1', '2.2', '2.3']);
    expect(late.ids).toEqual(['2.2', '2.3']);
    expect(api.store.all).toHaveLength(1);
  });

  it('advances its ID with a comment every 15 s', async () => {
    const api = await serveWatchApi();
    const stream = await open(api, 'key=a');
    await eventually(() => stream.ids.length === 1);
    api.store.commit('b');
    api.store.open[0]!.progress();
    vi.advanceTimersByTime(HEARTBEAT_MS - 1_000);
    await pause(50);
    expect(stream.ids).toEqual(['1']);
    vi.advanceTimersByTime(2_000);
    await eventually(() => stream.ids.length === 2);
    api.store.commit('a');
    await api.store.settle();
    vi.advanceTimersByTime(HEARTBEAT_MS);
    await eventually(() => stream.ids.length === 4);
    expect(stream.ids).toEqual(['1', '2', '3.1', '3.1']);
    expect(stream.text.endsWith('id: 3.1\n:\n\n')).toBe(true);
  });

  it('spreads the heartbeats of many streams', async () => {
    const api = await serveWatchApi();
    const streams: WatchReader[] = [];
    for (let i = 0; i < 5; i++) {
      streams.push(await open(api, 'key=a'));
      vi.advanceTimersByTime(1_000);
    }
    const beaten = (): number => streams.filter(({ ids }) => ids.length > 1).length;
    await eventually(() => streams.every(({ ids }) => ids.length === 1));
    vi.advanceTimersByTime(HEARTBEAT_MS - 5_000);
    await eventually(() => beaten() === 1);
    vi.advanceTimersByTime(4_000);
    await eventually(() => beaten() === 5);
  });

  it('reports a compaction with the current revision as ID, and ends', async () => {
    const api = await serveWatchApi({ requestTimeoutSeconds: 0.1 });
    const stream = await open(api, 'key=a&since=1');
    await pause(150);
    for (let i = 0; i < 4; i++) api.store.commit('b');
    api.store.open[0]!.end({ kind: 'compacted', compactRevision: 4, revision: 0 });
    await stream.ended;
    expect(stream.events).toEqual([
      { event: 'compacted', id: '5', data: { oldestRevision: 4, revision: 5 } },
    ]);
    expect(api.revisionReadsMs[0]).toBeGreaterThan(1_000);
  });

  it('reports the oldest revision if the current one cannot be read', async () => {
    const api = await serveWatchApi({
      currentRevision: () => Promise.reject(new GatewayError('etcd-unavailable')),
    });
    for (let i = 0; i < 4; i++) api.store.commit('a');
    api.store.compactedAt = 4;
    const answer = open(api, 'key=a&since=1');
    await eventually(() => api.store.open.some(({ isCreated }) => isCreated));
    await api.store.settle();
    const stream = await answer;
    await stream.ended;
    expect([stream.ids.at(-1), stream.events.at(-1)?.event]).toEqual(['4', 'compacted']);
  });

  it('reports why etcd ended it', async () => {
    const api = await serveWatchApi();
    const stream = await open(api, 'key=a', { headers: { 'x-request-id': 'mine' } });
    const error = new GatewayError('permission-denied');
    api.store.open[0]!.end({ kind: 'refused', error });
    await stream.ended;
    expect(stream.events).toMatchObject([
      { event: 'error', data: { code: 'permission-denied', status: 403, requestId: 'mine' } },
    ]);
  });

  it('is an HTTP error if etcd rejects the watch at once', async () => {
    const api = await serveWatchApi();
    const answer = openWatch(api.baseUrl, 'key=a');
    await eventually(() => api.store.all.length === 1);
    const error = new GatewayError('permission-denied');
    api.store.open[0]!.end({ kind: 'refused', error });
    expect((await answer).status).toBe(403);
  });

  it('closes its watch when the client disconnects, before or after the start', async () => {
    const forgotten = vi.spyOn(OpenWatches.prototype, 'delete');
    const api = await serveWatchApi({ streamsMax: 2 });
    const waiting = openConnection(api.port);
    waiting.socket.write('GET /v1/watch?key=a HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await eventually(() => api.store.watches === 1);
    const stream = await open(api, 'key=b');
    waiting.socket.destroy();
    stream.close();
    await eventually(() => forgotten.mock.calls.length === 2);
    await eventually(async () => (await open(api, 'key=a&wait=0')).status === 200);
    await eventually(() => api.store.watches === 0);
    forgotten.mockRestore();
  }, 30_000);
});

describe('JSON lines', () => {
  it('F39: are rejected if their start is compacted, although etcd first accepts the watch', async () => {
    const api = await serveWatchApi();
    for (let i = 0; i < 4; i++) api.store.commit('a');
    api.store.compactedAt = 4;
    const answer = open(api, 'key=a&since=1', { as: 'ndjson' });
    await eventually(() => api.store.open.some(({ isCreated }) => isCreated));
    await pause(50);
    await api.store.settle();
    const { status, ended } = await answer;
    expect([status, JSON.parse(await ended)]).toMatchObject([
      410,
      { code: 'revision-compacted', oldestRevision: 4 },
    ]);
  });

  it('have the same events', async () => {
    const api = await serveWatchApi();
    const stream = await open(api, 'key=a', { as: 'ndjson' });
    expect(stream.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    api.store.commit('a=x');
    api.store.commit('-a');
    await api.store.settle();
    await stream.until(2);
    vi.advanceTimersByTime(HEARTBEAT_MS);
    await eventually(() => stream.text.split('\n').length === 5);
    expect(stream.text).toBe(
      [
        '{"event":"heartbeat","id":"1"}\n',
        '{"event":"put","id":"2.1","key":"a","value":"x","version":1,"createRevision":2,"modRevision":2}\n',
        '{"event":"delete","id":"3.1","key":"a","version":0,"createRevision":0,"modRevision":3}\n',
        '{"event":"heartbeat","id":"3.1"}\n',
      ].join(''),
    );
  });

  it('report a compaction, and end', async () => {
    const api = await serveWatchApi();
    const stream = await open(api, 'key=a', { as: 'ndjson' });
    api.store.commit('a');
    api.store.open[0]!.end({ kind: 'compacted', compactRevision: 9, revision: 0 });
    await stream.ended;
    expect(stream.text).toContain(
      '{"event":"compacted","id":"2","oldestRevision":9,"revision":2}\n',
    );
  });

  it('report why etcd ended them', async () => {
    const api = await serveWatchApi();
    const stream = await open(api, 'key=a', { as: 'ndjson' });
    api.store.open[0]!.end({ kind: 'refused', error: new GatewayError('permission-denied') });
    await stream.ended;
    expect(stream.events).toMatchObject([{ event: 'error', data: { code: 'permission-denied' } }]);
  });
});

describe('a slow client', () => {
  interface SlowReader {
    /** Reads until the server closes or `text` arrives. */
    read(text?: string): Promise<string>;
  }

  /** Reads the start of the response, and the rest only with `read`. */
  async function openSlowReader(api: WatchApi, accept: string): Promise<SlowReader> {
    const socket = connect(api.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.write(`GET /v1/watch?prefix= HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\n\r\n`);
    await eventually(() => api.store.all.length > 0);
    api.store.open.forEach((each) => each.create());
    await once(socket, 'data');
    socket.pause();
    return {
      async read(text) {
        const chunks: string[] = [];
        await new Promise<void>((resolve) => {
          socket.on('data', (chunk: string) => {
            chunks.push(chunk);
            if (text !== undefined && chunk.includes(text)) resolve();
          });
          socket.on('close', () => resolve());
          socket.resume();
        });
        return chunks.join('');
      },
    };
  }

  const value = 'v'.repeat(2 * MEGABYTE);
  const VALUES = 15;

  it.each([
    ['text/event-stream', 'event: overflow\ndata: {"hint":"read faster, or watch less"}'],
    ['application/x-ndjson', '{"event":"overflow","hint":"read faster, or watch less"}'],
  ])(
    'L2: of %s is disconnected with an overflow event; other clients are not',
    async (accept, lastEvent) => {
      const api = await serveWatchApi();
      const slow = await openSlowReader(api, accept);
      const quick = await openWatch(api.baseUrl, 'prefix=');
      let sent = 0;
      // Reads directly after the disconnect: the connection stays open for five seconds.
      while (api.hub.watchers === 2 && sent < VALUES) {
        api.store.commit(`a=${value}`);
        await api.store.settle();
        await quick.until(++sent);
      }
      const text = await slow.read();
      expect(text.trimEnd().replace(/\s+0$/, '').endsWith(lastEvent)).toBe(true);
      // Buffers of the system and of the gateway, not everything that was written.
      expect(text.length).toBeLessThan(20 * MEGABYTE);
      api.store.commit('a=after');
      await api.store.settle();
      await quick.until(sent + 1);
      expect([quick.events.length, api.hub.watchers, api.store.watches]).toEqual([sent + 1, 1, 1]);
    },
    30_000,
  );

  it('gets one event of any size', async () => {
    const api = await serveWatchApi();
    const slow = await openSlowReader(api, 'text/event-stream');
    api.store.commit(`a=${'v'.repeat(12 * MEGABYTE)}`);
    await api.store.settle();
    await pause(50);
    expect((await slow.read('"modRevision":2}')).length).toBeGreaterThan(12 * MEGABYTE);
    const more = slow.read('"modRevision":3}');
    api.store.commit('a=small');
    await api.store.settle();
    expect(await more).toContain('small');
  }, 30_000);

  it('is disconnected even if it does not read the overflow event', async () => {
    const api = await serveWatchApi();
    const slow = await openSlowReader(api, 'text/event-stream');
    for (let i = 0; i < VALUES; i++) {
      api.store.commit(`a=${value}`);
      await api.store.settle();
      await pause(5);
    }
    // The watch ends at once, the connection a few seconds later.
    await pause(6_000);
    expect(await slow.read()).not.toContain('event: overflow');
  }, 30_000);
});

describe('while the gateway drains', () => {
  it('makes new browsers reconnect, and rejects new JSON lines and polls', async () => {
    const api = await serveWatchApi();
    api.draining.abort();
    const stream = await openWatch(api.baseUrl, 'key=a');
    expect([stream.status, await stream.ended]).toEqual([200, 'retry: 2000\n\n']);
    for (const query of ['key=a', 'key=a&wait=5']) {
      const answer = await send(api.baseUrl, 'GET', `/v1/watch?${query}`);
      expect([answer.status, answer.json().code]).toEqual([503, 'shutting-down']);
      expect(answer.headers['retry-after']).toBe('1');
      expectDocumentedResponse('watchKeys', answer);
    }
    expect(api.store.all).toEqual([]);
  });

  it('ends open streams, for browsers with the reconnection time', async () => {
    const api = await serveWatchApi();
    const streams = [await open(api, 'key=a'), await open(api, 'key=a', { as: 'ndjson' })];
    api.draining.abort();
    const [sse, ndjson] = await Promise.all(streams.map(({ ended }) => ended));
    expect([sse, ndjson]).toEqual([
      'id: 1\n:\n\nretry: 2000\n\n',
      '{"event":"heartbeat","id":"1"}\n',
    ]);
  });

  it('responds at once to clients whose watch has not started', async () => {
    const api = await serveWatchApi();
    const answers = [
      openWatch(api.baseUrl, 'key=a'),
      openWatch(api.baseUrl, 'key=b', { as: 'ndjson' }),
      openWatch(api.baseUrl, 'key=c&wait=60'),
    ];
    await eventually(() => api.store.all.length === 3);
    api.draining.abort();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses).toEqual([200, 503, 503]);
  });
});

describe('the method', () => {
  it.each(['HEAD', 'POST', 'PUT', 'DELETE'])('%s is rejected', async (method) => {
    const api = await serveWatchApi();
    const answer = await send(api.baseUrl, method, '/v1/watch');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET']);
  });
});

it('rejects excess streams and polls', async () => {
  const api = await serveWatchApi({ streamsMax: 1 });
  const stream = await open(api, 'key=a');
  for (const query of ['key=a', 'key=a&wait=5']) {
    const answer = await send(api.baseUrl, 'GET', `/v1/watch?${query}`);
    expect([answer.status, answer.json().code]).toEqual([429, 'too-many-requests']);
    expectDocumentedResponse('watchKeys', answer);
  }
  stream.close();
  await eventually(async () => {
    return (await open(api, 'key=a&wait=0')).status === 200;
  });
});

it('sends the same events in the format that each client requests', async () => {
  const api = await serveWatchApi();
  const readers = [
    await open(api, 'prefix=a&previous=true'),
    await open(api, 'prefix=a'),
    await open(api, 'prefix=YQ&keyEncoding=base64url'),
    await open(api, 'prefix=a', { as: 'ndjson' }),
    await open(api, 'prefix=a'),
  ];
  expect(api.store.all).toHaveLength(1);
  api.store.commit('a=1', 'ab');
  api.store.commit('a=2');
  await api.store.settle();
  for (const reader of readers) await reader.until(3);
  const [withPrevious, plain, encoded, lines, same] = readers.map(({ events }) => events);
  expect(wordsOf(plain!)).toEqual(['put a@2.1', 'put ab@2.2', 'put a@3.1']);
  expect([same, wordsOf(lines!)]).toEqual([plain, wordsOf(plain!)]);
  expect(encoded!.map(({ data }) => [data.key, data.keyEncoding])).toEqual([
    ['YQ', 'base64url'],
    ['YWI', 'base64url'],
    ['YQ', 'base64url'],
  ]);
  expect(withPrevious![2]!.data.previous).toMatchObject({ key: 'a', value: '1', modRevision: 2 });
  expect(plain![2]!.data).not.toHaveProperty('previous');
});
