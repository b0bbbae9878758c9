import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { startMember } from '../support/etcd.js';
import { findTestEtcd } from '../support/etcd-versions.js';
import { BYTES_TYPE, send } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { processesNaming, spawnGateway, untilGone } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';
import { openWatch } from '../support/watch-reader.js';

const etcd = inject('etcdEndpoint');
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(
  args: string[],
  until: 'ready' | 'live' | 'nothing' = 'ready',
  env = {},
): Promise<Gateway> {
  const gateway = await spawnGateway({ args, until, env });
  cleanUps.push(() => gateway.stop());
  return gateway;
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
  cleanUps.push(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe('starting', () => {
  it('reports every error in the settings at once, without a stack', async () => {
    const gateway = await start(['--nope', '--log-level=loud', '--lock-prefix=x'], 'nothing');
    expect(await gateway.ended).toBe(2);
    const output = gateway.output();
    for (const word of ['--nope', '--log-level', '--lock-prefix']) expect(output).toContain(word);
    expect(output).not.toMatch(/\n\s+at /);
  });

  it('refuses an address that is not loopback without authentication', async () => {
    const gateway = await spawnGateway({
      args: ['--listen=0.0.0.0:0', '--endpoints', etcd],
      until: 'nothing',
    });
    expect(await gateway.ended).toBe(2);
    expect(gateway.output()).toContain('--allow-anonymous');
  });

  it('ends with one line when the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const gateway = await spawnGateway({
      args: [`--listen=127.0.0.1:${port}`, '--endpoints', etcd],
      until: 'nothing',
    });
    expect(await gateway.ended).toBe(1);
    expect(gateway.output().trim().split('\n')).toHaveLength(1);
    expect(gateway.output()).toContain('EADDRINUSE');
  });

  it('ends with one line when etcd is older than 3.4', async () => {
    const old = createHttpServer((_, res) =>
      res.end('{"etcdserver":"3.3.27","etcdcluster":"3.3.0"}'),
    ).listen(0, '127.0.0.1');
    await new Promise((resolve) => old.once('listening', resolve));
    cleanUps.push(() => new Promise((resolve) => old.close(resolve)));
    const gateway = await start(
      ['--endpoints', `127.0.0.1:${(old.address() as AddressInfo).port}`],
      'nothing',
    );
    expect(await gateway.ended).toBe(1);
    expect(gateway.output()).toContain('requires etcd 3.4 or newer');
  });

  it('is not led astray by poisoned ETCD* variables of the shell that starts its embedded etcd', async () => {
    const dataDir = await folder();
    const env = {
      ETCD_LISTEN_CLIENT_URLS: 'http://192.0.2.1:2379',
      ETCD_NAME: 'production',
      ETCDCTL_API: '2',
      ETCD_DATA_DIR: '/nonexistent',
      http_proxy: 'http://127.0.0.1:1',
      HTTP_PROXY: 'http://127.0.0.1:1',
      LATCHKEY_DATA_DIR: dataDir,
    };
    const gateway = await start(
      ['--data-dir', dataDir, '--etcd-bin', await testEtcd()],
      'ready',
      env,
    );
    expect(
      (await send(gateway.baseUrl, 'PUT', '/v1/kv/k', { headers: BYTES_TYPE, body: 'v' })).status,
    ).toBe(200);
  });

  it('shows in --print-config what it would run with', async () => {
    const gateway = await start(['--print-config', '--endpoints', etcd], 'nothing');
    expect(await gateway.ended).toBe(0);
    expect(gateway.output()).toContain(etcd);
  });
});

describe('S41: a start that fails', () => {
  const failing = async (...args: string[]): Promise<string> => {
    const gateway = await start(args, 'nothing');
    expect(await gateway.ended).toBe(1);
    return gateway.output();
  };

  it('names the flag of a port in use before it starts etcd', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
    const used = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const dataDir = await folder();
    const problem = (flag: string): string =>
      `latchkey: cannot listen on ${used}: another program listens there (EADDRINUSE); set another address with ${flag}\n`;
    expect(await failing(`--listen=${used}`, '--data-dir', dataDir)).toBe(problem('--listen'));
    const args = [`--etcd-listen=${used}`, '--data-dir', dataDir];
    expect(await failing(...args)).toBe(problem('--etcd-listen'));
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('names the setting, the file and what is wrong with it', async () => {
    const file = join(await folder(), 'file');
    await writeFile(file, 'no PEM');
    const base = [`--endpoints=${etcd}`, '--log-level=error'];
    const missing = `${file}.missing`;
    const unread = `cannot read ${missing}: it does not exist (ENOENT)`;
    expect(await failing(...base, '--auth=tokens', `--tokens=${missing}`)).toBe(
      `latchkey: cannot load --tokens: ${unread}\n`,
    );
    expect(await failing(...base, `--tls-cert=${missing}`, `--tls-key=${file}`)).toBe(
      `latchkey: cannot load --tls-cert, --tls-key or --tls-client-ca: ${unread}\n`,
    );
    expect(await failing(...base, `--cacert=${file}`)).toBe(
      `latchkey: cannot load --cacert, --cert or --key: ${file} does not contain a certificate in PEM format\n`,
    );
  });
});

async function testEtcd(): Promise<string> {
  return (await findTestEtcd()).file;
}

describe('embedded etcd under the gateway', () => {
  it('keeps its data over SIGKILL of the gateway, and leaves no process behind', async () => {
    const dataDir = await folder();
    const args = ['--data-dir', dataDir, '--etcd-bin', await testEtcd()];
    const first = await start(args);
    await send(first.baseUrl, 'PUT', '/v1/kv/kept', { headers: BYTES_TYPE, body: 'yes' });
    const pids = await processesNaming(dataDir);
    expect(pids.length).toBeGreaterThanOrEqual(2);
    await first.kill('SIGKILL');
    for (const pid of pids) await untilGone(pid);
    const second = await start(args);
    expect((await send(second.baseUrl, 'GET', '/v1/kv/kept?raw')).text).toBe('yes');
  });

  it('is refused to a second gateway on the same data directory with one clear line', async () => {
    const dataDir = await folder();
    const args = ['--data-dir', dataDir, '--etcd-bin', await testEtcd()];
    await start(args);
    const second = await start(args, 'nothing');
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(dataDir);
    expect(second.output()).not.toMatch(/\n\s+at /);
  });

  it('ends the gateway with its reason when it dies', async () => {
    const dataDir = await folder();
    const gateway = await start(['--data-dir', dataDir, '--etcd-bin', await testEtcd()]);
    const pids = await processesNaming(`${dataDir}/etcd-data`);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    expect(await gateway.ended).toBe(1);
    expect(gateway.output()).toContain('etcd');
  });
});

describe('running', () => {
  it('returns 503 with Retry-After while etcd is down and recovers without a restart', async () => {
    const member = await startMember();
    cleanUps.push(() => member.stop());
    const gateway = await start(['--endpoints', member.endpoint]);
    const key = newKey();
    await member.kill('SIGKILL');
    // A write on a kept connection that died this moment may have been sent: it would be unknown.
    await send(gateway.baseUrl, 'GET', `/v1/kv/${key}`);
    const [write, read, ready, live] = [
      await send(gateway.baseUrl, 'PUT', `/v1/kv/${key}`, { headers: BYTES_TYPE, body: 'x' }),
      await send(gateway.baseUrl, 'GET', `/v1/kv/${key}`),
      await send(gateway.baseUrl, 'GET', '/readyz'),
      await send(gateway.baseUrl, 'GET', '/livez'),
    ];
    expect([write.status, write.json().outcome, write.headers['retry-after']]).toEqual([
      503,
      'not-applied',
      '1',
    ]);
    expect([read.status, read.headers['retry-after'], ready.status, live.status]).toEqual([
      503,
      '1',
      503,
      200,
    ]);
    await member.restart();
    await expect
      .poll(async () => (await send(gateway.baseUrl, 'GET', '/readyz')).status, { timeout: 30_000 })
      .toBe(200);
    expect(
      (await send(gateway.baseUrl, 'PUT', `/v1/kv/${key}`, { headers: BYTES_TYPE, body: 'x' }))
        .status,
    ).toBe(200);
  });

  it('F53: is not ready while the only member is paused, and reports that it is silent', async () => {
    const member = await startMember();
    cleanUps.push(() => member.stop());
    const gateway = await start(['--endpoints', member.endpoint]);
    await member.kill('SIGSTOP');
    try {
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => send(gateway.baseUrl, 'GET', '/readyz')),
      );
      for (const answer of answers) {
        const { code, detail } = answer.json();
        const expected = 'etcd-unavailable: 0 of 1 members reachable: no quorum';
        expect([answer.status, `${code}: ${detail}`]).toEqual([503, expected]);
      }
      const health = await send(gateway.baseUrl, 'GET', '/health');
      expect([health.status, health.json().health]).toEqual([503, 'false']);
    } finally {
      await member.kill('SIGCONT');
    }
    await expect
      .poll(async () => (await send(gateway.baseUrl, 'GET', '/readyz')).status, { timeout: 30_000 })
      .toBe(200);
  });

  it('serves before etcd is reachable, and reports that', async () => {
    const gateway = await start(['--endpoints', '127.0.0.1:1'], 'live');
    const ready = await send(gateway.baseUrl, 'GET', '/readyz');
    expect([ready.status, ready.json().code]).toEqual([503, 'etcd-unavailable']);
    expect((await send(gateway.baseUrl, 'GET', '/health')).text).toContain('"health":"false"');
  });
});

/** Requests without an answer: waits, streams and the one that asks for their number aside. */
async function inProgress({ baseUrl }: Gateway): Promise<number> {
  const { text } = await send(baseUrl, 'GET', '/metrics');
  return Number(/^latchkey_http_requests_in_progress (\d+)$/m.exec(text)?.[1]);
}

describe('draining', () => {
  it('F50: finishes a write, sends waiters away, ends streams, and exits 0 on SIGTERM', async () => {
    const member = await startMember();
    cleanUps.push(() => member.stop());
    const gateway = await spawnGateway({ args: ['--endpoints', member.endpoint] });
    cleanUps.push(() => gateway.stop());
    const locks = lockClient(gateway.baseUrl);
    const [key, lock] = [newKey(), newKey('lock')];
    await locks.hold200(lock, { owner: 'h', ttl: 60 });
    const waiting = locks.acquire(lock, { owner: 'w', ttl: 60, wait: 60 });
    await locks.untilQueued(lock, 1);
    const stream = await openWatch(gateway.baseUrl, `key=${key}`);
    await member.kill('SIGSTOP');
    const slow = send(gateway.baseUrl, 'PUT', `/v1/kv/${key}`, { headers: BYTES_TYPE, body: 'x' });
    await expect.poll(() => inProgress(gateway)).toBe(1);
    const stopped = gateway.kill('SIGTERM');
    await expect.poll(() => gateway.output()).toContain('draining');
    await stream.ended;
    await member.kill('SIGCONT');
    expect((await slow).status).toBe(200);
    const sentAway = await waiting;
    expect([sentAway.status, sentAway.json().code]).toEqual([503, 'shutting-down']);
    expect(Number(sentAway.headers['retry-after'])).toBeGreaterThan(0);
    await stopped;
    expect(await gateway.ended).toBe(0);
    const entries = await new RawEtcd(member.endpoint).entries(lock);
    expect(entries.map(({ value }) => JSON.parse(value).owner)).toEqual(['h']);
  });

  it('F50: exits at once on a second signal', async () => {
    const member = await startMember();
    cleanUps.push(() => member.stop());
    const gateway = await spawnGateway({ args: ['--endpoints', member.endpoint] });
    await member.kill('SIGSTOP');
    const slow = send(gateway.baseUrl, 'GET', '/v1/kv/x').catch(() => 'cut');
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(gateway.pid, 'SIGTERM');
    await expect.poll(() => gateway.output()).toContain('draining');
    process.kill(gateway.pid, 'SIGTERM');
    expect(await gateway.ended).toBe(1);
    expect(await slow).toBe('cut');
    await member.kill('SIGCONT');
  });
});
