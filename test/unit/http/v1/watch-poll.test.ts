// Long polls over HTTP with a fake store that the test advances.
import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { OpenWatches } from '../../../../src/http/v1/open-watches.js';
import { send } from '../../../support/http-client.js';
import type { Answer } from '../../../support/http-client.js';
import { expectDocumentedResponse } from '../../../support/openapi-response.js';
import { eventually } from '../../../support/raw-router-server.js';
import { serveWatchApi } from '../../../support/watch-api.js';
import type { WatchApi } from '../../../support/watch-api.js';

const MEGABYTE = 1024 * 1024;

/** Sends a poll and starts the upstream watch. */
async function poll(api: WatchApi, query: string, signal?: AbortSignal): Promise<Answer> {
  const before = api.store.all.length;
  const answer = send(api.baseUrl, 'GET', `/v1/watch?${query}`, { signal });
  await Promise.race([answer, eventually(() => api.store.all.length > before)]);
  for (const each of api.store.open) each.create();
  expectDocumentedResponse('watchKeys', await answer);
  return answer;
}

/** Polls while the store sends its events. */
async function pollAndSettle(api: WatchApi, query: string): Promise<[string[], string]> {
  const settling = setInterval(() => void api.store.settle(), 10);
  const answer = await poll(api, query);
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
  it('returns the first events and the next position', async () => {
    const api = await serveWatchApi();
    const answer = poll(api, 'prefix=a&wait=20');
    await eventually(() => api.store.open.some(({ isCreated }) => isCreated));
    api.store.commit('b');
    api.store.commit('a', 'b', 'a2');
    await api.store.settle();
    expect(wordsOf(await answer)).toEqual([['put a@3.1', 'put a2@3.2'], '3.2']);
    expect((await answer).headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-cache',
    });
  });

  it('returns an empty list and the current position after the wait', async () => {
    const api = await serveWatchApi();
    const answer = poll(api, 'key=a&wait=0.4');
    await eventually(() => api.store.open.some(({ isCreated }) => isCreated));
    api.store.commit('b');
    api.store.open[0]!.progress();
    expect(wordsOf(await answer)).toEqual([[], '2']);
  });

  it('returns the position if it must not wait', async () => {
    const api = await serveWatchApi();
    expect(wordsOf(await poll(api, 'key=a&wait=0'))).toEqual([[], '1']);
  });

  it('returns past events if it must not wait, although etcd sends them late', async () => {
    const api = await serveWatchApi();
    api.store.commit('a');
    const answer = poll(api, 'key=a&wait=0&since=1');
    await eventually(() => api.store.open.some(({ isCreated }) => isCreated));
    setTimeout(() => void api.store.settle(), 200);
    expect(wordsOf(await answer)).toEqual([['put a@2.1'], '2.1']);
  });

  it('returns its start, also inside a revision, if there were no events', async () => {
    const api = await serveWatchApi();
    api.store.commit('a', 'b');
    expect(wordsOf(await poll(api, 'prefix=&wait=0&since=2.1'))).toEqual([[], '2.1']);
  });

  it('continues inside a revision that is larger than a page', async () => {
    const api = await serveWatchApi();
    const keys = Array.from({ length: 1_500 }, (_, i) => `a${i}`);
    api.store.commit(...keys);
    const ask = (since: string): Promise<[string[], string]> =>
      pollAndSettle(api, `prefix=a&wait=5&since=${since}`);
    const [first, next] = await ask('1');
    const [second, end] = await ask(next);
    expect([first.length, next, second.length, end]).toEqual([1_000, '2.1000', 500, '2.1500']);
    expect([...first, ...second]).toEqual(keys.map((key, i) => `put ${key}@2.${i + 1}`));
  });

  it('returns a few megabytes at most, but at least one event', async () => {
    const api = await serveWatchApi();
    const value = 'v'.repeat(MEGABYTE);
    api.store.commit(...Array.from({ length: 10 }, (_, i) => `a${i}=${value}`));
    api.store.commit(`a0=${'v'.repeat(6 * MEGABYTE)}`);
    const ask = (since: string): Promise<[string[], string]> =>
      pollAndSettle(api, `prefix=a&wait=5&since=${since}`);
    expect((await ask('1'))[0]).toHaveLength(3);
    expect(await ask('2.10')).toEqual([['put a0@3.1'], '3.1']);
  });

  it('F39: reports a compaction', async () => {
    const api = await serveWatchApi();
    for (let i = 0; i < 4; i++) api.store.commit('a');
    api.store.compactedAt = 4;
    const settling = setInterval(() => void api.store.settle(), 10);
    const answer = await poll(api, 'key=a&wait=20&since=1');
    clearInterval(settling);
    expect([answer.status, answer.json()]).toMatchObject([
      410,
      { code: 'revision-compacted', oldestRevision: 4 },
    ]);
  });

  it('reports an error of etcd', async () => {
    const api = await serveWatchApi();
    const answer = poll(api, 'key=a&wait=20');
    await eventually(() => api.store.open.some(({ isCreated }) => isCreated));
    api.store.open[0]!.end({ kind: 'refused', error: new GatewayError('permission-denied') });
    expect((await answer).status).toBe(403);
  });

  it('ends when the gateway drains', async () => {
    const api = await serveWatchApi();
    const answer = poll(api, 'key=a&wait=20');
    await eventually(() => api.store.open.some(({ isCreated }) => isCreated));
    api.draining.abort();
    expect([(await answer).status, (await answer).json().code]).toEqual([503, 'shutting-down']);
  });

  it('closes its watch when the client disconnects', async () => {
    const forgotten = vi.spyOn(OpenWatches.prototype, 'delete');
    const api = await serveWatchApi({ streamsMax: 1 });
    const hangUp = new AbortController();
    const answer = poll(api, 'key=a&wait=20', hangUp.signal).catch(() => 'gone');
    await eventually(() => api.store.open.some(({ isCreated }) => isCreated));
    hangUp.abort();
    expect(await answer).toBe('gone');
    await eventually(() => forgotten.mock.calls.length === 1);
    forgotten.mockRestore();
    await eventually(async () => (await poll(api, 'key=a&wait=0')).status === 200);
  });

  it('returns events between two polls without another upstream watch', async () => {
    const api = await serveWatchApi();
    const [, next] = wordsOf(await poll(api, 'key=a&wait=0'));
    api.store.commit('a');
    await api.store.settle();
    const answer = await send(api.baseUrl, 'GET', `/v1/watch?key=a&wait=5&since=${next}`);
    expect(wordsOf(answer)).toEqual([['put a@2.1'], '2.1']);
    expect(api.store.all).toHaveLength(1);
  });
});
