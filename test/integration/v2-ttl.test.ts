import { describe, expect, inject, it } from 'vitest';
import { send } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';
import { eventually } from '../support/raw-router-server.js';
import { newPath, v2Client } from '../support/v2-client.js';
import { openWait } from '../support/v2-wait.js';

const base = inject('gatewayUrl');
const v2 = v2Client(base);

const isAbsent = (path: string) => async () => (await v2.get(path)).status === 404;

describe('the ttl of a file', () => {
  it('is reported in seconds and as an expiration that stays the same', async () => {
    const path = newPath();
    const before = Date.now();
    const { node } = (await v2.put(path, { value: 'x', ttl: 100 })).json();
    expect(node.ttl).toBe(100);
    const expiresAt = Date.parse(node.expiration);
    expect(expiresAt).toBeGreaterThanOrEqual(before + 100_000);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 100_000);
    const read = (await v2.get(path)).json().node;
    expect(read.expiration).toBe(node.expiration);
    expect(read.ttl).toBeGreaterThan(80);
    const listed = (await v2.get('/')).json().node.nodes as { key: string }[];
    expect(listed.find(({ key }) => key === path)).toMatchObject({ expiration: node.expiration });
  });

  it('expires the file on time below the minimum ttl of etcd, with an expire event', async () => {
    const path = newPath();
    const { node } = (await v2.put(path, { value: 'x', ttl: 1 })).json();
    const wait = await openWait(base, path);
    const event = JSON.parse(await wait.ended);
    expect(event).toMatchObject({
      action: 'expire',
      node: { key: path, createdIndex: node.createdIndex },
      prevNode: { key: path, value: 'x', expiration: node.expiration },
    });
    expect(event.node).not.toHaveProperty('value');
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(node.expiration));
    expect((await v2.get(path)).status).toBe(404);
  });

  it('is removed by a write without a ttl or with an empty one', async () => {
    const path = newPath();
    await v2.put(path, { value: 'x', ttl: 100 });
    expect((await v2.put(path, { value: 'y' })).json().node).not.toHaveProperty('ttl');
    await v2.put(path, { value: 'x', ttl: 100 });
    await v2.put(path, { value: 'z', ttl: '', prevExist: true });
    expect((await v2.get(path)).json().node).not.toHaveProperty('expiration');
  });

  it('is refreshed without a value, also with a condition', async () => {
    const path = newPath();
    await v2.put(path, { value: 'x', ttl: 100 });
    const plain = await v2.put(path, { ttl: 200, refresh: true });
    expect(plain.json()).toMatchObject({ action: 'set', node: { value: 'x', ttl: 200 } });
    const swapped = await v2.put(path, { ttl: 300, refresh: true, prevValue: 'x' });
    expect(swapped.json()).toMatchObject({
      action: 'compareAndSwap',
      node: { value: 'x', ttl: 300 },
    });
    const missing = await v2.put(`${path}-none`, { ttl: 1, refresh: true });
    expect(missing.json().errorCode).toBe(100);
  });

  it('leaves no lease after it is replaced or the file is deleted', async () => {
    const path = newPath();
    const leases = async (): Promise<string[]> =>
      (await send(base, 'POST', '/v3/lease/leases', { body: '{}' }))
        .json()
        .leases.map(({ ID }: { ID: string }) => BigInt(ID).toString(16));
    const own = async (expiresAt: number): Promise<string[]> =>
      (await leases()).filter((id) => id.includes(expiresAt.toString(16)));
    const first = Date.parse(
      (await v2.put(path, { value: 'x', ttl: 5000 })).json().node.expiration,
    );
    expect(await own(first)).toHaveLength(1);
    const answer = await v2.put(path, { ttl: 6000, refresh: true });
    const second = Date.parse(answer.json().node.expiration);
    await eventually(async () => (await own(first)).length === 0);
    await v2.delete(path);
    await eventually(async () => (await own(second)).length === 0);
  });
});

describe('the ttl of a directory', () => {
  it('is set, refreshed and removed by updates', async () => {
    const path = newPath();
    const created = (await v2.put(path, { dir: true, ttl: 100 })).json().node;
    expect(created).toMatchObject({ dir: true, ttl: 100 });
    await v2.put(`${path}/f`, { value: 'x' });
    const updated = (await v2.put(path, { dir: true, ttl: 200, prevExist: true })).json();
    expect(updated).toMatchObject({
      action: 'update',
      node: { dir: true, ttl: 200, createdIndex: created.createdIndex },
      prevNode: { dir: true, expiration: created.expiration },
    });
    const read = (await v2.get(path)).json().node;
    expect(read).toMatchObject({
      expiration: updated.node.expiration,
      modifiedIndex: created.createdIndex,
      createdIndex: created.createdIndex,
    });
    await v2.put(path, { dir: true, prevExist: true });
    expect((await v2.get(path)).json().node).not.toHaveProperty('ttl');
    expect((await v2.get(`${path}/f`)).json().node.value).toBe('x');
  });

  it('expires everything below the directory in one event', async () => {
    const path = newPath();
    await v2.put(`${path}/d`, { dir: true, ttl: 1 });
    const { createdIndex } = (await v2.get(`${path}/d`)).json().node;
    await v2.put(`${path}/d/e/f`, { value: 'x' });
    const tree = await openWait(base, path, 'recursive=true&stream=true');
    const below = await openWait(base, `${path}/d/e/f`);
    const [event] = await tree.until(1);
    expect(event).toMatchObject({
      action: 'expire',
      node: { key: `${path}/d`, dir: true, createdIndex },
      prevNode: { key: `${path}/d`, dir: true, createdIndex, modifiedIndex: createdIndex },
    });
    expect(JSON.parse(await below.ended)).toEqual(event);
    expect((await v2.get(`${path}/d/e/f`)).json()).toMatchObject({
      errorCode: 100,
      cause: `${path}/d`,
    });
    expect(tree.events).toHaveLength(1);
    tree.close();
  });

  it('has expired for reads once the marker is deleted, even with keys below', async () => {
    const path = newPath();
    await v2.put(`${path}/d`, { dir: true, ttl: 5000 });
    await v2.put(`${path}/d/f`, { value: 'x' });
    // etcd does this when the lease expires. No gateway has scheduled the expiry that early.
    const marker = Buffer.from(`${path}/d/\0latchkey/dir`).toString('base64');
    const body = JSON.stringify({ key: marker });
    await send(base, 'POST', '/v3/kv/deleterange', { body });
    const [tree, level, file] = await Promise.all([
      v2.get(path, { recursive: true }),
      v2.get(path),
      v2.get(`${path}/d/f`),
    ]);
    expect(tree.json().node).not.toHaveProperty('nodes');
    expect(level.json().node).not.toHaveProperty('nodes');
    expect(file.json()).toMatchObject({ errorCode: 100, cause: `${path}/d` });
    await eventually(async () => {
      const key = encodeURIComponent(`${path}/d/f`);
      return (await send(base, 'GET', `/v1/kv?key=${key}`)).status === 404;
    });
  });

  it('allows a write to create the directory again after it expired', async () => {
    const path = newPath();
    await v2.put(`${path}/d`, { dir: true, ttl: 5000 });
    await v2.put(`${path}/d/f`, { value: 'old' });
    const marker = Buffer.from(`${path}/d/\0latchkey/dir`).toString('base64');
    await send(base, 'POST', '/v3/kv/deleterange', { body: JSON.stringify({ key: marker }) });
    expect((await v2.put(`${path}/d/g`, { value: 'new' })).status).toBe(201);
    const { nodes } = (await v2.get(`${path}/d`)).json().node;
    expect(nodes).toMatchObject([{ key: `${path}/d/g`, value: 'new' }]);
    expect((await v2.get(`${path}/d`)).json().node).not.toHaveProperty('ttl');
  });

  it('is enforced by another gateway if the one that set it was killed', async () => {
    const path = newPath();
    const creator = await spawnGateway({
      args: ['--endpoints', inject('etcdEndpoint'), '--log-level=warn'],
    });
    await v2Client(creator.baseUrl).put(path, { dir: true, ttl: 3 });
    await v2.put(`${path}/f`, { value: 'x' });
    await creator.kill('SIGKILL');
    const wait = await openWait(base, `${path}/f`);
    expect(JSON.parse(await wait.ended)).toMatchObject({ action: 'expire', node: { key: path } });
    await eventually(isAbsent(path));
  });
});
