import { setTimeout as pause } from 'node:timers/promises';
import nock from 'nock';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { GATEWAY_IDENTITY } from '../../../../src/core/caller.js';
import { EndpointPool } from '../../../../src/etcd/endpoints/pool.js';
import { createConnector } from '../../../../src/etcd/transport/connection.js';
import { createTransport } from '../../../../src/etcd/transport/transport.js';
import { createWatchClient } from '../../../../src/etcd/watch/client.js';
import type { WatchClient, WatchLimits } from '../../../../src/etcd/watch/client.js';
import type { WatchHandle } from '../../../../src/etcd/watch/watch-listener.js';
import { deadEndpoint, eventually } from '../../../support/raw-router-server.js';
import { recordWatch } from '../../../support/watch-recorder.js';
import type { WatchRecorder } from '../../../support/watch-recorder.js';
import { event, serveWatches } from '../../../support/watch-server.js';
import type { SentLine, ServerStream } from '../../../support/watch-server.js';

// nock puts sockets of its own between; this is about real ones.
beforeAll(() => nock.restore());
afterAll(() => nock.activate());

const transport = createTransport(
  {
    socketsMax: 4,
    idleSocketsMax: 1,
    responseBytesMax: 1_000,
  },
  createConnector({ connectTimeoutMs: 1_000 }),
);

interface Setup {
  readonly client: WatchClient;
  readonly pool: EndpointPool;
  readonly unrecognised: string[];
}

function setUp(endpoints: readonly string[], limits: Partial<WatchLimits> = {}): Setup {
  const pool = new EndpointPool(endpoints);
  const unrecognised: string[] = [];
  const client = createWatchClient({
    pool,
    transport,
    limits,
    onUnrecognizedError: (message) => unrecognised.push(message),
  });
  onTestFinished(() => client.close());
  return { client, pool, unrecognised };
}

const KEY = { key: Buffer.from('k') };

function watch(
  client: WatchClient,
  recorder: WatchRecorder = recordWatch(),
  request = {},
): WatchRecorder & WatchHandle {
  const handle = client.watch(GATEWAY_IDENTITY, { ...KEY, ...request }, recorder);
  // Not copied: some of its members are computed.
  return Object.assign(recorder, handle);
}

/** Opens one watch for each key and confirms them all. */
async function watchAll(
  client: WatchClient,
  stream: () => Promise<ServerStream>,
  keys: readonly string[],
): Promise<(WatchRecorder & WatchHandle)[]> {
  const watches = keys.map((key) => watch(client, recordWatch(), { key: Buffer.from(key) }));
  const upstream = await stream();
  for (let i = 0; i < keys.length; i++) {
    upstream.created((await upstream.line(i)).create_request!.watch_id);
  }
  await Promise.all(watches.map((each) => each.untilCreated()));
  return watches;
}

function linesOf(stream: ServerStream, kind: keyof SentLine): number {
  return stream.lines.filter((line) => line[kind] !== undefined).length;
}

describe('a create', () => {
  it('says what etcd needs to answer at once, and chooses its ID', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    watch(client, recordWatch(), {
      key: Buffer.from('a'),
      rangeEnd: Buffer.from('b'),
      startRevision: 7,
      prevKv: true,
      progressNotify: true,
      noPut: true,
    });
    const stream = await server.stream(0);
    expect(stream.headers).toMatchObject({
      connection: 'close',
      'grpc-metadata-hasleader': 'true',
      'content-type': 'application/json',
    });
    expect(await stream.line(0)).toEqual({
      create_request: {
        watch_id: 1,
        key: 'YQ==',
        range_end: 'Yg==',
        start_revision: 7,
        prev_kv: true,
        progress_notify: true,
        filters: ['NOPUT'],
        fragment: true,
      },
    });
  });

  it('shares the stream of the others, those that came while it was being opened too', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const watches = await watchAll(client, () => server.stream(0), ['a', 'b', 'c']);
    const late = watch(client);
    const stream = await server.stream(0);
    const { watch_id: id } = (await stream.line(3)).create_request!;
    stream.created(id, 9);
    expect(await late.untilCreated()).toBe(9);
    expect(watches.map(({ created }) => created)).toEqual([[1], [1], [1]]);
    expect(new Set(stream.lines.map((line) => line.create_request?.watch_id)).size).toBe(4);
    expect([client.streams, client.watches, server.streams.length]).toEqual([1, 4, 1]);
  });

  it('takes another stream when one is full, and for another identity', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint], { watchesPerStreamMax: 2 });
    await watchAll(client, () => server.stream(0), ['a', 'b']);
    await watchAll(client, () => server.stream(1), ['c']);
    client.watch({ ...GATEWAY_IDENTITY, key: 'somebody else' }, KEY, recordWatch());
    await (await server.stream(2)).line(0);
    expect([client.streams, client.watches]).toEqual([3, 4]);
  });

  it('is refused when there are too many streams', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint], { watchesPerStreamMax: 1, streamsMax: 1 });
    watch(client);
    const second = watch(client);
    expect(second.ends).toEqual([]);
    expect(await second.untilEnd()).toMatchObject({
      kind: 'refused',
      error: { code: 'too-many-requests' },
    });
  });

  it('is refused by name or by order: etcd names no watch in a refusal', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const [first] = await watchAll(client, () => server.stream(0), ['a']);
    const stream = await server.stream(0);
    const [second, third, fourth] = [watch(client), watch(client), watch(client)];
    await stream.line(3);
    const reason = { created: true, canceled: true, cancel_reason: 'permission denied' };
    stream.created(2);
    stream.send({ watch_id: '-1', ...reason });
    stream.send({ watch_id: '4', ...reason });
    expect(await third.untilEnd()).toMatchObject({
      kind: 'refused',
      error: { code: 'permission-denied' },
    });
    expect(await fourth.untilEnd()).toMatchObject({ kind: 'refused' });
    expect([first!.ends, second.ends, third.created]).toEqual([[], [], []]);
    expect(client.watches).toBe(2);
  });

  it('is refused, and logged, for a reason that no table knows', async () => {
    const server = await serveWatches();
    const { client, unrecognised } = setUp([server.endpoint]);
    const refused = watch(client);
    const stream = await server.stream(0);
    await stream.line(0);
    const cancel_reason = 'mvcc: a reason of tomorrow';
    stream.send({ watch_id: '-1', created: true, canceled: true, cancel_reason });
    expect(await refused.untilEnd()).toMatchObject({
      kind: 'refused',
      error: { code: 'etcd-refused' },
    });
    expect(unrecognised).toEqual(['a reason of tomorrow']);
  });

  it('is tried elsewhere when a member has no leader', async () => {
    const [leaderless, healthy] = [await serveWatches(), await serveWatches()];
    const { client, pool } = setUp([leaderless.endpoint, healthy.endpoint]);
    const watcher = watch(client);
    const refusing = await leaderless.stream(0);
    refusing.head(503);
    const error = '{"error":{"grpc_code":14,"message":"etcdserver: no leader"}}';
    // What comes behind an error is not held against the next member.
    refusing.raw(error + error);
    (await healthy.stream(0)).created(1);
    await watcher.untilCreated();
    expect(pool.candidates()[0]!.url).toBe(healthy.endpoint);
    expect(watcher.ends).toEqual([]);
  });

  it('ends as refused when etcd refuses the whole stream for good', async () => {
    const server = await serveWatches();
    const other = await serveWatches();
    const { client } = setUp([server.endpoint, other.endpoint]);
    const watcher = watch(client);
    const stream = await server.stream(0);
    stream.head(401);
    stream.raw('{"error":{"grpc_code":16,"message":"etcdserver: invalid auth token"}}');
    expect(await watcher.untilEnd()).toMatchObject({
      kind: 'refused',
      error: { code: 'etcd-refused' },
    });
    expect(other.streams).toHaveLength(0);
  });
});

describe('opening a stream', () => {
  it('leaves a member that takes the connection and says nothing, and ejects it', async () => {
    const [hanging, healthy] = [await serveWatches(), await serveWatches()];
    const { client, pool } = setUp([hanging.endpoint, healthy.endpoint], { openTimeoutMs: 100 });
    const watcher = watch(client);
    (await healthy.stream(0)).created(1);
    await watcher.untilCreated();
    await eventually(() => hanging.streams[0]!.isGone);
    const candidates = [pool.candidates(), pool.candidates()];
    expect(candidates.map(([first]) => first!.url)).toEqual([healthy.endpoint, healthy.endpoint]);
  });

  it('asks every member once, then the watch is broken', async () => {
    const hanging = await serveWatches();
    const { client } = setUp([await deadEndpoint(), hanging.endpoint, await deadEndpoint()], {
      openTimeoutMs: 100,
    });
    const watcher = watch(client);
    expect(await watcher.untilEnd()).toMatchObject({
      kind: 'broken',
      error: { code: 'etcd-unavailable', status: 503, retryAfterSeconds: 1 },
    });
    expect([hanging.streams.length, client.streams]).toEqual([1, 0]);
  });

  it('calls what is no etcd by its name', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const watcher = watch(client);
    const stream = await server.stream(0);
    stream.head(404);
    stream.end();
    expect(await watcher.untilEnd()).toMatchObject({
      kind: 'broken',
      error: { code: 'etcd-refused', detail: 'etcd responded to a watch with status 404' },
    });
  });

  it('cancels a watch that was closed after its create was sent', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const [closed, open] = [watch(client), watch(client)];
    const stream = await server.stream(0);
    await stream.line(0);
    closed.close();
    stream.created(1);
    stream.created(2);
    await open.untilCreated();
    expect((await stream.line(1)).cancel_request).toEqual({ watch_id: 1 });
    expect((await stream.line(2)).create_request).toMatchObject({ watch_id: 2 });
    expect(closed.created).toEqual([]);
  });

  it('tries no further member for watches that were all closed meanwhile', async () => {
    const [hanging, other] = [await serveWatches(), await serveWatches()];
    const { client, pool } = setUp([hanging.endpoint, other.endpoint], { openTimeoutMs: 100 });
    const reportFailure = vi.spyOn(pool, 'reportFailure');
    const watcher = watch(client);
    await (await hanging.stream(0)).line(0);
    watcher.close();
    await eventually(() => client.streams === 0);
    // With nothing to say the other one would not answer, and be blamed for it.
    expect(reportFailure.mock.calls.map(([endpoint]) => endpoint.url)).toEqual([hanging.endpoint]);
    expect([other.streams.length, watcher.ends.length]).toEqual([0, 0]);
  });

  it('hears nothing before the call that opens it has returned, and nothing after a close', async () => {
    const { client } = setUp([await deadEndpoint()]);
    const [closed, open] = [watch(client), watch(client)];
    expect([closed.ends, open.ends]).toEqual([[], []]);
    closed.close();
    await open.untilEnd();
    expect(closed.ends).toEqual([]);
  });
});

describe('events', () => {
  it('go to their watch, in order, whatever the pieces in which they come (F42)', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const [first, second] = await watchAll(client, () => server.stream(0), ['a', 'b']);
    const messages = [
      { header: { revision: '3' }, watch_id: '1', events: [event('ä', 2, '1'), event('a', 3)] },
      { header: { revision: '4' }, watch_id: '2', events: [event('b', 4, '2')] },
      { header: { revision: '5' }, watch_id: '1', events: [event('a', 5, '3')] },
      { header: { revision: '6' }, watch_id: '99', events: [event('x', 6, '4')] },
    ];
    const bytes = Buffer.from(messages.map((result) => JSON.stringify({ result })).join(''));
    const stream = await server.stream(0);
    for (let i = 0; i < 200; i++) {
      stream.raw(bytes.subarray(i, i + 1));
      await new Promise(setImmediate);
    }
    stream.raw(bytes.subarray(200));
    await Promise.all([first!.untilEvents(3), second!.untilEvents(1)]);
    expect(first!.names).toEqual(['ä@2', '-a@3', 'a@5']);
    expect(second!.names).toEqual(['b@4']);
  });

  it('of one revision come in one call, though etcd cut it into fragments', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const [watcher] = await watchAll(client, () => server.stream(0), ['a']);
    const stream = await server.stream(0);
    const piece = { header: { revision: '9' }, watch_id: '1' };
    stream.send({ ...piece, fragment: true, events: [event('a', 2, ''), event('a', 3, '')] });
    stream.send({ ...piece, fragment: true, events: [event('b', 3, ''), event('c', 3, '')] });
    stream.send({ ...piece, events: [event('d', 3, '')] });
    await watcher!.untilEvents(5);
    expect(watcher!.calls.map((call) => call.length)).toEqual([1, 4]);
  });

  it('from before its start are not for a watch of a future revision', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const watcher = watch(client, recordWatch(), { startRevision: 5 });
    const stream = await server.stream(0);
    stream.created(1);
    stream.send({ header: { revision: '3' }, watch_id: '1' });
    const events = [event('a', 4, ''), event('a', 5, '')];
    stream.send({ header: { revision: '5' }, watch_id: '1', events });
    await watcher.untilEvents(1);
    expect([watcher.names, watcher.progress]).toEqual([['a@5'], []]);
  });

  it('of a revision beyond its limit end their watch alone', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint], { revisionBytesMax: 1_000 });
    const [large, other] = await watchAll(client, () => server.stream(0), ['a', 'b']);
    const stream = await server.stream(0);
    const events = [event('a', 2, 'x'.repeat(1_000))];
    stream.send({ header: { revision: '2' }, watch_id: '1', fragment: true, events });
    expect(await large!.untilEnd()).toMatchObject({
      kind: 'refused',
      error: { code: 'too-large' },
    });
    expect((await stream.line(2)).cancel_request).toEqual({ watch_id: 1 });
    expect([other!.ends, client.watches]).toEqual([[], 1]);
  });
});

describe('progress', () => {
  it('of a watch is periodic; the answer to a request goes to those who asked', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const [asks, doesNot] = await watchAll(client, () => server.stream(0), ['a', 'b']);
    const stream = await server.stream(0);
    asks!.requestProgress();
    expect((await stream.line(2)).progress_request).toEqual({});
    stream.send({ header: { revision: '5' }, watch_id: '-1' });
    stream.send({ header: { revision: '6' }, watch_id: '2' });
    await eventually(() => doesNot!.progress.length > 0);
    expect(asks!.progress).toEqual([{ revision: 5, isPeriodic: false }]);
    expect(doesNot!.progress).toEqual([{ revision: 6, isPeriodic: true }]);
  });

  it('is asked for once by many, and once more for those who came later', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint], { progressGapMs: 50 });
    const watches = await watchAll(client, () => server.stream(0), ['a', 'b', 'c']);
    const stream = await server.stream(0);
    for (const each of watches) each.requestProgress();
    await eventually(() => linesOf(stream, 'progress_request') === 2);
    await pause(150);
    expect(linesOf(stream, 'progress_request')).toBe(2);
  });

  it('is asked for when the stream is open, if that was wanted before', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const watcher = watch(client);
    watcher.requestProgress();
    const stream = await server.stream(0);
    stream.created(1);
    expect((await stream.line(1)).progress_request).toEqual({});
  });
});

describe('the end of a watch', () => {
  it('by compaction tells the first revision that is left (F39)', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const [watcher, other] = await watchAll(client, () => server.stream(0), ['a', 'b']);
    const stream = await server.stream(0);
    stream.send({
      header: { revision: '9' },
      watch_id: '1',
      canceled: true,
      compact_revision: '8',
    });
    expect(await watcher!.untilEnd()).toEqual({
      kind: 'compacted',
      compactRevision: 8,
      revision: 9,
    });
    expect([other!.ends, client.watches]).toEqual([[], 1]);
    // Else etcd would tell no progress on this stream any more.
    expect(await stream.line(2)).toEqual({ cancel_request: { watch_id: 1 } });
  });

  it.each([
    ['without a reason', {}, 'broken', 'etcd-refused'],
    ['for the lack of a leader', { cancel_reason: 'etcdserver: no leader' }, 'broken', 'no-leader'],
    [
      'for its rights',
      { cancel_reason: 'etcdserver: permission denied' },
      'refused',
      'permission-denied',
    ],
  ])('by etcd %s is told with its kind and code', async (_how, reason, kind, code) => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const [watcher] = await watchAll(client, () => server.stream(0), ['a']);
    (await server.stream(0)).send({ watch_id: '1', canceled: true, ...reason });
    expect(await watcher!.untilEnd()).toMatchObject({ kind, error: { code } });
  });

  it('comes to all when etcd ends one without saying which', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const watches = await watchAll(client, () => server.stream(0), ['a', 'b']);
    (await server.stream(0)).send({ watch_id: '-1', canceled: true });
    const ends = await Promise.all(watches.map((each) => each.untilEnd()));
    expect(ends.map(({ kind }) => kind)).toEqual(['broken', 'broken']);
  });

  it('comes once to all of a stream that breaks, however it does', async () => {
    const server = await serveWatches();
    const { client, pool } = setUp([server.endpoint, server.endpoint]);
    const breaks: ((stream: ServerStream) => void)[] = [
      (stream) => stream.reset(),
      (stream) => stream.end(),
      // grpc-gateway v1 writes no line break behind an error.
      (stream) => stream.raw('{"error":{"grpc_code":14,"http_code":503,"message":"closing"}}'),
      (stream) => stream.raw('{"error":{"code":14,"message":"etcdserver: no leader"}}\n'),
      (stream) => stream.raw('<html>'),
      (stream) => stream.raw('{"result":{"events":{}}}'),
    ];
    const reportFailure = vi.spyOn(pool, 'reportFailure');
    for (const [index, cut] of breaks.entries()) {
      const watches = await watchAll(client, () => server.stream(index), ['a', 'b']);
      cut(await server.stream(index));
      const ends = await Promise.all(watches.map((each) => each.untilEnd()));
      expect(ends.map(({ kind }) => kind)).toEqual(['broken', 'broken']);
      await pause(20);
      expect(watches.map((each) => each.ends.length)).toEqual([1, 1]);
      expect(reportFailure).toHaveBeenCalledTimes(index + 1);
      expect(client.streams).toBe(0);
    }
  });

  it('comes to all when one message is longer than the limit', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint], { messageBytesMax: 1_000 });
    const [watcher] = await watchAll(client, () => server.stream(0), ['a']);
    (await server.stream(0)).raw(`{"result":{"x":"${'x'.repeat(1_000)}`);
    expect(await watcher!.untilEnd()).toMatchObject({
      kind: 'broken',
      error: { code: 'etcd-refused', detail: expect.stringContaining('1000 bytes') },
    });
  });

  it('can be answered by a new watch, on a new stream, and by closing another one', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const again = recordWatch();
    const first = watch(
      client,
      recordWatch(() => {
        second.close();
        watch(client, again);
      }),
    );
    const second = watch(client);
    const stream = await server.stream(0);
    stream.created(1);
    await first.untilCreated();
    stream.reset();
    (await server.stream(1)).created(1);
    await again.untilCreated();
    expect([second.ends.length, client.streams, client.watches]).toEqual([0, 1, 1]);
  });

  it('comes with the end of the client, and at once to later watches', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const [watcher] = await watchAll(client, () => server.stream(0), ['a']);
    client.close();
    const late = watch(client);
    const broken = { kind: 'broken', error: { code: 'shutting-down' } };
    expect(watcher!.ends).toMatchObject([broken]);
    expect(late.ends).toEqual([]);
    expect(await late.untilEnd()).toMatchObject(broken);
    const stream = await server.stream(0);
    await eventually(() => stream.isGone);
    expect([client.streams, client.watches]).toEqual([0, 0]);
  });
});

describe('a closed watch', () => {
  it('is cancelled upstream and hears nothing more, not even from the chunk that is being read', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint]);
    const [first, second] = await watchAll(client, () => server.stream(0), ['a', 'b']);
    const closing = Object.assign(first!, { onEvents: () => first!.close() });
    const stream = await server.stream(0);
    const events = (revision: number): string =>
      ['1', '2']
        .map((id) => ({ header: {}, watch_id: id, events: [event('a', revision, '')] }))
        .map((result) => JSON.stringify({ result }))
        .join('\n');
    const onEvents = vi.spyOn(closing, 'onEvents');
    stream.raw(`${events(2)}\n${events(3)}\n`);
    await second!.untilEvents(2);
    expect(onEvents).toHaveBeenCalledTimes(1);
    expect((await stream.line(2)).cancel_request).toEqual({ watch_id: 1 });
    first!.close();
    stream.send({ watch_id: '1', canceled: true });
    stream.send({ watch_id: '2', events: [event('a', 4, '')] });
    await second!.untilEvents(3);
    expect([first!.ends.length, linesOf(stream, 'cancel_request')]).toEqual([0, 1]);
  });

  it('leaves its stream to the next one for a moment, then the stream ends', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint], { lingerMs: 300 });
    const [first] = await watchAll(client, () => server.stream(0), ['a']);
    first!.close();
    expect([client.streams, client.watches]).toEqual([1, 0]);
    const stream = await server.stream(0);
    const second = watch(client);
    await stream.line(2);
    stream.created(2);
    await second.untilCreated();
    await pause(600);
    expect(stream.isGone).toBe(false);
    second.close();
    await eventually(() => stream.isGone);
    expect([client.streams, server.streams.length, second.ends.length]).toEqual([0, 1, 0]);
  });
});

describe('a silent stream', () => {
  const limits = { keepaliveIdleMs: 200, keepaliveTimeoutMs: 200 };
  const refusal = {
    watch_id: '-1',
    created: true,
    canceled: true,
    cancel_reason: 'mvcc: a reason of tomorrow',
  };

  it('is asked for a sign of life that costs nothing, and lives on when one comes', async () => {
    const server = await serveWatches();
    const { client, unrecognised } = setUp([server.endpoint], limits);
    const [watcher] = await watchAll(client, () => server.stream(0), ['a']);
    const stream = await server.stream(0);
    for (let i = 1; i <= 3; i++) {
      const { create_request: ping } = await stream.line(i);
      const [key, rangeEnd] = [ping!.key, ping!.range_end].map((text) => text as string);
      expect(Buffer.from(rangeEnd!, 'base64').compare(Buffer.from(key!, 'base64'))).toBe(-1);
      stream.send(refusal);
    }
    stream.send({ watch_id: '1', events: [event('a', 2, '')] });
    await watcher!.untilEvents(1);
    expect([watcher!.ends, unrecognised, client.watches]).toEqual([[], [], 1]);
  });

  it('is alive with whatever comes in', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint], limits);
    const [watcher] = await watchAll(client, () => server.stream(0), ['a']);
    const stream = await server.stream(0);
    await stream.line(1);
    for (let i = 0; i < 20; i++) {
      stream.raw('\n');
      await pause(50);
    }
    expect(watcher!.ends).toEqual([]);
  });

  it('is given up when none comes, and its member is ejected', async () => {
    const [silent, other] = [await serveWatches(), await serveWatches()];
    const { client, pool } = setUp([silent.endpoint, other.endpoint], limits);
    const [watcher] = await watchAll(client, () => silent.stream(0), ['a']);
    expect(await watcher!.untilEnd()).toMatchObject({
      kind: 'broken',
      error: { code: 'etcd-unavailable' },
    });
    await eventually(() => silent.streams[0]!.isGone);
    const candidates = [pool.candidates(), pool.candidates()];
    expect(candidates.map(([first]) => first!.url)).toEqual([other.endpoint, other.endpoint]);
  });

  it('is given up sooner when a create stays without an answer', async () => {
    const server = await serveWatches();
    const { client } = setUp([server.endpoint], {
      keepaliveIdleMs: 600_000,
      keepaliveTimeoutMs: 100,
    });
    const [watcher] = await watchAll(client, () => server.stream(0), ['a']);
    watch(client);
    expect(await watcher!.untilEnd()).toMatchObject({ kind: 'broken' });
  });
});
