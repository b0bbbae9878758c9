import { describe, expect, inject, it } from 'vitest';
import { JSON_TYPE, send } from '../support/http-client.js';
import { startMember } from '../support/etcd.js';
import { spawnGateway } from '../support/processes.js';
import { newPath, v2Client } from '../support/v2-client.js';
import { openWait } from '../support/v2-wait.js';

const base = inject('gatewayUrl');
const v2 = v2Client(base);

/** `set /a=1`, with what was there before in brackets. */
const words = (events: readonly any[], path: string): string[] =>
  events.map(({ action, node, prevNode }) => {
    const name = node.key === path ? '/' : node.key.slice(path.length);
    const value = node.value === undefined ? '' : `=${node.value}`;
    const before = prevNode === undefined ? '' : ` (${prevNode.value ?? 'dir'})`;
    return `${action} ${name}${node.dir ? '/' : ''}${value}${before}`;
  });

const indexOf = async (path: string): Promise<number> =>
  Number((await v2.get(path)).headers['x-etcd-index']);

describe('a wait', () => {
  it('begins at once with the headers of the store and ends with its first event', async () => {
    const path = newPath();
    await v2.put(path, { value: 'old' });
    const wait = await openWait(base, path);
    expect([wait.status, wait.headers['content-type']]).toEqual([200, 'application/json']);
    const begun = Number(wait.headers['x-etcd-index']);
    const set = await v2.put(path, { value: 'new' });
    expect(await wait.ended).toBe(set.text);
    expect(set.json().node.modifiedIndex).toBeGreaterThan(begun);
  });

  it('tells the true action of every change of a file', async () => {
    const path = newPath();
    const wait = await openWait(base, path, 'recursive=true&stream=true');
    await v2.put(`${path}/f`, { value: '1', prevExist: false });
    await v2.put(`${path}/f`, { value: '2' });
    await v2.put(`${path}/f`, { value: '3', prevExist: true });
    await v2.put(`${path}/f`, { value: '4', prevValue: '3' });
    await v2.delete(`${path}/f`, { prevValue: '4' });
    await v2.post(path, { value: '5' });
    await v2.put(`${path}/d`, { dir: true });
    await v2.delete(`${path}/d`, { dir: true });
    const events = await wait.until(8);
    const queued = events[5].node.key.slice(path.length);
    expect(words(events, path)).toEqual([
      'create /f=1',
      'set /f=2 (1)',
      'update /f=3 (2)',
      'compareAndSwap /f=4 (3)',
      'compareAndDelete /f (4)',
      `create ${queued}=5`,
      'set /d/',
      'delete /d/ (dir)',
    ]);
    wait.close();
  });

  it('finds in the history what came after its index, one event at a time', async () => {
    const path = newPath();
    const first = await indexOf('/');
    for (const value of ['1', '2', '3']) await v2.put(`${path}/f`, { value });
    const told: string[] = [];
    for (let index = first + 1; told.length < 3;) {
      const wait = await openWait(base, path, `recursive=true&waitIndex=${index}`);
      const event = JSON.parse(await wait.ended);
      told.push(event.node.value);
      index = Number(event.node.modifiedIndex) + 1;
    }
    expect(told).toEqual(['1', '2', '3']);
  });

  it('goes on from the history into what happens', async () => {
    const path = newPath();
    const first = await indexOf('/');
    await v2.put(`${path}/a`, { value: '1' });
    const wait = await openWait(base, `${path}/a`, `stream=true&waitIndex=${first + 1}`);
    await v2.put(`${path}/a`, { value: '2' });
    expect(words(await wait.until(2), path)).toEqual(['set /a=1', 'set /a=2 (1)']);
    wait.close();
  });

  it('for an index to come passes over what is before', async () => {
    const path = newPath();
    const index = await indexOf('/');
    const wait = await openWait(base, path, `waitIndex=${index + 1_000_000}&stream=true`);
    const other = await openWait(base, path);
    await v2.put(path, { value: 'x' });
    await other.ended;
    expect(wait.events).toEqual([]);
    wait.close();
  });

  it('of a file hears nothing of its siblings, and a recursive one nothing of hidden nodes', async () => {
    const path = newPath();
    await v2.put(`${path}/a/x`, { value: '0' });
    const file = await openWait(base, `${path}/a`);
    const tree = await openWait(base, `${path}/a`, 'recursive=true&stream=true');
    await v2.put(`${path}/a-b`, { value: '1' });
    await v2.put(`${path}/ab/x`, { value: '1' });
    await v2.put(`${path}/a/_hidden/x`, { value: '1' });
    await v2.put(`${path}/a/x`, { value: '1' });
    expect(words(await tree.until(1), path)).toEqual(['set /a/x=1 (0)']);
    await v2.delete(`${path}/a`, { recursive: true });
    expect(words([JSON.parse(await file.ended)], path)).toEqual(['delete /a/ (dir)']);
    tree.close();
  });

  it('is told of the removal of a directory above when the node was there', async () => {
    const path = newPath();
    await v2.put(`${path}/a/b/c`, { value: 'x' });
    const there = await openWait(base, `${path}/a/b/c`);
    const missing = await openWait(base, `${path}/a/b/d`);
    await v2.delete(`${path}/a`, { recursive: true });
    expect(words([JSON.parse(await there.ended)], path)).toEqual(['delete /a/ (dir)']);
    await v2.put(`${path}/a/b/d`, { value: 'now' });
    expect(words([JSON.parse(await missing.ended)], path)).toEqual(['set /a/b/d=now']);
  });

  it('for the past is told of the removal of a directory above, though the node was not there', async () => {
    const path = newPath();
    const first = await indexOf('/');
    await v2.put(`${path}/a/b/c`, { value: 'x' });
    await v2.put(`${path}/other`, { value: 'x' });
    await v2.delete(`${path}/a`, { recursive: true });
    const again = await v2.put(`${path}/a/b/never`, { value: '1' });
    const told = async (at: string, index: number): Promise<string[]> => {
      const wait = await openWait(base, `${path}${at}`, `waitIndex=${index}`);
      return words([JSON.parse(await wait.ended)], path);
    };
    expect(await told('/a/b/never', first + 1)).toEqual(['delete /a/ (dir)']);
    expect(await told('/a/b/c/d/e', first + 1)).toEqual(['delete /a/ (dir)']);
    // v2's history compared characters.
    expect(await told('/a-b', first + 1)).toEqual(['delete /a/ (dir)']);
    expect(await told('/a/b/never', again.json().node.modifiedIndex as number)).toEqual([
      'set /a/b/never=1',
    ]);
  });

  it('that goes on tells past removals above and the events of its node in their order', async () => {
    const path = newPath();
    const first = await indexOf('/');
    await v2.put(`${path}/a/n`, { value: '1' });
    await v2.delete(`${path}/a/n`);
    await v2.put(`${path}/a/other`, { value: 'x' });
    await v2.delete(`${path}/a`, { recursive: true });
    await v2.put(`${path}/a/n`, { value: '2' });
    const wait = await openWait(base, `${path}/a/n`, `stream=true&waitIndex=${first + 1}`);
    await v2.put(`${path}/a/other`, { value: 'y' });
    await v2.put(`${path}/a/n`, { value: '3' });
    expect(words(await wait.until(5), path)).toEqual([
      'set /a/n=1',
      'delete /a/n (1)',
      'delete /a/ (dir)',
      'set /a/n=2',
      'set /a/n=3 (2)',
    ]);
    wait.close();
  });

  it('that asks the quorum is no wait', async () => {
    const path = newPath();
    await v2.put(path, { value: 'x' });
    const answer = await v2.get(path, { wait: true, quorum: true });
    expect(answer.json()).toMatchObject({ action: 'get', node: { value: 'x' } });
  });

  it('tells of the past what the ttl was then', async () => {
    const path = newPath();
    await v2.put(path, { value: '1', ttl: 100 });
    const index = (await v2.put(path, { value: '2', ttl: 50 })).json().node.modifiedIndex as number;
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const wait = await openWait(base, path, `waitIndex=${index}`);
    expect(JSON.parse(await wait.ended)).toMatchObject({
      node: { value: '2', ttl: 50 },
      prevNode: { value: '1', ttl: 100 },
    });
  });

  it('is not woken by a refresh', async () => {
    const path = newPath();
    await v2.put(path, { value: 'x', ttl: 100 });
    const wait = await openWait(base, path);
    const refreshed = await v2.put(path, { ttl: 200, refresh: true, prevExist: true });
    expect(refreshed.json().node).toMatchObject({ value: 'x', ttl: 200 });
    await v2.put(path, { value: 'y' });
    expect(JSON.parse(await wait.ended).node.value).toBe('y');
  });

  it('names the nearest action when another door made the change', async () => {
    const path = newPath();
    const wait = await openWait(base, path, 'recursive=true&stream=true');
    const key = `/v1/kv?key=${path}/f`;
    await send(base, 'PUT', key, { headers: JSON_TYPE, body: '{"value":"1"}' });
    await send(base, 'PUT', key, { headers: JSON_TYPE, body: '{"value":"2","ttl":100}' });
    await send(base, 'DELETE', key);
    const events = await wait.until(3);
    expect(words(events, path)).toEqual(['set /f=1', 'set /f=2 (1)', 'delete /f (2)']);
    expect(events[1].node.ttl).toBeGreaterThan(90);
    wait.close();
  });

  it('of several keys that another door changed at once tells the first, and a stream all', async () => {
    const path = newPath();
    await v2.put(`${path}/a`, { value: '1' });
    await v2.put(`${path}/b`, { value: '2' });
    const one = await openWait(base, path, 'recursive=true');
    const all = await openWait(base, path, 'recursive=true&stream=true');
    const deletions = ['a', 'b'].map((name) => ({ delete: { key: `${path}/${name}` } }));
    const body = JSON.stringify({ then: deletions });
    await send(base, 'POST', '/v1/txn', { headers: JSON_TYPE, body });
    expect(words([JSON.parse(await one.ended)], path)).toEqual(['delete /a (1)']);
    expect(words(await all.until(2), path)).toEqual(['delete /a (1)', 'delete /b (2)']);
    all.close();
  });

  it('tells the removal of a directory with all that is below as one event, when it came through another door, too', async () => {
    const path = newPath();
    await v2.put(`${path}/d/a`, { value: '1' });
    await v2.put(`${path}/d/e/b`, { value: '2' });
    const tree = await openWait(base, path, 'recursive=true&stream=true');
    const below = await openWait(base, `${path}/d/e/b`);
    await send(base, 'DELETE', `/v1/kv?prefix=${path}/d/`);
    await v2.put(`${path}/end`, { value: 'x' });
    expect(words(await tree.until(2), path)).toEqual(['delete /d/ (dir)', 'set /end=x']);
    expect(words([JSON.parse(await below.ended)], path)).toEqual(['delete /d/e/b (2)']);
    tree.close();
  });
});

describe('a wait on a store of its own', () => {
  it('is 401 when its index is compacted, and goes on over a new gateway when it is not', async () => {
    const member = await startMember();
    const start = () =>
      spawnGateway({ args: ['--endpoints', member.endpoint, '--log-level=warn'] });
    let gateway = await start();
    try {
      const own = v2Client(gateway.baseUrl);
      const first = (await own.put('/a', { value: '1' })).json().node.modifiedIndex as number;
      const second = (await own.put('/a', { value: '2' })).json().node.modifiedIndex as number;
      const body = JSON.stringify({ revision: second });
      await send(gateway.baseUrl, 'POST', '/v3/kv/compaction', { headers: JSON_TYPE, body });
      const gone = await openWait(gateway.baseUrl, '/a', `waitIndex=${first}`);
      expect([gone.status, JSON.parse(await gone.ended)]).toEqual([
        400,
        {
          errorCode: 401,
          message: 'The event in requested index is outdated and cleared',
          cause: `the requested history has been cleared [${second}/${first}]`,
          index: second,
        },
      ]);
      const wait = await openWait(gateway.baseUrl, '/a');
      await gateway.stop();
      expect(await wait.ended).toBe('');
      gateway = await start();
      await v2Client(gateway.baseUrl).put('/a', { value: '3' });
      const again = await openWait(gateway.baseUrl, '/a', `waitIndex=${second + 1}`);
      expect(JSON.parse(await again.ended)).toMatchObject({
        action: 'set',
        node: { value: '3', modifiedIndex: second + 1 },
        prevNode: { value: '2' },
      });
    } finally {
      await gateway.stop();
      await member.stop();
    }
  });
});
