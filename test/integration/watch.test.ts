// GET /v1/watch with a real etcd: formats, ranges, positions and errors.
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { expectDocumentedResponse } from '../support/openapi-response.js';
import { putValue, transact } from '../support/v1-calls.js';
import { openWatch, wordsOf } from '../support/watch-reader.js';
import type { WatchReaderOptions, WatchReader } from '../support/watch-reader.js';

const gateway = inject('gatewayUrl');

async function watch(query: string, asked?: WatchReaderOptions): Promise<WatchReader> {
  const reader = await openWatch(gateway, query, asked);
  onTestFinished(() => reader.close());
  return reader;
}

/** Sends a request whose response is not a stream. */
async function ask(query: string, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await send(gateway, 'GET', `/v1/watch?${query}`, { headers });
  expectDocumentedResponse('watchKeys', answer);
  return answer;
}

async function remove(query: string): Promise<number> {
  const answer = await send(gateway, 'DELETE', `/v1/kv?${query}`);
  return answer.json().revision as number;
}

/** Writes all keys at one revision. */
async function putTogether(...keys: string[]): Promise<number> {
  const then = keys.map((key) => ({ put: { key, value: 'v' } }));
  return (await transact({ then })).json().revision as number;
}

describe('an event stream', () => {
  it('has puts and deletes with all their fields', async () => {
    const key = newKey();
    const stream = await watch(`key=${key}`);
    const created = await putValue(key, 'one');
    const changed = await putValue(key, 'two');
    const removed = await remove(`key=${key}`);
    expect(await stream.until(3)).toEqual([
      {
        event: 'put',
        id: `${created}.1`,
        data: { key, value: 'one', version: 1, createRevision: created, modRevision: created },
      },
      {
        event: 'put',
        id: `${changed}.1`,
        data: { key, value: 'two', version: 2, createRevision: created, modRevision: changed },
      },
      {
        event: 'delete',
        id: `${removed}.1`,
        data: { key, version: 0, createRevision: 0, modRevision: removed },
      },
    ]);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(stream.headers).toHaveProperty('x-request-id');
  });

  it('numbers the events of one revision', async () => {
    const prefix = newKey('');
    const keys = ['a', 'b', 'c'].map((name) => prefix + name);
    const stream = await watch(`prefix=${prefix}`);
    const put = await putTogether(...keys);
    const removed = await remove(`prefix=${prefix}`);
    expect(wordsOf(await stream.until(6))).toEqual([
      ...keys.map((key, i) => `put ${key}@${put}.${i + 1}`),
      ...keys.map((key, i) => `delete ${key}@${removed}.${i + 1}`),
    ]);
  });

  it('has the lease of a key', async () => {
    const key = newKey();
    const stream = await watch(`key=${key}`);
    const body = JSON.stringify({ value: 'v', ttl: 60 });
    const put = await send(gateway, 'PUT', `/v1/kv/${key}`, { headers: JSON_TYPE, body });
    const [event] = await stream.until(1);
    expect(event!.data.lease).toBe(put.json().lease);
  });

  it('has values and keys that are not text', async () => {
    const key = Buffer.concat([Buffer.from(newKey()), Buffer.from([0xff])]);
    const keyText = key.toString('base64url');
    const value = Buffer.from([0, 0xfe, 0xff]);
    const stream = await watch(`key=${keyText}&keyEncoding=base64url`);
    await send(gateway, 'PUT', `/v1/kv?key=${keyText}&keyEncoding=base64url&raw`, { body: value });
    const [event] = await stream.until(1);
    expect(event!.data).toMatchObject({
      key: keyText,
      keyEncoding: 'base64url',
      value: value.toString('base64'),
      encoding: 'base64',
    });
  });

  it('has the previous value on request', async () => {
    const key = newKey();
    const since = await putValue(key, 'one');
    const changed = await putValue(key, 'two');
    await remove(`key=${key}`);
    const stream = await watch(`key=${key}&since=${since}&previous=true`);
    const before = (await stream.until(2)).map(({ data }) => data.previous);
    expect(before).toMatchObject([
      { key, value: 'one', modRevision: since },
      { key, value: 'two', modRevision: changed, version: 2 },
    ]);
  });
});

describe('a start', () => {
  it('at the current revision has no past events', async () => {
    const key = newKey();
    await putValue(key, 'past');
    const stream = await watch(`key=${key}`);
    const revision = await putValue(key, 'present');
    expect(wordsOf(await stream.until(1))).toEqual([`put ${key}@${revision}.1`]);
  });

  it.each(['sse', 'ndjson'] as const)('at a past revision has all later events: %s', async (as) => {
    const key = newKey();
    const [first, second, third] = [
      await putValue(key, '1'),
      await putValue(key, '2'),
      await putValue(key, '3'),
    ];
    const stream = await watch(`key=${key}&since=${first}`, { as });
    expect(stream.ids[0] ?? String(first)).toBe(String(first));
    expect(wordsOf(await stream.until(2))).toEqual([
      `put ${key}@${second}.1`,
      `put ${key}@${third}.1`,
    ]);
  });

  it('inside a revision has the rest of it', async () => {
    const prefix = newKey('');
    const revision = await putTogether(...['a', 'b', 'c'].map((name) => prefix + name));
    const expected = [`put ${prefix}b@${revision}.2`, `put ${prefix}c@${revision}.3`];
    const fromQuery = await watch(`prefix=${prefix}&since=${revision}.1`);
    const headers = { 'last-event-id': `${revision}.1` };
    const fromHeader = await watch(`prefix=${prefix}`, { headers });
    expect(wordsOf(await fromQuery.until(2))).toEqual(expected);
    expect(wordsOf(await fromHeader.until(2))).toEqual(expected);
    // The ID does not include the rest of the revision before it is delivered.
    expect([fromQuery.ids[0], fromHeader.ids[0]]).toEqual([`${revision}.1`, `${revision}.1`]);
  });

  it('is at Last-Event-ID, which overrides since', async () => {
    const key = newKey();
    const [first, second] = [await putValue(key, '1'), await putValue(key, '2')];
    const headers = { 'last-event-id': `${first}.1` };
    const stream = await watch(`key=${key}&since=${first - 1}`, { headers });
    expect(wordsOf(await stream.until(1))).toEqual([`put ${key}@${second}.1`]);
  });

  it('F57: is at lastEventId as at Last-Event-ID, which overrides it', async () => {
    const key = newKey();
    const [first, second] = [await putValue(key, '1'), await putValue(key, '2')];
    const query = `key=${key}&since=${first - 1}&lastEventId=`;
    const stream = await watch(`${query}${first}.1`);
    expect(wordsOf(await stream.until(1))).toEqual([`put ${key}@${second}.1`]);
    const headers = { 'last-event-id': `${first}.1` };
    const both = await watch(`${query}${first - 1}.1`, { headers });
    expect(wordsOf(await both.until(1))).toEqual([`put ${key}@${second}.1`]);
    const empty = await watch(query);
    const words = wordsOf(await empty.until(2));
    expect(words).toEqual([`put ${key}@${first}.1`, `put ${key}@${second}.1`]);
    const invalid = await send(gateway, 'GET', `/v1/watch?${query}abc`);
    expect(invalid.json()).toMatchObject({ status: 400, errors: [{ pointer: 'lastEventId' }] });
  });

  it('at the revision of a read misses no events', async () => {
    const key = newKey();
    const read = await send(gateway, 'GET', `/v1/kv/${key}`);
    const revision = await putValue(key, 'after');
    const stream = await watch(`key=${key}&since=${read.headers['etcd-revision'] as string}`);
    expect(wordsOf(await stream.until(1))).toEqual([`put ${key}@${revision}.1`]);
  });
});

describe('a range', () => {
  const prefix = newKey('');
  const keys = ['a', 'a/1', 'a/2', 'b', 'c'].map((name) => prefix + name);

  it.each([
    ['key', `key=${prefix}a`, ['a']],
    ['prefix', `prefix=${prefix}a`, ['a', 'a/1', 'a/2']],
    ['start and end', `start=${prefix}a/2&end=${prefix}c`, ['a/2', 'b']],
    ['start alone', `start=${prefix}a/2`, ['a/2', 'b', 'c']],
    ['end alone', `end=${prefix}b`, ['a', 'a/1', 'a/2']],
    ['nothing: the whole keyspace', '', ['a', 'a/1', 'a/2', 'b', 'c']],
    ['an empty prefix: the whole keyspace', 'prefix=', ['a', 'a/1', 'a/2', 'b', 'c']],
    [
      'prefix in base64url',
      `prefix=${Buffer.from(`${prefix}a/`).toString('base64url')}&keyEncoding=base64url`,
      ['a/1', 'a/2'],
    ],
  ])('of %s is watched in both forms', async (_, query, names) => {
    const streams = [await watch(query), await watch(query, { as: 'ndjson' })];
    const revision = await putTogether(...keys);
    for (const stream of streams) {
      await stream.until(names.length);
      const own = stream.events.filter(({ data }) => data.modRevision === revision);
      const seen = own.map(({ data }) =>
        Buffer.from(data.key, data.keyEncoding ?? 'utf8').toString(),
      );
      expect(seen).toEqual(names.map((name) => prefix + name));
      expect(own.map(({ id }) => id)).toEqual(names.map((_name, i) => `${revision}.${i + 1}`));
    }
  });

  it('of locks can be watched', async () => {
    const name = newKey();
    const stream = await watch(`prefix=locks/${name}/`);
    const body = JSON.stringify({ owner: 'me', ttl: 60 });
    await send(gateway, 'PUT', `/v1/locks/${name}`, { headers: JSON_TYPE, body });
    await send(gateway, 'DELETE', `/v1/locks/${name}?owner=me`);
    expect((await stream.until(2)).map(({ event }) => event)).toEqual(['put', 'delete']);
  });
});

describe('JSON lines', () => {
  it.each([
    undefined,
    '*/*',
    'application/x-ndjson',
    'application/x-ndjson, text/event-stream;q=0.5',
  ])('are what Accept: %s gets', async (accept) => {
    const key = newKey();
    const stream = await watch(`key=${key}`, {
      as: 'ndjson',
      headers: { accept: accept! },
    });
    expect(stream.headers['content-type']).toBe('application/x-ndjson');
    const revision = await putValue(key, 'v');
    await stream.until(1);
    expect(stream.events).toEqual([
      {
        event: 'put',
        id: `${revision}.1`,
        data: { key, value: 'v', version: 1, createRevision: revision, modRevision: revision },
      },
    ]);
    expect(JSON.parse(stream.text.split('\n')[0]!)).toMatchObject({ event: 'heartbeat' });
  });
});

describe('a long poll', () => {
  it('returns the events after its position, and the next position', async () => {
    const key = newKey();
    const { next } = (await ask(`key=${key}&wait=0`)).json();
    const answer = ask(`key=${key}&wait=20&since=${next as string}`);
    const revision = await putValue(key, 'v');
    expect((await answer).json()).toEqual({
      events: [
        {
          event: 'put',
          id: `${revision}.1`,
          key,
          value: 'v',
          version: 1,
          createRevision: revision,
          modRevision: revision,
        },
      ],
      next: `${revision}.1`,
    });
    expect((await answer).headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-cache',
    });
  });

  it('returns past events if it must not wait', async () => {
    const key = newKey();
    const [first, second] = [await putValue(key, '1'), await putValue(key, '2')];
    const { events } = (await ask(`key=${key}&wait=0&since=${first}`)).json();
    expect(events).toMatchObject([{ id: `${second}.1` }]);
  });

  it('returns an empty list after the wait, and never an earlier position', async () => {
    const key = newKey();
    const since = await putValue(key, 'v');
    const { events, next } = (await ask(`key=${key}&wait=1&since=${since}`)).json();
    expect(events).toEqual([]);
    expect(Number(next)).toBeGreaterThanOrEqual(since);
  });

  it('repeated many times, misses and repeats no event of any transaction', async () => {
    const prefix = newKey('');
    const since = await putValue(`${prefix}start`, '');
    const expected: string[] = [];
    const write = async (): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        const names = Array.from({ length: 1 + ((i * 7) % 40) }, (_, n) => `${prefix}${i}-${n}`);
        const revision = await putTogether(...names);
        expected.push(...names.map((name, n) => `${name}@${revision}.${n + 1}`));
      }
    };
    const got: string[] = [];
    const read = async (): Promise<void> => {
      let next = String(since);
      while (!got.at(-1)?.startsWith(`${prefix}end`)) {
        const page = (await ask(`prefix=${prefix}&wait=10&since=${next}`)).json();
        got.push(
          ...(page.events as { key: string; id: string }[]).map(({ key, id }) => `${key}@${id}`),
        );
        next = page.next as string;
      }
    };
    const reading = read();
    await write();
    const end = await putValue(`${prefix}end`, '');
    await reading;
    expect(got).toEqual([...expected, `${prefix}end@${end}.1`]);
  });
});

describe('a watch', () => {
  it.each([
    ['since that is not a position', 'since=abc', 'since'],
    ['since inside nothing', 'since=41.', 'since'],
    ['since below zero', 'since=-1', 'since'],
    ['since above 2^53', 'since=9007199254740993', 'since'],
    ['since twice', 'since=1&since=2', 'since'],
    ['a wait below zero', 'wait=-1', 'wait'],
    ['a wait above 300', 'wait=301', 'wait'],
    ['a wait that is not a number', 'wait=long', 'wait'],
    ['a key and a prefix', 'key=a&prefix=b', 'prefix'],
    ['a key and an end', 'key=a&end=b', 'end'],
    ['a prefix and a start', 'prefix=a&start=b', 'prefix'],
    ['an empty key', 'key=', 'key'],
    ['a key that is not base64url', 'key=%21&keyEncoding=base64url', 'key'],
    ['an unknown parameter', 'prefixx=a', 'prefixx'],
    ['previous that is neither', 'previous=maybe', 'previous'],
  ])('is rejected for %s, with its pointer', async (_, query, pointer) => {
    const answer = await ask(query);
    expect([answer.status, answer.json()]).toMatchObject([
      400,
      { code: 'invalid-request', errors: [{ pointer }] },
    ]);
  });

  it('is rejected for an invalid Last-Event-ID', async () => {
    const answer = await ask('', { 'last-event-id': 'abc' });
    expect(answer.json()).toMatchObject({ status: 400, errors: [{ pointer: 'Last-Event-ID' }] });
  });

  it.each(['key=%00latchkey%2Fx', 'prefix=%00latchkey%2F', 'start=%00latchkey%2Fx'])(
    "is rejected for the gateway's own keys: %s",
    async (query) => {
      const answer = await ask(query);
      expect([answer.status, answer.json().code]).toEqual([403, 'reserved-prefix']);
    },
  );

  it.each(['application/json', 'text/html', 'text/event-stream;q=0'])(
    'is rejected for Accept: %s without wait',
    async (accept) => {
      const answer = await ask('key=a', { accept });
      expect([answer.status, answer.json().code]).toEqual([406, 'not-acceptable']);
    },
  );

  it('does not exist for HEAD', async () => {
    const answer = await send(gateway, 'HEAD', '/v1/watch');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET']);
  });

  it('is rejected for an empty range', async () => {
    const answer = await ask('start=b&end=a');
    expect([answer.status, answer.json().code]).toEqual([400, 'invalid-request']);
  });
});
