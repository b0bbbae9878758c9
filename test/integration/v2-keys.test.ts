import { describe, expect, inject, it } from 'vitest';
import { JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { FORM_TYPE, newPath, v2Client } from '../support/v2-client.js';

const base = inject('gatewayUrl');
const v2 = v2Client(base);

const errorOf = (answer: Answer): unknown[] => {
  const { errorCode, message, cause } = answer.json();
  return [answer.status, errorCode, message, cause];
};

describe('a file', () => {
  it('is created with 201 and replaced with 200 and the previous node', async () => {
    const path = newPath();
    const created = await v2.put(path, { value: 'one' });
    const { modifiedIndex } = created.json().node;
    expect([created.status, created.json()]).toEqual([
      201,
      {
        action: 'set',
        node: { key: path, value: 'one', modifiedIndex, createdIndex: modifiedIndex },
      },
    ]);
    const replaced = await v2.put(path, { value: 'two' });
    expect([replaced.status, replaced.json()]).toMatchObject([
      200,
      {
        action: 'set',
        node: { key: path, value: 'two' },
        prevNode: { key: path, value: 'one', modifiedIndex },
      },
    ]);
    expect(replaced.json().node.modifiedIndex).toBeGreaterThan(modifiedIndex);
  });

  it('is returned with the headers of the store and a trailing newline', async () => {
    const path = newPath();
    await v2.put(path, { value: 'x' });
    const answer = await v2.get(path);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'x-etcd-cluster-id': expect.stringMatching(/^[0-9a-f]+$/),
      'x-raft-term': expect.stringMatching(/^\d+$/),
      'x-raft-index': expect.stringMatching(/^\d+$/),
    });
    expect(Number(answer.headers['x-etcd-index'])).toBeGreaterThanOrEqual(
      answer.json().node.modifiedIndex,
    );
    expect(answer.text.endsWith('}\n')).toBe(true);
  });

  it('is the v3 key of the same name', async () => {
    const path = newPath();
    await v2.put(`${path}/b`, { value: 'shared' });
    const answer = await send(base, 'GET', `/v1/kv?key=${path}/b`);
    expect(answer.json()).toMatchObject({ key: `${path}/b`, value: 'shared' });
  });

  it('takes its value from the form, or else from the query', async () => {
    const path = newPath();
    const fromQuery = await send(base, 'PUT', `/v2/keys${path}?value=query`);
    expect(fromQuery.json().node.value).toBe('query');
    const both = { headers: FORM_TYPE, body: 'value=a%20b+c&value=second' };
    const fromForm = await send(base, 'PUT', `/v2/keys${path}?value=query`, both);
    expect(fromForm.json().node.value).toBe('a b c');
  });

  it('keeps bytes that are not UTF-8', async () => {
    const path = newPath();
    await send(base, 'PUT', `/v2/keys${path}`, { headers: FORM_TYPE, body: 'value=%ff%00%fe' });
    const raw = await send(base, 'GET', `/v1/kv?key=${path}&raw`);
    expect([...raw.bytes]).toEqual([0xff, 0, 0xfe]);
  });

  it('is encoded like in etcd: characters with a meaning in HTML are escaped', async () => {
    const path = newPath();
    const answer = await v2.put(path, { value: '<a> & "b" \b \\b' });
    expect(answer.text).toContain(String.raw`"value":"\u003ca\u003e \u0026 \"b\" \u0008 \\b"`);
    expect(answer.json().node.value).toBe('<a> & "b" \b \\b');
  });

  it('is absent after its deletion, and its directory remains', async () => {
    const path = newPath();
    await v2.put(`${path}/f`, { value: 'x' });
    const deleted = await v2.delete(`${path}/f`);
    expect(deleted.json()).toMatchObject({
      action: 'delete',
      node: { key: `${path}/f` },
      prevNode: { value: 'x' },
    });
    expect(deleted.json().node).not.toHaveProperty('value');
    expect(errorOf(await v2.get(`${path}/f`))).toEqual([404, 100, 'Key not found', `${path}/f`]);
    expect((await v2.get(path)).json().node).toMatchObject({ key: path, dir: true });
  });

  it('returns only the action with noValueOnSuccess', async () => {
    const answer = await v2.put(newPath(), { value: 'x', noValueOnSuccess: true });
    expect([answer.status, answer.text]).toEqual([201, '{"action":"set"}\n']);
  });
});

describe('conditions', () => {
  it('prevExist=false creates a file only once', async () => {
    const path = newPath();
    const first = await v2.put(path, { value: 'x', prevExist: false });
    expect([first.status, first.json().action]).toEqual([201, 'create']);
    const second = await v2.put(path, { value: 'y', prevExist: false });
    expect(errorOf(second)).toEqual([412, 105, 'Key already exists', path]);
  });

  it('prevExist=true updates an existing file and keeps its createdIndex', async () => {
    const path = newPath();
    const missing = await v2.put(path, { value: 'x', prevExist: true });
    expect(errorOf(missing)).toEqual([404, 100, 'Key not found', path]);
    const { createdIndex } = (await v2.put(path, { value: 'x' })).json().node;
    const updated = await v2.put(path, { value: 'y', prevExist: true });
    expect(updated.json()).toMatchObject({ action: 'update', node: { value: 'y', createdIndex } });
  });

  it('prevValue and prevIndex swap only the expected file, and the error names the difference', async () => {
    const path = newPath();
    const index = (await v2.put(path, { value: 'one' })).json().node.modifiedIndex as number;
    const wrong = await v2.put(path, { value: 'x', prevValue: 'no', prevIndex: 1 });
    expect(errorOf(wrong)).toEqual([412, 101, 'Compare failed', `[no != one] [1 != ${index}]`]);
    const value = await v2.put(path, { value: 'x', prevValue: 'no', prevIndex: index });
    expect(value.json().cause).toBe('[no != one]');
    const byIndex = await v2.put(path, { value: 'x', prevValue: 'one', prevIndex: 1 });
    expect(byIndex.json().cause).toBe(`[1 != ${index}]`);
    const swapped = await v2.put(path, { value: 'two', prevValue: 'one', prevIndex: index });
    expect(swapped.json()).toMatchObject({ action: 'compareAndSwap', prevNode: { value: 'one' } });
    const deleted = await v2.delete(path, { prevValue: 'two' });
    expect(deleted.json()).toMatchObject({
      action: 'compareAndDelete',
      prevNode: { value: 'two' },
    });
  });
});

describe('a directory', () => {
  it('is created with dir=true, and only once', async () => {
    const path = newPath();
    const created = await v2.put(path, { dir: true });
    expect([created.status, created.json().node]).toMatchObject([201, { key: path, dir: true }]);
    expect(errorOf(await v2.put(path, { dir: true }))).toEqual([403, 102, 'Not a file', path]);
    expect(errorOf(await v2.put(path, { value: 'x' }))).toEqual([403, 102, 'Not a file', path]);
  });

  it('lists its own nodes sorted by name, without hidden nodes', async () => {
    const path = newPath();
    for (const name of ['b', 'a/deep/er', '_hidden', 'a-x', 'c/_h'])
      await v2.put(`${path}/${name}`, { value: name });
    const { nodes } = (await v2.get(path)).json().node;
    expect(nodes.map((each: { key: string }) => each.key.slice(path.length))).toEqual([
      '/a',
      '/a-x',
      '/b',
      '/c',
    ]);
    expect(nodes[0]).not.toHaveProperty('nodes');
    expect((await v2.get(`${path}/_hidden`)).json().node.value).toBe('_hidden');
  });

  it('lists everything below it with recursive=true', async () => {
    const path = newPath();
    for (const name of ['b', 'a/deep/er', 'a/_h', 'c/_h'])
      await v2.put(`${path}/${name}`, { value: name });
    const { nodes } = (await v2.get(path, { recursive: true })).json().node;
    expect(nodes).toMatchObject([
      {
        key: `${path}/a`,
        dir: true,
        nodes: [
          { key: `${path}/a/deep`, nodes: [{ key: `${path}/a/deep/er`, value: 'a/deep/er' }] },
        ],
      },
      { key: `${path}/b`, value: 'b' },
      { key: `${path}/c`, dir: true },
    ]);
    expect(nodes[0].nodes).toHaveLength(1);
    expect(nodes[2]).not.toHaveProperty('nodes');
  });

  it('is deleted with dir=true if empty, and with recursive=true in any case', async () => {
    const path = newPath();
    await v2.put(`${path}/a/b`, { value: 'x' });
    expect(errorOf(await v2.delete(`${path}/a`))).toEqual([403, 102, 'Not a file', `${path}/a`]);
    expect(errorOf(await v2.delete(`${path}/a`, { dir: true }))).toEqual([
      403,
      108,
      'Directory not empty',
      `${path}/a`,
    ]);
    await v2.delete(`${path}/a/b`);
    const empty = await v2.delete(`${path}/a`, { dir: true });
    expect(empty.json()).toMatchObject({
      action: 'delete',
      node: { dir: true },
      prevNode: { dir: true },
    });
    await v2.put(`${path}/c/d/e`, { value: 'x' });
    await v2.delete(path, { recursive: true });
    expect(errorOf(await v2.get(`${path}/c/d/e`))).toEqual([404, 100, 'Key not found', path]);
  });

  it('is separate from a sibling whose name has the same beginning', async () => {
    const path = newPath();
    await v2.put(`${path}/a/x`, { value: '1' });
    await v2.put(`${path}/ab/x`, { value: '2' });
    expect((await v2.get(`${path}/a`)).json().node.nodes).toHaveLength(1);
    await v2.delete(`${path}/a`, { recursive: true });
    expect((await v2.get(`${path}/ab/x`)).json().node.value).toBe('2');
  });

  it('is not created below a file', async () => {
    const path = newPath();
    await v2.put(path, { value: 'file' });
    const notADirectory = [400, 104, 'Not a directory', path];
    expect(errorOf(await v2.put(`${path}/a/b`, { value: 'x' }))).toEqual(notADirectory);
    expect(errorOf(await v2.get(`${path}/a`))).toEqual(notADirectory);
    expect(errorOf(await v2.post(path, { value: 'x' }))).toEqual(notADirectory);
  });

  it('replaces a file with dir=true', async () => {
    const path = newPath();
    await v2.put(path, { value: 'file' });
    const answer = await v2.put(path, { dir: true });
    expect([answer.status, answer.json()]).toMatchObject([
      200,
      { action: 'set', node: { dir: true }, prevNode: { value: 'file' } },
    ]);
    await v2.put(`${path}/x`, { value: 'below' });
    expect((await v2.get(`${path}/x`)).json().node.value).toBe('below');
  });

  it('contains the keys that other APIs created', async () => {
    const path = newPath();
    await send(base, 'PUT', `/v1/kv?key=${path}/a/b`, {
      headers: JSON_TYPE,
      body: '{"value":"v1"}',
    });
    expect((await v2.get(path)).json().node.nodes).toMatchObject([{ key: `${path}/a`, dir: true }]);
    expect((await v2.get(`${path}/a/b`)).json().node.value).toBe('v1');
    await v2.delete(path, { recursive: true });
    expect((await send(base, 'GET', `/v1/kv?key=${path}/a/b`)).status).toBe(404);
  });

  it('is hidden by a file of the same name, which only other APIs can create', async () => {
    const path = newPath();
    await v2.put(`${path}/x/y`, { value: 'below' });
    await send(base, 'PUT', `/v1/kv?key=${path}/x`, {
      headers: JSON_TYPE,
      body: '{"value":"file"}',
    });
    const file = { key: `${path}/x`, value: 'file' };
    expect((await v2.get(`${path}/x`)).json().node).toMatchObject(file);
    expect((await v2.get(path)).json().node.nodes).toMatchObject([file]);
    const tree = (await v2.get(path, { recursive: true })).json().node;
    expect(tree.nodes).toMatchObject([file]);
  });
});

describe('the root', () => {
  it('is a read-only directory without a name', async () => {
    const root = (await v2.get('/')).json().node;
    expect(root).toMatchObject({ dir: true, nodes: expect.any(Array) });
    expect(Object.keys(root).sort()).toEqual(['dir', 'nodes']);
    const readOnly = [400, 107, 'Root is read only', '/'];
    expect(errorOf(await v2.put('/', { value: 'x' }))).toEqual(readOnly);
    expect(errorOf(await v2.delete('', { recursive: true }))).toEqual(readOnly);
  });
});

describe('in-order keys', () => {
  it('are named by numbers that grow in the order of creation', async () => {
    const path = newPath();
    const first = (await v2.post(path, { value: 'a' })).json();
    const second = (await v2.post(path, { dir: true })).json();
    expect(first.action).toBe('create');
    expect(first.node.key).toMatch(/\/\d{20}$/);
    expect(second.node).toMatchObject({ dir: true });
    expect(second.node.key > first.node.key).toBe(true);
    expect((await v2.get(path)).json().node.nodes).toHaveLength(2);
  });

  it('are distinct and in order for concurrent requests', async () => {
    const path = newPath();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => v2.post(path, { value: i })),
    );
    const nodes = answers.map((answer) => answer.json().node);
    const byIndex = nodes.toSorted((a, b) => a.modifiedIndex - b.modifiedIndex);
    const keys = byIndex.map((node) => node.key as string);
    expect(keys).toEqual([...new Set(keys)].sort());
    expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(201));
  });
});

describe('an invalid v2 request', () => {
  it.each([
    ['PUT', 'value=%zz', 210, 'invalid URL escape "%zz"'],
    ['PUT', 'value=1&ttl=x', 202, 'invalid value for "ttl"'],
    ['PUT', 'value=1&prevIndex=-1', 203, 'invalid value for "prevIndex"'],
    ['PUT', 'value=1&prevExist=', 209, 'invalid value for prevExist'],
    ['PUT', 'dir=yes', 209, 'invalid value for "dir"'],
    ['PUT', 'value=1&prevValue=', 201, '"prevValue" cannot be empty'],
    ['PUT', 'refresh=true', 212, 'No TTL value set'],
    ['PUT', 'refresh=true&ttl=1&value=x', 211, 'A value was provided on a refresh'],
    ['PUT', 'wait=true', 209, '"wait" can only be used with GET requests'],
  ])('is rejected with the error number of etcd: %s %s', async (method, body, errorCode, cause) => {
    const answer = await send(base, method, `/v2/keys${newPath()}`, { headers: FORM_TYPE, body });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ errorCode, cause, index: 0 });
    expect(answer.headers['x-etcd-index']).toBe('0');
  });

  it('gets 405 for a method that v2 does not have', async () => {
    const answer = await send(base, 'PATCH', `/v2/keys${newPath()}`);
    expect([answer.status, answer.headers.allow, answer.text]).toEqual([
      405,
      'HEAD,GET,PUT,POST,DELETE',
      'Method Not Allowed\n',
    ]);
  });

  it('is redirected to the clean path', async () => {
    const answer = await send(base, 'GET', '/v2/keys//a/./b/../c/?sorted=true');
    expect([answer.status, answer.headers.location]).toEqual([301, '/v2/keys/a/c/?sorted=true']);
    expect(answer.headers).not.toHaveProperty('x-etcd-cluster-id');
    const before = await send(base, 'PUT', '//v2/./keys/a', {
      headers: FORM_TYPE,
      body: 'value=x',
    });
    expect([before.status, before.headers.location]).toEqual([301, '/v2/keys/a']);
  });

  it('gets 400 for a path with an invalid escape', async () => {
    const answer = await send(base, 'GET', '/v2/keys/%zz');
    expect([answer.status, answer.text]).toEqual([400, '400 Bad Request']);
  });

  it('gets an empty response to OPTIONS, like in etcd', async () => {
    const answer = await send(base, 'OPTIONS', `/v2/keys${newPath()}`);
    expect([answer.status, answer.text, answer.headers.allow]).toEqual([200, '', undefined]);
  });
});
