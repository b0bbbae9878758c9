// The long poll at its door, before a store that moves only when the test says so.
import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { OpenWatches } from '../../../../src/http/v1/open-watches.js';
import { send } from '../../../support/http-client.js';
import type { Answer } from '../../../support/http-client.js';
import { expectDocumentedResponse } from '../../../support/openapi-response.js';
import { eventually } from '../../../support/raw-door.js';
import { serveWatchDoor } from '../../../support/watch-door.js';
import type { WatchDoor } from '../../../support/watch-door.js';

const MEGABYTE = 1024 * 1024;

/** Asks and lets the upstream watch begin. */
async function poll(door: WatchDoor, query: string, signal?: AbortSignal): Promise<Answer> {
  const before = door.store.all.length;
  const answer = send(door.baseUrl, 'GET', `/v1/watch?${query}`, { signal });
  await Promise.race([answer, eventually(() => door.store.all.length > before)]);
  for (const each of door.store.open) each.create();
  expectDocumentedResponse('watchKeys', await answer);
  return answer;
}

/** Whatever there is reaches the poll. */
async function pollAndSettle(door: WatchDoor, query: string): Promise<[string[], string]> {
  const settling = setInterval(() => void door.store.settle(), 10);
  const answer = await poll(door, query);
  clearInterval(settling);
  return wordsOf(answer);
}

function wordsOf(answer: Answer): [string[], string] {
  const { events, next } = answer.json() as {
    events: { event: string; key: string; id: string }[];
    next: string;
  };
  return [events.map(({ event, key, id }) => `${event} ${key}@${id}`), next];
}

describe('a long poll', () => {
  it('answers the first events, and where to go on', async () => {
    const door = await serveWatchDoor();
    const answer = poll(door, 'prefix=a&wait=20');
    await eventually(() => door.store.open.some(({ isCreated }) => isCreated));
    door.store.commit('b');
    door.store.commit('a', 'b', 'a2');
    await door.store.settle();
    expect(wordsOf(await answer)).toEqual([['put a@3.1', 'put a2@3.2'], '3.2']);
    expect((await answer).headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-cache',
    });
  });

  it('answers an empty list when the time is up, and how far it has seen', async () => {
    const door = await serveWatchDoor();
    const answer = poll(door, 'key=a&wait=0.4');
    await eventually(() => door.store.open.some(({ isCreated }) => isCreated));
    door.store.commit('b');
    door.store.open[0]!.progress();
    expect(wordsOf(await answer)).toEqual([[], '2']);
  });

  it('that may not wait tells the position at least', async () => {
    const door = await serveWatchDoor();
    expect(wordsOf(await poll(door, 'key=a&wait=0'))).toEqual([[], '1']);
  });

  it('that may not wait finds what is there already, though etcd takes its time to send it', async () => {
    const door = await serveWatchDoor();
    door.store.commit('a');
    const answer = poll(door, 'key=a&wait=0&since=1');
    await eventually(() => door.store.open.some(({ isCreated }) => isCreated));
    setTimeout(() => void door.store.settle(), 200);
    expect(wordsOf(await answer)).toEqual([['put a@2.1'], '2.1']);
  });

  it('says where it was when nothing came, inside a revision too', async () => {
    const door = await serveWatchDoor();
    door.store.commit('a', 'b');
    expect(wordsOf(await poll(door, 'prefix=&wait=0&since=2.1'))).toEqual([[], '2.1']);
  });

  it('goes on inside a revision that is larger than a page', async () => {
    const door = await serveWatchDoor();
    const keys = Array.from({ length: 1_500 }, (_, i) => `a${i}`);
    door.store.commit(...keys);
    const ask = (since: string): Promise<[string[], string]> =>
      pollAndSettle(door, `prefix=a&wait=5&since=${since}`);
    const [first, next] = await ask('1');
    const [second, end] = await ask(next);
    expect([first.length, next, second.length, end]).toEqual([1_000, '2.1000', 500, '2.1500']);
    expect([...first, ...second]).toEqual(keys.map((key, i) => `put ${key}@2.${i + 1}`));
  });

  it('answers a few megabytes at most, but one event at least', async () => {
    const door = await serveWatchDoor();
    const value = 'v'.repeat(MEGABYTE);
    door.store.commit(...Array.from({ length: 10 }, (_, i) => `a${i}=${value}`));
    door.store.commit(`a0=${'v'.repeat(6 * MEGABYTE)}`);
    const ask = (since: string): Promise<[string[], string]> =>
      pollAndSettle(door, `prefix=a&wait=5&since=${since}`);
    expect((await ask('1'))[0]).toHaveLength(3);
    expect(await ask('2.10')).toEqual([['put a0@3.1'], '3.1']);
  });

  it('F39: is told of a compaction', async () => {
    const door = await serveWatchDoor();
    for (let i = 0; i < 4; i++) door.store.commit('a');
    door.store.compactedAt = 4;
    const settling = setInterval(() => void door.store.settle(), 10);
    const answer = await poll(door, 'key=a&wait=20&since=1');
    clearInterval(settling);
    expect([answer.status, answer.json()]).toMatchObject([
      410,
      { code: 'revision-compacted', oldestRevision: 4 },
    ]);
  });

  it('is told what etcd refuses', async () => {
    const door = await serveWatchDoor();
    const answer = poll(door, 'key=a&wait=20');
    await eventually(() => door.store.open.some(({ isCreated }) => isCreated));
    door.store.open[0]!.end({ kind: 'refused', error: new GatewayError('permission-denied') });
    expect((await answer).status).toBe(403);
  });

  it('ends when the gateway drains', async () => {
    const door = await serveWatchDoor();
    const answer = poll(door, 'key=a&wait=20');
    await eventually(() => door.store.open.some(({ isCreated }) => isCreated));
    door.draining.abort();
    expect([(await answer).status, (await answer).json().code]).toEqual([503, 'shutting-down']);
  });

  it('leaves nothing behind when the caller hangs up', async () => {
    const forgotten = vi.spyOn(OpenWatches.prototype, 'delete');
    const door = await serveWatchDoor({ streamsMax: 1 });
    const hangUp = new AbortController();
    const answer = poll(door, 'key=a&wait=20', hangUp.signal).catch(() => 'gone');
    await eventually(() => door.store.open.some(({ isCreated }) => isCreated));
    hangUp.abort();
    expect(await answer).toBe('gone');
    await eventually(() => forgotten.mock.calls.length === 1);
    forgotten.mockRestore();
    await eventually(async () => (await poll(door, 'key=a&wait=0')).status === 200);
  });

  it('finds what happened between two of them without another upstream watch', async () => {
    const door = await serveWatchDoor();
    const [, next] = wordsOf(await poll(door, 'key=a&wait=0'));
    door.store.commit('a');
    await door.store.settle();
    const answer = await send(door.baseUrl, 'GET', `/v1/watch?key=a&wait=5&since=${next}`);
    expect(wordsOf(answer)).toEqual([['put a@2.1'], '2.1']);
    expect(door.store.all).toHaveLength(1);
  });
});
