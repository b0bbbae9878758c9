// The unix sockets of the embedded etcd: where they are, who can use them, and the gateway in front of them.
import { chmod, mkdir, rm, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { onPath, runCommand } from '../../src/embedded/command.js';
import { startEmbedded } from '../support/embedded.js';
import { findTestEtcd, testPath } from '../support/etcd-versions.js';
import { temporaryFolder } from '../support/fake-etcd.js';
import { BYTES_TYPE, send } from '../support/http-client.js';
import { listeningPorts } from '../support/listening.js';
import { withReservedPorts } from '../support/ports.js';
import { spawnGateway, untilGone } from '../support/processes.js';
import { openConnection } from '../support/raw-socket.js';
import { openWatch } from '../support/watch-reader.js';

const KEY = Buffer.from('a').toString('base64');
const hasProc = process.platform === 'linux';
const etcdctl = await onPath('etcdctl', testPath());

function socketOf(endpoint: string): string {
  return endpoint.slice('unix://'.length);
}

describe('S25: an embedded etcd', () => {
  it.skipIf(!hasProc)('listens on no TCP port, neither for clients nor for peers', async () => {
    const etcd = await startEmbedded(await temporaryFolder());
    expect(await listeningPorts(etcd.pid)).toEqual([]);
  });

  it.skipIf(!hasProc)('listens on the TCP port that it is given, and on no other', async () => {
    const dataDir = await temporaryFolder();
    await withReservedPorts(1, async ([port]) => {
      const etcd = await startEmbedded(dataDir, {
        clientAddress: { host: '127.0.0.1', port: port! },
      });
      expect(await listeningPorts(etcd.pid)).toEqual([port]);
    });
  });

  it('lets only its user into the folder of its sockets', async () => {
    const { endpoint } = await startEmbedded(await temporaryFolder());
    expect((await stat(dirname(socketOf(endpoint)))).mode & 0o777).toBe(0o700);
  });

  it('closes a folder of its sockets that other users can enter', async () => {
    const dataDir = await temporaryFolder();
    const first = await startEmbedded(dataDir);
    await first.stop();
    const folder = dirname(socketOf(first.endpoint));
    await mkdir(folder);
    await chmod(folder, 0o755);
    await startEmbedded(dataDir);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('has the same address after a stop and after SIGKILL', async () => {
    const dataDir = await temporaryFolder();
    const first = await startEmbedded(dataDir);
    await first.stop();
    expect(existsSync(socketOf(first.endpoint))).toBe(false);
    const second = await startEmbedded(dataDir);
    process.kill(second.supervisorPid, 'SIGKILL');
    process.kill(second.pid, 'SIGKILL');
    await untilGone(second.pid);
    await second.exited;
    const third = await startEmbedded(dataDir);
    expect([second.endpoint, third.endpoint]).toEqual([first.endpoint, first.endpoint]);
    expect((await send(third.endpoint, 'GET', '/health')).status).toBe(200);
  });

  it.each([
    ['too long for a socket', 'long-'.repeat(25)],
    ['one that a shell would split', 'a b'],
  ])('uses a private folder for temporary files where the path is %s', async (_, name) => {
    const dataDir = join(await temporaryFolder(), name);
    const first = await startEmbedded(dataDir);
    const folder = dirname(socketOf(first.endpoint));
    expect(dirname(folder)).toBe(tmpdir());
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await send(first.endpoint, 'GET', '/health')).status).toBe(200);
    await first.stop();
    expect(existsSync(folder)).toBe(false);
    expect((await startEmbedded(dataDir)).endpoint).toBe(first.endpoint);
  });

  it('does not start in a folder for temporary files that other users can write', async () => {
    const dataDir = join(await temporaryFolder(), 'a b');
    const first = await startEmbedded(dataDir);
    await first.stop();
    const folder = dirname(socketOf(first.endpoint));
    await mkdir(folder);
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o777);
    await expect(startEmbedded(dataDir)).rejects.toThrow(
      `etcd cannot be started on ${dataDir}: the folder of its sockets, ${folder}, is writable by other users (mode 0777)`,
    );
  });

  it.skipIf(etcdctl === undefined)('serves the etcdctl command that its start names', async () => {
    const said: string[] = [];
    await startEmbedded(await temporaryFolder(), { say: (line) => void said.push(line) });
    const [flag = ''] = /--endpoints=\S+$/.exec(said.at(-1) ?? '') ?? [];
    const run = (...args: string[]) =>
      runCommand(etcdctl!, [flag, ...args], { env: { ETCDCTL_API: '3' }, timeoutMs: 25_000 });
    expect(await run('put', 'a', '1')).toEqual({ kind: 'done', stdout: 'OK\n' });
    expect(await run('get', 'a')).toEqual({ kind: 'done', stdout: 'a\n1\n' });
  });
});

describe('S25: a gateway', () => {
  it('serves every API in front of a unix socket', async () => {
    const { endpoint } = await startEmbedded(await temporaryFolder());
    const gateway = await spawnGateway({ args: [`--endpoints=${endpoint}`, '--log-level=warn'] });
    onTestFinished(() => gateway.stop());
    const { baseUrl } = gateway;
    const put = { headers: BYTES_TYPE, body: 'v' };
    expect((await send(baseUrl, 'PUT', '/v1/kv/a', put)).status).toBe(200);
    const range = await send(baseUrl, 'POST', '/v3/kv/range', { body: `{"key":"${KEY}"}` });
    expect(range.json()).toMatchObject({ kvs: [{ key: KEY, value: 'dg==' }] });
    const watch = await openWatch(baseUrl, 'key=a&since=1');
    onTestFinished(() => watch.close());
    expect((await watch.until(1))[0]).toMatchObject({ event: 'put', data: { key: 'a' } });
    const raw = openConnection(Number(new URL(baseUrl).port));
    onTestFinished(() => void raw.socket.destroy());
    const create = JSON.stringify({ create_request: { key: KEY, start_revision: 1 } });
    raw.socket.write(
      `POST /v3/watch HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${create.length}\r\n\r\n${create}`,
    );
    await raw.until('"value":"dg=="');
  });

  it('starts its own etcd on the TCP port of --etcd-listen', async () => {
    const dataDir = await temporaryFolder();
    const etcdBin = (await findTestEtcd()).file;
    await withReservedPorts(1, async ([port]) => {
      const gateway = await spawnGateway({
        args: [`--data-dir=${dataDir}`, `--etcd-bin=${etcdBin}`, `--etcd-listen=localhost:${port}`],
      });
      onTestFinished(() => gateway.stop());
      expect(gateway.output()).toContain(`etcdctl --endpoints=http://127.0.0.1:${port}\n`);
      expect((await send(`http://127.0.0.1:${port}`, 'GET', '/health')).status).toBe(200);
    });
  });
});
