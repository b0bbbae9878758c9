// The open-ended watches at their door, before a store that moves only when the test says so.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { OpenWatches } from '../../../../src/http/v1/open-watches.js';
import { send } from '../../../support/http-client.js';
import { expectDocumentedResponse } from '../../../support/openapi-response.js';
import { eventually } from '../../../support/raw-door.js';
import { openConnection } from '../../../support/raw-socket.js';
import { serveWatchDoor } from '../../../support/watch-door.js';
import type { WatchDoor } from '../../../support/watch-door.js';
import { openWatch, wordsOf } from '../../../support/watch-reader.js';
import type { WatchAsked, WatchReader } from '../../../support/watch-reader.js';

const HEARTBEAT_MS = 15_000;
const MEGABYTE = 1024 * 1024;

// Heartbeats are on an interval, and little else is.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

/** Connects and lets the upstream watch begin. */
async function open(door: WatchDoor, query: string, asked?: WatchAsked): Promise<WatchReader> {
  const before = door.store.all.length;
  const answer = openWatch(door.baseUrl, query, asked);
  await Promise.race([answer, eventually(() => door.store.all.length > before)]);
  for (const each of door.store.open) each.create();
  return answer;
}

describe('an event stream', () => {
  it('has headers that keep proxies from buffering, and begins before the first event', async () => {
    const door = await serveWatchDoor();
    const stream = await open(door, 'key=a');
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

  it('writes events as browsers read them', async () => {
    const door = await serveWatchDoor();
    const stream = await open(door, 'key=a');
    door.store.commit('a=line\nline');
    door.store.commit('-a');
    await door.store.settle();
    await stream.until(2);
    expect(stream.text).toBe(
      [
        'id: 1\n:\n\n',
        'event: put\nid: 2.1\ndata: {"key":"a","value":"line\\nline","version":1,"createRevision":2,"modRevision":2}\n\n',
        'event: delete\nid: 3.1\ndata: {"key":"a","version":0,"createRevision":0,"modRevision":3}\n\n',
      ].join(''),
    );
  });

  it('never claims more than it has delivered: not the rest of a revision, not what is still to be sent', async () => {
    const door = await serveWatchDoor();
    door.store.commit('a', 'b', 'c');
    const inside = await open(door, 'prefix=&since=2.1');
    await door.store.settle();
    await inside.until(2);
    const late = await open(door, 'prefix=&since=2.2');
    await late.until(1);
    expect(inside.ids).toEqual(['2.1', '2.2', '2.3']);
    expect(late.ids).toEqual(['2.2', '2.3']);
    expect(door.store.all).toHaveLength(1);
  });

  it('carries its id forward in a comment every 15 s', async () => {
    const door = await serveWatchDoor();
    const stream = await open(door, 'key=a');
    await eventually(() => stream.ids.length === 1);
    door.store.commit('b');
    door.store.open[0]!.progress();
    vi.advanceTimersByTime(HEARTBEAT_MS - 1_000);
    await pause(50);
    expect(stream.ids).toEqual(['1']);
    vi.advanceTimersByTime(2_000);
    await eventually(() => stream.ids.length === 2);
    door.store.commit('a');
    await door.store.settle();
    vi.advanceTimersByTime(HEARTBEAT_MS);
    await eventually(() => stream.ids.length === 4);
    expect(stream.ids).toEqual(['1', '2', '3.1', '3.1']);
    expect(stream.text.endsWith('id: 3.1\n:\n\n')).toBe(true);
  });

  it('spreads the heartbeats of many', async () => {
    const door = await serveWatchDoor();
    const streams: WatchReader[] = [];
    for (let i = 0; i < 5; i++) {
      streams.push(await open(door, 'key=a'));
      vi.advanceTimersByTime(1_000);
    }
    const beaten = (): number => streams.filter(({ ids }) => ids.length > 1).length;
    await eventually(() => streams.every(({ ids }) => ids.length === 1));
    vi.advanceTimersByTime(HEARTBEAT_MS - 5_000);
    await eventually(() => beaten() === 1);
    vi.advanceTimersByTime(4_000);
    await eventually(() => beaten() === 5);
  });

  it('tells of a compaction with the current revision as id, however long it was open, and ends', async () => {
    const door = await serveWatchDoor({ requestTimeoutSeconds: 0.1 });
    const stream = await open(door, 'key=a&since=1');
    await pause(150);
    for (let i = 0; i < 4; i++) door.store.commit('b');
    door.store.open[0]!.end({ kind: 'compacted', compactRevision: 4, revision: 0 });
    await stream.ended;
    expect(stream.events).toEqual([
      { event: 'compacted', id: '5', data: { oldestRevision: 4, revision: 5 } },
    ]);
    expect(door.revisionAskedFor[0]).toBeGreaterThan(1_000);
  });

  it('goes on from the oldest revision when the current one cannot be read', async () => {
    const door = await serveWatchDoor({
      currentRevision: () => Promise.reject(new GatewayError('etcd-unavailable')),
    });
    for (let i = 0; i < 4; i++) door.store.commit('a');
    door.store.compactedAt = 4;
    const answer = open(door, 'key=a&since=1');
    await eventually(() => door.store.open.some(({ isCreated }) => isCreated));
    await door.store.settle();
    const stream = await answer;
    await stream.ended;
    expect([stream.ids.at(-1), stream.events.at(-1)?.event]).toEqual(['4', 'compacted']);
  });

  it('tells why etcd ended it', async () => {
    const door = await serveWatchDoor();
    const stream = await open(door, 'key=a', { headers: { 'x-request-id': 'mine' } });
    const error = new GatewayError('permission-denied');
    door.store.open[0]!.end({ kind: 'refused', error });
    await stream.ended;
    expect(stream.events).toMatchObject([
      { event: 'error', data: { code: 'permission-denied', status: 403, requestId: 'mine' } },
    ]);
  });

  it('is refused in plain HTTP when etcd refuses at once', async () => {
    const door = await serveWatchDoor();
    const answer = openWatch(door.baseUrl, 'key=a');
    await eventually(() => door.store.all.length === 1);
    const error = new GatewayError('permission-denied');
    door.store.open[0]!.end({ kind: 'refused', error });
    expect((await answer).status).toBe(403);
  });

  it('leaves nothing behind when the reader goes, before it began or after', async () => {
    const forgotten = vi.spyOn(OpenWatches.prototype, 'delete');
    const door = await serveWatchDoor({ streamsMax: 2 });
    const waiting = openConnection(door.port);
    waiting.socket.write('GET /v1/watch?key=a HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await eventually(() => door.store.watches === 1);
    const stream = await open(door, 'key=b');
    waiting.socket.destroy();
    stream.close();
    await eventually(() => forgotten.mock.calls.length === 2);
    await eventually(async () => (await open(door, 'key=a&wait=0')).status === 200);
    await eventually(() => door.store.watches === 0);
    forgotten.mockRestore();
  }, 30_000);
});

describe('JSON lines', () => {
  it('F39: are refused when their past is compacted, though etcd takes the watch first', async () => {
    const door = await serveWatchDoor();
    for (let i = 0; i < 4; i++) door.store.commit('a');
    door.store.compactedAt = 4;
    const answer = open(door, 'key=a&since=1', { as: 'ndjson' });
    await eventually(() => door.store.open.some(({ isCreated }) => isCreated));
    await pause(50);
    await door.store.settle();
    const { status, ended } = await answer;
    expect([status, JSON.parse(await ended)]).toMatchObject([
      410,
      { code: 'revision-compacted', oldestRevision: 4 },
    ]);
  });

  it('carry the same', async () => {
    const door = await serveWatchDoor();
    const stream = await open(door, 'key=a', { as: 'ndjson' });
    expect(stream.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    door.store.commit('a=x');
    door.store.commit('-a');
    await door.store.settle();
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

  it('tell of a compaction while they are open, and end', async () => {
    const door = await serveWatchDoor();
    const stream = await open(door, 'key=a', { as: 'ndjson' });
    door.store.commit('a');
    door.store.open[0]!.end({ kind: 'compacted', compactRevision: 9, revision: 0 });
    await stream.ended;
    expect(stream.text).toContain(
      '{"event":"compacted","id":"2","oldestRevision":9,"revision":2}\n',
    );
  });

  it('tell why etcd ended them', async () => {
    const door = await serveWatchDoor();
    const stream = await open(door, 'key=a', { as: 'ndjson' });
    door.store.open[0]!.end({ kind: 'refused', error: new GatewayError('permission-denied') });
    await stream.ended;
    expect(stream.events).toMatchObject([{ event: 'error', data: { code: 'permission-denied' } }]);
  });
});

describe('a reader who is too slow', () => {
  interface SlowReader {
    /** Reads all that there is, until the server closes or `text` has come. */
    read(text?: string): Promise<string>;
  }

  /** Takes the head of the answer and nothing else, until it is told to read. */
  async function slowReader(door: WatchDoor, accept: string): Promise<SlowReader> {
    const socket = connect(door.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.write(`GET /v1/watch?prefix= HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\n\r\n`);
    await eventually(() => door.store.all.length > 0);
    door.store.open.forEach((each) => each.create());
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
    'L2: of %s is told so and dropped; the others are not',
    async (accept, farewell) => {
      const door = await serveWatchDoor();
      const slow = await slowReader(door, accept);
      const quick = await openWatch(door.baseUrl, 'prefix=');
      let sent = 0;
      // Read as soon as he is dropped: the last word waits for him for five seconds.
      while (door.hub.watchers === 2 && sent < VALUES) {
        door.store.commit(`a=${value}`);
        await door.store.settle();
        await quick.until(++sent);
      }
      const text = await slow.read();
      expect(text.trimEnd().replace(/\s+0$/, '').endsWith(farewell)).toBe(true);
      // What the system took, and the room that he has: not all that was written.
      expect(text.length).toBeLessThan(20 * MEGABYTE);
      door.store.commit('a=after him');
      await door.store.settle();
      await quick.until(sent + 1);
      expect([quick.events.length, door.hub.watchers, door.store.watches]).toEqual([
        sent + 1,
        1,
        1,
      ]);
    },
    30_000,
  );

  it('gets one event whatever its size', async () => {
    const door = await serveWatchDoor();
    const slow = await slowReader(door, 'text/event-stream');
    door.store.commit(`a=${'v'.repeat(12 * MEGABYTE)}`);
    await door.store.settle();
    await pause(50);
    expect((await slow.read('"modRevision":2}')).length).toBeGreaterThan(12 * MEGABYTE);
    const more = slow.read('"modRevision":3}');
    door.store.commit('a=small');
    await door.store.settle();
    expect(await more).toContain('small');
  }, 30_000);

  it('is cut off when he does not even read that', async () => {
    const door = await serveWatchDoor();
    const slow = await slowReader(door, 'text/event-stream');
    for (let i = 0; i < VALUES; i++) {
      door.store.commit(`a=${value}`);
      await door.store.settle();
      await pause(5);
    }
    // His seat is free at once, his connection a little later.
    await pause(6_000);
    expect(await slow.read()).not.toContain('event: overflow');
  }, 30_000);
});

describe('while the gateway drains', () => {
  it('a browser that comes is sent to come again; JSON lines and polls are refused', async () => {
    const door = await serveWatchDoor();
    door.draining.abort();
    const stream = await openWatch(door.baseUrl, 'key=a');
    expect([stream.status, await stream.ended]).toEqual([200, 'retry: 2000\n\n']);
    for (const query of ['key=a', 'key=a&wait=5']) {
      const answer = await send(door.baseUrl, 'GET', `/v1/watch?${query}`);
      expect([answer.status, answer.json().code]).toEqual([503, 'shutting-down']);
      expect(answer.headers['retry-after']).toBe('1');
      expectDocumentedResponse('watchKeys', answer);
    }
    expect(door.store.all).toEqual([]);
  });

  it('open streams end, a browser with the time to come again', async () => {
    const door = await serveWatchDoor();
    const streams = [await open(door, 'key=a'), await open(door, 'key=a', { as: 'ndjson' })];
    door.draining.abort();
    const [sse, ndjson] = await Promise.all(streams.map(({ ended }) => ended));
    expect([sse, ndjson]).toEqual([
      'id: 1\n:\n\nretry: 2000\n\n',
      '{"event":"heartbeat","id":"1"}\n',
    ]);
  });

  it('those who wait for their watch to begin are answered at once', async () => {
    const door = await serveWatchDoor();
    const answers = [
      openWatch(door.baseUrl, 'key=a'),
      openWatch(door.baseUrl, 'key=b', { as: 'ndjson' }),
      openWatch(door.baseUrl, 'key=c&wait=60'),
    ];
    await eventually(() => door.store.all.length === 3);
    door.draining.abort();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses).toEqual([200, 503, 503]);
  });
});

describe('a method', () => {
  it.each(['HEAD', 'POST', 'PUT', 'DELETE'])('that is %s is refused', async (method) => {
    const door = await serveWatchDoor();
    const answer = await send(door.baseUrl, method, '/v1/watch');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET']);
  });
});

it('takes no more streams and polls than it may', async () => {
  const door = await serveWatchDoor({ streamsMax: 1 });
  const stream = await open(door, 'key=a');
  for (const query of ['key=a', 'key=a&wait=5']) {
    const answer = await send(door.baseUrl, 'GET', `/v1/watch?${query}`);
    expect([answer.status, answer.json().code]).toEqual([429, 'too-many-requests']);
    expectDocumentedResponse('watchKeys', answer);
  }
  stream.close();
  await eventually(async () => {
    return (await open(door, 'key=a&wait=0')).status === 200;
  });
});

it('gives each of those who watch the same the form that he asked for', async () => {
  const door = await serveWatchDoor();
  const readers = [
    await open(door, 'prefix=a&previous=true'),
    await open(door, 'prefix=a'),
    await open(door, 'prefix=YQ&keyEncoding=base64url'),
    await open(door, 'prefix=a', { as: 'ndjson' }),
    await open(door, 'prefix=a'),
  ];
  expect(door.store.all).toHaveLength(1);
  door.store.commit('a=1', 'ab');
  door.store.commit('a=2');
  await door.store.settle();
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
