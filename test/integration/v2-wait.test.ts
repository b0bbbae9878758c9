import { describe, expect, inject, it } from 'vitest';
import { JSON_TYPE, send } from '../support/http-client.js';
import { startMember } from '../support/etcd.js';
import { spawnGateway } from '../support/processes.js';
import { newPath, v2Client } from '../support/v2-client.js';
import { openWait } from '../support/v2-wait.js';

const base = inject('gatewayUrl');
const v2 = v2Client(base);

/** Returns texts like `set /a=1 (0)`, with the previous value in parentheses. */
const summaries = (events: readonly any[], path: string): string[] =>
  events.map(({ action, node, prevNode }) => {
    const name = node.key === path ? '/' : node.key.slice(path.length);
    const value = node.value === undefined ? '' : `=${node.value}`;
    const before = prevNode === undefined ? '' : ` (${prevNode.value ?? 'dir'})`;
    return `${action} ${name}${node.dir ? '/' : ''}${value}${before}`;
  });

const indexOf = async (path: string): Promise<number> =>
  Number((await v2.get(path)).headers['x-etcd-index']);

describe('a wait', () => {
  it('sends headers at once and ends after its first event', async () => {
    const path = newPath();
    await v2.put(path, { value: 'old' });
    const wait = await openWait(base, path);
    expect([wait.status, wait.headers['content-type']]).toEqual([200, 'application/json']);
    const startIndex = Number(wait.headers['x-etcd-index']);
    const set = await v2.put(path, { value: 'new' });
    expect(await wait.ended).toBe(set.text);
    expect(set.json().node.modifiedIndex).toBeGreaterThan(startIndex);
  });

  it('reports the exact action of every change', async () => {
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
    expect(summaries(events, path)).toEqual([
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

  it('returns past events from its index on, one at a time', async () => {
    const path = newPath();
    const first = await indexOf('/');
    for (const value of ['1', '2', '3']) await v2.put(`${path}/f`, { value });
    const values: string[] = [];
    for (let index = first + 1; values.length < 3;) {
      const wait = await openWait(base, path, `recursive=true&waitIndex=${index}`);
      const event = JSON.parse(await wait.ended);
      values.push(event.node.value);
      index = Number(event.node.modifiedIndex) + 1;
    }
    expect(values).toEqual(['1', '2', '3']);
  });

  it('continues from past events with new ones', async () => {
    const path = newPath();
    const first = await indexOf('/');
    await v2.put(`${path}/a`, { value: '1' });
    const wait = await openWait(base, `${path}/a`, `stream=true&waitIndex=${first + 1}`);
    await v2.put(`${path}/a`, { value: '2' });
    expect(summaries(await wait.until(2), path)).toEqual(['set /a=1', 'set /a=2 (1)']);
    wait.close();
  });

  it('for a future index skips earlier events', async () => {
    const path = newPath();
    const index = await indexOf('/');
    const wait = await openWait(base, path, `waitIndex=${index + 1_000_000}&stream=true`);
    const other = await openWait(base, path);
    await v2.put(path, { value: 'x' });
    await other.ended;
    expect(wait.events).toEqual([]);
    wait.close();
  });

  it('for a file receives no events of siblings, and a recursive one none of hidden nodes', async () => {
    const path = newPath();
    await v2.put(`${path}/a/x`, { value: '0' });
    const file = await openWait(base, `${path}/a`);
    const tree = await openWait(base, `${path}/a`, 'recursive=true&stream=true');
    await v2.put(`${path}/a-b`, { value: '1' });
    await v2.put(`${path}/ab/x`, { value: '1' });
    await v2.put(`${path}/a/_hidden/x`, { value: '1' });
    await v2.put(`${path}/a/x`, { value: '1' });
    expect(summaries(await tree.until(1), path)).toEqual(['set /a/x=1 (0)']);
    await v2.delete(`${path}/a`, { recursive: true });
    expect(summaries([JSON.parse(await file.ended)], path)).toEqual(['delete /a/ (dir)']);
    tree.close();
  });

  it('receives the deletion of a directory above if the node existed', async () => {
    const path = newPath();
    await v2.put(`${path}/a/b/c`, { value: 'x' });
    const there = await openWait(base, `${path}/a/b/c`);
    const missing = await openWait(base, `${path}/a/b/d`);
    await v2.delete(`${path}/a`, { recursive: true });
    expect(summaries([JSON.parse(await there.ended)], path)).toEqual(['delete /a/ (dir)']);
    await v2.put(`${path}/a/b/d`, { value: 'now' });
    expect(summaries([JSON.parse(await missing.ended)], path)).toEqual(['set /a/b/d=now']);
  });

  it('for a past index receives the deletion of a directory above, even if the node did not exist', async () => {
    const path = newPath();
    const first = await indexOf('/');
    await v2.put(`${path}/a/b/c`, { value: 'x' });
    await v2.put(`${path}/other`, { value: 'x' });
    await v2.delete(`${path}/a`, { recursive: true });
    const again = await v2.put(`${path}/a/b/never`, { value: '1' });
    const firstEvent = async (at: string, index: number): Promise<string[]> => {
      const wait = await openWait(base, `${path}${at}`, `waitIndex=${index}`);
      return summaries([JSON.parse(await wait.ended)], path);
    };
    expect(await firstEvent('/a/b/never', first + 1)).toEqual(['delete /a/ (dir)']);
    expect(await firstEvent('/a/b/c/d/e', first + 1)).toEqual(['delete /a/ (dir)']);
    // The history of etcd's v2 store compares characters instead of names.
    expect(await firstEvent('/a-b', first + 1)).toEqual(['delete /a/ (dir)']);
    expect(await firstEvent('/a/b/never', again.json().node.modifiedIndex as number)).toEqual([
      'set /a/b/never=1',
    ]);
  });

  it('with stream=true reports past deletions above and events of its node in order', async () => {
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
    expect(summaries(await wait.until(5), path)).toEqual([
      'set /a/n=1',
      'delete /a/n (1)',
      'delete /a/ (dir)',
      'set /a/n=2',
      'set /a/n=3 (2)',
    ]);
    wait.close();
  });

  it('with quorum=true returns at once', async () => {
    const path = newPath();
    await v2.put(path, { value: 'x' });
    const answer = await v2.get(path, { wait: true, quorum: true });
    expect(answer.json()).toMatchObject({ action: 'get', node: { value: 'x' } });
  });

  it('reports past events with the ttl of that time', async () => {
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

  it('receives no event for a refresh', async () => {
    const path = newPath();
    await v2.put(path, { value: 'x', ttl: 100 });
    const wait = await openWait(base, path);
    const refreshed = await v2.put(path, { ttl: 200, refresh: true, prevExist: true });
    expect(refreshed.json().node).toMatchObject({ value: 'x', ttl: 200 });
    await v2.put(path, { value: 'y' });
    expect(JSON.parse(await wait.ended).node.value).toBe('y');
  });

  it('reports the most similar action for changes through other APIs', async () => {
    const path = newPath();
    const wait = await openWait(base, path, 'recursive=true&stream=true');
    const key = `/v1/kv?key=${path}/f`;
    await send(base, 'PUT', key, { headers: JSON_TYPE, body: '{"value":"1"}' });
    await send(base, 'PUT', key, { headers: JSON_TYPE, body: '{"value":"2","ttl":100}' });
    await send(base, 'DELETE', key);
    const events = await wait.until(3);
    expect(summaries(events, path)).toEqual(['set /f=1', 'set /f=2 (1)', 'delete /f (2)']);
    expect(events[1].node.ttl).toBeGreaterThan(90);
    wait.close();
  });

  it('reports the first of several keys that another API changed in one transaction, and a stream reports all', async () => {
    const path = newPath();
    await v2.put(`${path}/a`, { value: '1' });
    await v2.put(`${path}/b`, { value: '2' });
    const one = await openWait(base, path, 'recursive=true');
    const all = await openWait(base, path, 'recursive=true&stream=true');
    const deletions = ['a', 'b'].map((name) => ({ delete: { key: `${path}/${name}` } }));
    const body = JSON.stringify({ then: deletions });
    await send(base, 'POST', '/v1/txn', { headers: JSON_TYPE, body });
    expect(summaries([JSON.parse(await one.ended)], path)).toEqual(['delete /a (1)']);
    expect(summaries(await all.until(2), path)).toEqual(['delete /a (1)', 'delete /b (2)']);
    all.close();
  });

  it('reports the deletion of a directory through another API as one event', async () => {
    const path = newPath();
    await v2.put(`${path}/d/a`, { value: '1' });
    await v2.put(`${path}/d/e/b`, { value: '2' });
    const tree = await openWait(base, path, 'recursive=true&stream=true');
    const below = await openWait(base, `${path}/d/e/b`);
    await send(base, 'DELETE', `/v1/kv?prefix=${path}/d/`);
    await v2.put(`${path}/end`, { value: 'x' });
    expect(summaries(await tree.until(2), path)).toEqual(['delete /d/ (dir)', 'set /end=x']);
    expect(summaries([JSON.parse(await below.ended)], path)).toEqual(['delete /d/e/b (2)']);
    tree.close();
  });
});

describe('a wait with its own store', () => {
  it('fails with 401 for a compacted index, and continues at a new gateway otherwise', async () => {
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
      const compacted = await openWait(gateway.baseUrl, '/a', `waitIndex=${first}`);
      expect([compacted.status, JSON.parse(await compacted.ended)]).toEqual([
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
