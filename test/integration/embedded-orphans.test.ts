// However the gateway and the supervisor end, no etcd stays behind, and the next start has the data.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemGuards } from '../../src/embedded/guards.js';
import { findTestEtcd, testPath } from '../support/etcd-versions.js';
import { temporaryFolder } from '../support/fake-etcd.js';
import { send } from '../support/http-client.js';
import { isGone, spawnNode, untilGone } from '../support/processes.js';
import type { RunningProcess } from '../support/processes.js';

const parentFile = fileURLToPath(new URL('../support/embedded-parent.js', import.meta.url));
const FIRST_LINE_LIMIT_MS = 80_000;
const POLL_MS = 20;
/** Shorter than the limits after which a supervisor kills: an etcd that is gone by then was ended on purpose. */
const PROMPTLY_MS = 5_000;

interface Running {
  readonly parent: RunningProcess;
  readonly endpoint: string;
  readonly pid: number;
  readonly supervisorPid: number;
}

interface Told {
  readonly endpoint?: string;
  readonly pid?: number;
  readonly supervisorPid?: number;
  readonly failed?: string;
}

/** Starts a parent with an etcd of its own; what it says first. */
async function startParent(
  dataDir: string,
  options: { path?: string; env?: Record<string, string> } = {},
): Promise<{ parent: RunningProcess; told: Told }> {
  const spec = {
    dataDir,
    etcdBin: (await findTestEtcd()).file,
    downloadBaseUrl: 'http://127.0.0.1:1',
    path: options.path ?? testPath(),
    extraArgs: [],
  };
  const parent = spawnNode([parentFile, JSON.stringify(spec)], { env: options.env ?? {} });
  onTestFinished(() => parent.kill('SIGKILL'));
  const deadline = Date.now() + FIRST_LINE_LIMIT_MS;
  while (!parent.output().includes('\n')) {
    if (Date.now() > deadline) throw new Error(`nothing was said: ${parent.output()}`);
    await pause(POLL_MS);
  }
  return { parent, told: JSON.parse(parent.output().split('\n')[0]!) as Told };
}

async function startRunning(
  dataDir: string,
  options: { path?: string; env?: Record<string, string> } = {},
): Promise<Running> {
  const { parent, told } = await startParent(dataDir, options);
  if (told.endpoint === undefined) throw new Error(told.failed);
  return { parent, endpoint: told.endpoint, pid: told.pid!, supervisorPid: told.supervisorPid! };
}

async function call(endpoint: string, path: string, body: object): Promise<unknown> {
  return (await send(endpoint, 'POST', path, { body: JSON.stringify(body) })).json();
}

const KEY = Buffer.from('kept').toString('base64');
const VALUE = Buffer.from('value').toString('base64');
const hasGuards = (await systemGuards(testPath())) !== undefined;
const withGuards = hasGuards
  ? 'with the parent-death signal'
  : 'with the parent-death signal (skipped: this system has none)';

describe.skipIf(!hasGuards)(`an etcd ${withGuards}`, () => {
  it.each([
    ['the gateway', ['parent']],
    ['the supervisor', ['supervisor']],
    ['both, the gateway first', ['parent', 'supervisor']],
    ['both, the supervisor first', ['supervisor', 'parent']],
  ])(
    'is gone after SIGKILL of %s, and its data are there at the next start',
    async (_, victims) => {
      const dataDir = await temporaryFolder();
      const first = await startRunning(dataDir);
      await call(first.endpoint, '/v3/kv/put', { key: KEY, value: VALUE });
      for (const victim of victims) {
        process.kill(victim === 'parent' ? first.parent.pid : first.supervisorPid, 'SIGKILL');
      }
      await untilGone(first.pid, PROMPTLY_MS);
      await untilGone(first.supervisorPid, PROMPTLY_MS);
      await first.parent.kill('SIGKILL');
      const second = await startRunning(dataDir);
      const range = await call(second.endpoint, '/v3/kv/range', { key: KEY });
      expect(range).toMatchObject({ kvs: [{ key: KEY, value: VALUE }] });
      await second.parent.kill('SIGKILL');
      await untilGone(second.pid, PROMPTLY_MS);
    },
  );
});

describe('an etcd where the system has no parent-death signal', () => {
  it('is gone after SIGKILL of the gateway', async () => {
    const { parent, pid } = await startRunning(await temporaryFolder(), { path: '' });
    await parent.kill('SIGKILL');
    await untilGone(pid, PROMPTLY_MS);
  });

  it('is gone after SIGKILL of the supervisor, and the gateway notices', async () => {
    const { parent, pid, supervisorPid } = await startRunning(await temporaryFolder(), {
      path: '',
    });
    process.kill(supervisorPid, 'SIGKILL');
    await untilGone(pid, PROMPTLY_MS);
    while (!parent.output().includes('exited')) await pause(POLL_MS);
    expect(parent.output()).toContain("etcd's supervisor ended: it was ended by SIGKILL");
  });

  it('is ended by the next start after SIGKILL of both', async () => {
    const dataDir = await temporaryFolder();
    const first = await startRunning(dataDir, { path: '' });
    // The supervisor first stands still, so that it cannot end etcd before it is killed itself.
    process.kill(first.supervisorPid, 'SIGSTOP');
    await first.parent.kill('SIGKILL');
    process.kill(first.supervisorPid, 'SIGKILL');
    await untilGone(first.supervisorPid, PROMPTLY_MS);
    expect(await isGone(first.pid)).toBe(false);
    const second = await startRunning(dataDir, { path: '' });
    expect(await isGone(first.pid)).toBe(true);
    await second.parent.kill('SIGKILL');
    await untilGone(second.pid, PROMPTLY_MS);
  });

  it('keeps a second gateway off its data directory', async () => {
    const dataDir = await temporaryFolder();
    const first = await startRunning(dataDir, { path: '' });
    const { told } = await startParent(dataDir, { path: '' });
    expect(told.failed).toBe(
      `Another gateway (process ${first.parent.pid}) uses the data directory ${dataDir}`,
    );
    await first.parent.kill('SIGKILL');
    await untilGone(first.pid, PROMPTLY_MS);
  });
});

describe('an embedded etcd', () => {
  it('takes no settings out of the environment of the gateway', async () => {
    const dataDir = await temporaryFolder();
    const env = { ETCD_NAME: 'foreign', ETCD_LISTEN_CLIENT_URLS: 'http://127.0.0.1:1' };
    const { parent, endpoint, pid } = await startRunning(dataDir, { env });
    const answer = await call(endpoint, '/v3/cluster/member/list', {});
    expect(answer).toMatchObject({
      members: [{ name: 'latchkey', clientURLs: ['unix://client:0'] }],
    });
    if (process.platform === 'linux') {
      expect(await readFile(`/proc/${pid}/environ`, 'utf8')).not.toContain('ETCD_');
    }
    await parent.kill('SIGKILL');
    await untilGone(pid, PROMPTLY_MS);
  });

  it('keeps a second gateway off its data directory, which fails at once', async () => {
    const dataDir = await temporaryFolder();
    const first = await startRunning(dataDir);
    const { told, parent } = await startParent(dataDir);
    expect(told.failed).toBe(
      `Another gateway (process ${first.parent.pid}) uses the data directory ${dataDir}`,
    );
    expect(await parent.ended).toBe(0);
    expect(await isGone(first.pid)).toBe(false);
    await first.parent.kill('SIGKILL');
    await untilGone(first.pid, PROMPTLY_MS);
  });

  it('is waited for when its gateway was killed a moment ago', async () => {
    const dataDir = await temporaryFolder();
    const first = await startRunning(dataDir);
    // A paused etcd does not end on SIGTERM: its supervisor has to kill it at the limit.
    process.kill(first.pid, 'SIGSTOP');
    await first.parent.kill('SIGKILL');
    const second = await startRunning(dataDir);
    expect(await isGone(first.pid)).toBe(true);
    await second.parent.kill('SIGKILL');
    await untilGone(second.pid, PROMPTLY_MS);
  });

  it('starts on a lock file that was cut off in the middle', async () => {
    const dataDir = await temporaryFolder();
    await writeFile(join(dataDir, 'etcd.lock'), '{"gateway":{"pid":1');
    await writeFile(join(dataDir, 'etcd.lock.pid'), '{"gateway":{"pid":1');
    for (const path of [testPath(), '']) {
      const { parent, pid } = await startRunning(dataDir, { path });
      await parent.kill('SIGKILL');
      await untilGone(pid, PROMPTLY_MS);
    }
  });
});
