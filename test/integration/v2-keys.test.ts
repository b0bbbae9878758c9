import { describe, expect, inject, it } from 'vitest';
import { JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { FORM_TYPE, newPath, v2Client } from '../support/v2-client.js';

const base = inject('gatewayUrl');
const v2 = v2Client(base);

const told = (answer: Answer): unknown[] => {
  const { errorCode, message, cause } = answer.json();
  return [answer.status, errorCode, message, cause];
};

describe('a file', () => {
  it('is created with 201, replaced with 200, and tells what it was', async () => {
    const path = newPath();
    const made = await v2.put(path, { value: 'one' });
    const { modifiedIndex } = made.json().node;
    expect([made.status, made.json()]).toEqual([
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

  it('comes with the headers of the store and ends in a newline', async () => {
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

  it('takes its value from a form or the query, and the form wins', async () => {
    const path = newPath();
    const ofQuery = await send(base, 'PUT', `/v2/keys${path}?value=query`);
    expect(ofQuery.json().node.value).toBe('query');
    const both = { headers: FORM_TYPE, body: 'value=a%20b+c&value=second' };
    const ofForm = await send(base, 'PUT', `/v2/keys${path}?value=query`, both);
    expect(ofForm.json().node.value).toBe('a b c');
  });

  it('keeps bytes that are no text', async () => {
    const path = newPath();
    await send(base, 'PUT', `/v2/keys${path}`, { headers: FORM_TYPE, body: 'value=%ff%00%fe' });
    const raw = await send(base, 'GET', `/v1/kv?key=${path}&raw`);
    expect([...raw.bytes]).toEqual([0xff, 0, 0xfe]);
  });

  it('is told as etcd spells it: what means something in HTML is escaped', async () => {
    const path = newPath();
    const answer = await v2.put(path, { value: '<a> & "b" \b \\b' });
    expect(answer.text).toContain(String.raw`"value":"\u003ca\u003e \u0026 \"b\" \u0008 \\b"`);
    expect(answer.json().node.value).toBe('<a> & "b" \b \\b');
  });

  it('is not there after its deletion, and its directory still is', async () => {
    const path = newPath();
    await v2.put(`${path}/f`, { value: 'x' });
    const gone = await v2.delete(`${path}/f`);
    expect(gone.json()).toMatchObject({
      action: 'delete',
      node: { key: `${path}/f` },
      prevNode: { value: 'x' },
    });
    expect(gone.json().node).not.toHaveProperty('value');
    expect(told(await v2.get(`${path}/f`))).toEqual([404, 100, 'Key not found', `${path}/f`]);
    expect((await v2.get(path)).json().node).toMatchObject({ key: path, dir: true });
  });

  it('answers only its action when the value is not wanted', async () => {
    const answer = await v2.put(newPath(), { value: 'x', noValueOnSuccess: true });
    expect([answer.status, answer.text]).toEqual([201, '{"action":"set"}\n']);
  });
});

describe('conditions', () => {
  it('prevExist=false creates once', async () => {
    const path = newPath();
    const first = await v2.put(path, { value: 'x', prevExist: false });
    expect([first.status, first.json().action]).toEqual([201, 'create']);
    const second = await v2.put(path, { value: 'y', prevExist: false });
    expect(told(second)).toEqual([412, 105, 'Key already exists', path]);
  });

  it('prevExist=true updates what is there and keeps its createdIndex', async () => {
    const path = newPath();
    const missing = await v2.put(path, { value: 'x', prevExist: true });
    expect(told(missing)).toEqual([404, 100, 'Key not found', path]);
    const { createdIndex } = (await v2.put(path, { value: 'x' })).json().node;
    const updated = await v2.put(path, { value: 'y', prevExist: true });
    expect(updated.json()).toMatchObject({ action: 'update', node: { value: 'y', createdIndex } });
  });

  it('prevValue and prevIndex swap only what was seen, and say what was not', async () => {
    const path = newPath();
    const index = (await v2.put(path, { value: 'one' })).json().node.modifiedIndex as number;
    const wrong = await v2.put(path, { value: 'x', prevValue: 'no', prevIndex: 1 });
    expect(told(wrong)).toEqual([412, 101, 'Compare failed', `[no != one] [1 != ${index}]`]);
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
  it('is made with dir=true, and not twice', async () => {
    const path = newPath();
    const made = await v2.put(path, { dir: true });
    expect([made.status, made.json().node]).toMatchObject([201, { key: path, dir: true }]);
    expect(told(await v2.put(path, { dir: true }))).toEqual([403, 102, 'Not a file', path]);
    expect(told(await v2.put(path, { value: 'x' }))).toEqual([403, 102, 'Not a file', path]);
  });

  it('lists one level sorted by name, without what is hidden', async () => {
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

  it('lists all below it when it is asked to', async () => {
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

  it('goes with dir=true when it is empty, with recursive=true whatever is below', async () => {
    const path = newPath();
    await v2.put(`${path}/a/b`, { value: 'x' });
    expect(told(await v2.delete(`${path}/a`))).toEqual([403, 102, 'Not a file', `${path}/a`]);
    expect(told(await v2.delete(`${path}/a`, { dir: true }))).toEqual([
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
    expect(told(await v2.get(`${path}/c/d/e`))).toEqual([404, 100, 'Key not found', path]);
  });

  it('does not touch a sibling whose name begins alike', async () => {
    const path = newPath();
    await v2.put(`${path}/a/x`, { value: '1' });
    await v2.put(`${path}/ab/x`, { value: '2' });
    expect((await v2.get(`${path}/a`)).json().node.nodes).toHaveLength(1);
    await v2.delete(`${path}/a`, { recursive: true });
    expect((await v2.get(`${path}/ab/x`)).json().node.value).toBe('2');
  });

  it('is not made below a file', async () => {
    const path = newPath();
    await v2.put(path, { value: 'file' });
    const refused = [400, 104, 'Not a directory', path];
    expect(told(await v2.put(`${path}/a/b`, { value: 'x' }))).toEqual(refused);
    expect(told(await v2.get(`${path}/a`))).toEqual(refused);
    expect(told(await v2.post(path, { value: 'x' }))).toEqual(refused);
  });

  it('takes the place of a file with dir=true', async () => {
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

  it('holds the keys that other doors made', async () => {
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

  it('is hidden behind a file of the same name, which only other doors can make', async () => {
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
  it('is a directory without a name, and read only', async () => {
    const root = (await v2.get('/')).json().node;
    expect(root).toMatchObject({ dir: true, nodes: expect.any(Array) });
    expect(Object.keys(root).sort()).toEqual(['dir', 'nodes']);
    const readOnly = [400, 107, 'Root is read only', '/'];
    expect(told(await v2.put('/', { value: 'x' }))).toEqual(readOnly);
    expect(told(await v2.delete('', { recursive: true }))).toEqual(readOnly);
  });
});

describe('in-order keys', () => {
  it('grow in the order of their creation and have the index as their name', async () => {
    const path = newPath();
    const first = (await v2.post(path, { value: 'a' })).json();
    const second = (await v2.post(path, { dir: true })).json();
    expect(first.action).toBe('create');
    expect(first.node.key).toMatch(/\/\d{20}$/);
    expect(second.node).toMatchObject({ dir: true });
    expect(second.node.key > first.node.key).toBe(true);
    expect((await v2.get(path)).json().node.nodes).toHaveLength(2);
  });

  it('are all different and in order when many come at once', async () => {
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

describe('what is not understood', () => {
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
  ])('is refused with its number: %s %s', async (method, body, errorCode, cause) => {
    const answer = await send(base, method, `/v2/keys${newPath()}`, { headers: FORM_TYPE, body });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ errorCode, cause, index: 0 });
    expect(answer.headers['x-etcd-index']).toBe('0');
  });

  it('is a method that v2 does not have', async () => {
    const answer = await send(base, 'PATCH', `/v2/keys${newPath()}`);
    expect([answer.status, answer.headers.allow, answer.text]).toEqual([
      405,
      'HEAD,GET,PUT,POST,DELETE',
      'Method Not Allowed\n',
    ]);
  });

  it('is sent to the clean path when a path is not', async () => {
    const answer = await send(base, 'GET', '/v2/keys//a/./b/../c/?sorted=true');
    expect([answer.status, answer.headers.location]).toEqual([301, '/v2/keys/a/c/?sorted=true']);
    expect(answer.headers).not.toHaveProperty('x-etcd-cluster-id');
    const before = await send(base, 'PUT', '//v2/./keys/a', {
      headers: FORM_TYPE,
      body: 'value=x',
    });
    expect([before.status, before.headers.location]).toEqual([301, '/v2/keys/a']);
  });

  it('is a path that cannot be read', async () => {
    const answer = await send(base, 'GET', '/v2/keys/%zz');
    expect([answer.status, answer.text]).toEqual([400, '400 Bad Request']);
  });

  it('is a browser that asks first, who is told nothing', async () => {
    const answer = await send(base, 'OPTIONS', `/v2/keys${newPath()}`);
    expect([answer.status, answer.text, answer.headers.allow]).toEqual([200, '', undefined]);
  });
});
