// A real etcd as the gateway embeds it: data, log, death, and every way in which a start may fail.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { withReservedPorts } from '../support/ports.js';
import { startEmbedded as start } from '../support/embedded.js';
import { temporaryFolder, writeFakeEtcd } from '../support/fake-etcd.js';
import { isGone } from '../support/processes.js';

async function post(endpoint: string, path: string, body: object): Promise<unknown> {
  return (await send(endpoint, 'POST', path, { body: JSON.stringify(body) })).json();
}

async function get(endpoint: string, path: string): Promise<Answer> {
  return send(endpoint, 'GET', path);
}

/** A port on loopback that is in use until the test has finished. */
async function usedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('the embedded etcd', () => {
  it('names each step, and the etcdctl command for its socket in the data directory', async () => {
    const said: string[] = [];
    const dataDir = await temporaryFolder();
    const etcd = await start(dataDir, { say: (line) => void said.push(line) });
    expect(said).toEqual([
      expect.stringMatching(/^starting etcd \d+\.\d+\.\d+ \(.+\), data in .+$/),
      `etcd serves: etcdctl --endpoints=${etcd.endpoint}`,
    ]);
    expect(etcd.endpoint).toBe(`unix://${dataDir}/etcd-socket/client:0`);
    expect((await get(etcd.endpoint, '/version')).json()).toMatchObject({
      etcdserver: etcd.version,
    });
  });

  it('keeps its data when it is stopped and started again', async () => {
    const dataDir = await temporaryFolder();
    const key = Buffer.from('a').toString('base64');
    const first = await start(dataDir);
    await post(first.endpoint, '/v3/kv/put', { key, value: key });
    await first.stop();
    expect(await isGone(first.pid)).toBe(true);
    expect(await isGone(first.supervisorPid)).toBe(true);
    const second = await start(dataDir);
    expect(await post(second.endpoint, '/v3/kv/range', { key })).toMatchObject({ count: '1' });
  });

  it('writes its log and the version of the data next to the data', async () => {
    const dataDir = await temporaryFolder();
    const etcd = await start(dataDir);
    expect(await readFile(join(dataDir, 'etcd.log'), 'utf8')).toContain('"level":"info"');
    expect(await readFile(join(dataDir, 'etcd.version'), 'utf8')).toBe(`${etcd.version}\n`);
  });

  it('has no v2 API', async () => {
    const etcd = await start(await temporaryFolder());
    expect((await get(etcd.endpoint, '/v2/keys/')).status).toBe(404);
  });

  it('does not answer a page that reaches its TCP port under another host name', async () => {
    await withReservedPorts(1, async ([port]) => {
      const etcd = await start(await temporaryFolder(), {
        clientAddress: { host: '127.0.0.1', port: port! },
      });
      expect(etcd.endpoint).toBe(`http://127.0.0.1:${port}`);
      const socket = connect(port!, '127.0.0.1');
      socket.end('GET /version HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 421 /);
    });
  });

  it('reports its exit with the reason, and can still be stopped', async () => {
    const etcd = await start(await temporaryFolder());
    process.kill(etcd.pid, 'SIGKILL');
    expect(await etcd.exited).toMatch(/^etcd ended with SIGKILL \(log: .*etcd\.log\)$/);
    await etcd.stop();
    expect(await isGone(etcd.supervisorPid)).toBe(true);
  });

  it('reports nothing when it is stopped', async () => {
    const etcd = await start(await temporaryFolder());
    let told: string | undefined;
    void etcd.exited.then((reason) => (told = reason));
    await Promise.all([etcd.stop(), etcd.stop()]);
    expect(told).toBeUndefined();
  });

  it('runs next to other instances', async () => {
    const folders = await Promise.all([temporaryFolder(), temporaryFolder()]);
    const [a, b] = await Promise.all(folders.map((folder) => start(folder)));
    expect(a!.endpoint).not.toBe(b!.endpoint);
  });
});

describe('the start fails with one clear line', () => {
  it('when the data directory cannot be used', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    await expect(start(file)).rejects.toThrow(
      `The data directory ${file} cannot be used: a file of that name exists (EEXIST)`,
    );
  });

  it('when a newer etcd wrote the data', async () => {
    const dataDir = await temporaryFolder();
    await (await start(dataDir)).stop();
    await writeFile(join(dataDir, 'etcd.version'), '99.0.0\n');
    await expect(start(dataDir)).rejects.toThrow(
      /^The etcd named by --etcd-bin, .*, is etcd [\d.]+, too old for the data in .*, which etcd 99\.0\.0 wrote$/,
    );
  });

  it('when the named port is in use', async () => {
    const port = await usedPort();
    const clientAddress = { host: '127.0.0.1', port };
    await expect(start(await temporaryFolder(), { clientAddress })).rejects.toThrow(
      new RegExp(
        `^etcd ended with status 1: .*127.0.0.1:${port}: bind: address already in use \\(log: .*\\)$`,
      ),
    );
  });

  it('when etcd ends at its start, with what it said last', async () => {
    const bin = await temporaryFolder();
    const etcdBin = await writeFakeEtcd(bin, '3.5.30', 'echo "no luck today" >&2; exit 3');
    await expect(start(await temporaryFolder(), { etcdBin })).rejects.toThrow(
      /^etcd ended with status 3: no luck today \(log: .*\)$/,
    );
  });

  it('when the data are damaged', async () => {
    const dataDir = await temporaryFolder();
    await mkdir(join(dataDir, 'etcd-data', 'member', 'snap'), { recursive: true });
    await writeFile(join(dataDir, 'etcd-data', 'member', 'snap', 'db'), 'no database at all');
    const failure = start(dataDir);
    await expect(failure).rejects.toThrow(/^etcd ended with .*\(log: .*etcd\.log\)$/);
  });

  it('when the caller gives up, and nothing stays behind', async () => {
    const bin = await temporaryFolder();
    const pidFile = join(bin, 'pid');
    const etcdBin = await writeFakeEtcd(bin, '3.5.30', `echo $$ > ${pidFile}; exec sleep 600`);
    const controller = new AbortController();
    const failure = start(await temporaryFolder(), { etcdBin, signal: controller.signal });
    await expect
      .poll(() => readFile(pidFile, 'utf8').catch(() => ''), { timeout: 10_000 })
      .toMatch(/\d/);
    controller.abort(new Error('enough'));
    await expect(failure).rejects.toThrow('enough');
    expect(await isGone(Number(await readFile(pidFile, 'utf8')))).toBe(true);
  });
});
