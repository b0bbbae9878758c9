// The commands from the documentation of etcd 0.4 with another port. Their responses have the format of that version.
import { describe, expect, inject, it } from 'vitest';
import { onPath, runCommand } from '../../src/embedded/command.js';
import { testPath } from '../support/etcd-versions.js';
import { newPath } from '../support/v2-client.js';

const base = inject('gatewayUrl');
const COMMAND_LIMIT_MS = 20_000;

const curl = await onPath('curl', testPath());
const title = curl === undefined ? ' (skipped: there is no curl on the PATH)' : '';
if (curl === undefined) console.error('not tested as early clients: there is no curl on the PATH');

/** Returns what curl prints. */
async function runCurl(...args: string[]): Promise<string> {
  const options = { env: { PATH: testPath() }, timeoutMs: COMMAND_LIMIT_MS };
  const result = await runCommand(curl ?? 'curl', ['-sS', ...args], options);
  if (result.kind !== 'done') throw new Error(result.reason);
  return result.stdout;
}

const json = async (...args: string[]): Promise<unknown> => JSON.parse(await runCurl(...args));

describe.skipIf(curl === undefined)(`curl commands of etcd 0.4${title}`, () => {
  it('set, change, get and delete a key', async () => {
    const path = newPath();
    const url = `${base}/v2/keys${path}`;
    const index = expect.any(Number) as number;
    const indexes = { modifiedIndex: index, createdIndex: index };
    const hello = { key: path, value: 'Hello world', ...indexes };
    const replaced = { key: path, value: 'Hello etcd', ...indexes };
    expect(await json('-L', '-X', 'PUT', url, '-d', 'value=Hello world')).toEqual({
      action: 'set',
      node: hello,
    });
    expect(await json('-L', url)).toEqual({ action: 'get', node: hello });
    expect(await json('-L', '-XPUT', url, '-d', 'value=Hello etcd')).toEqual({
      action: 'set',
      node: replaced,
      prevNode: hello,
    });
    expect(await json('-L', `${url}?consistent=true`)).toEqual({ action: 'get', node: replaced });
    expect(await json('-L', '-XDELETE', url)).toEqual({
      action: 'delete',
      node: { key: path, ...indexes },
      prevNode: replaced,
    });
    expect(await json('-L', url)).toEqual({
      errorCode: 100,
      message: 'Key not found',
      cause: path,
      index,
    });
  });

  it('read machines and leader as text, and machines as hidden keys', async () => {
    expect(await runCurl('-L', `${base}/v2/machines`)).toBe(base);
    const leader = await runCurl('-L', `${base}/v2/leader`);
    expect(leader).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const listed = (await json('-L', `${base}/v2/keys/_etcd/machines`)) as { node: object };
    const name = expect.stringMatching(/^\/_etcd\/machines\/\w+$/) as string;
    const value = `etcd=${encodeURIComponent(base)}&raft=${encodeURIComponent(leader)}`;
    const indexes = { modifiedIndex: 1, createdIndex: 1 };
    expect(listed).toEqual({
      action: 'get',
      node: {
        key: '/_etcd/machines',
        dir: true,
        nodes: [{ key: name, value, ...indexes }],
        ...indexes,
      },
    });
    // The directory is hidden, as in etcd 0.4.
    const path = newPath();
    await runCurl('-L', '-XPUT', `${base}/v2/keys${path}`, '-d', 'value=x');
    const root = (await json('-L', `${base}/v2/keys/`)) as { node: { nodes: { key: string }[] } };
    const keys = root.node.nodes.map(({ key }) => key);
    expect(keys).toContain(path);
    expect(keys).not.toContain('/_etcd');
  });
});
