// examples/with-lock.sh runs a shell command under a lock.
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { onPath } from '../../src/embedded/command.js';
import { testPath } from '../support/etcd-versions.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { reservePorts } from '../support/ports.js';
import { startInShell } from '../support/shell.js';
import type { ShellRun } from '../support/shell.js';
import { bearer, startTokenGateway } from '../support/token-gateway.js';
import type { TokenGateway } from '../support/token-gateway.js';

const gateway = inject('gatewayUrl');
const locks = lockClient(gateway);
const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
const HELD_LIMIT_MS = 15_000;
/** Renewed every 1.25 s. */
const SHORT_TTL = { LOCK_TTL: '5' };

const curl = await onPath('curl', testPath());
if (curl === undefined)
  console.error('not tested: with-lock.sh, because there is no curl on the PATH');

function withLock(name: string, command: string, env: Record<string, string> = {}): ShellRun {
  return startInShell(`exec ./with-lock.sh ${name} sh -c '${command}'`, {
    cwd: EXAMPLES,
    env: { PATH: testPath(), LATCHKEY_URL: gateway, ...env },
  });
}

const stateOf = async (name: string): Promise<any> => (await locks.inspect(name)).json();
const untilShown = (run: ShellRun, text: string): Promise<void> =>
  expect.poll(run.stdout, { timeout: HELD_LIMIT_MS }).toContain(text);

describe.skipIf(curl === undefined)('with-lock.sh', () => {
  it("runs the command under the lock, with its fencing token and the command's own exit status", async () => {
    const name = newKey();
    const inside = `echo "$FENCING_TOKEN"; curl -s ${gateway}/v1/locks/${name}; exit 3`;
    const run = withLock(name, inside);
    expect(await run.ended).toBe(3);
    const [token, state] = run.stdout().split('\n');
    const [holder] = JSON.parse(state ?? '').holders;
    expect(String(holder.fencingToken)).toBe(token);
    expect((await stateOf(name)).locked).toBe(false);
  });

  it('prints its usage without a command', async () => {
    const run = startInShell('exec ./with-lock.sh deploy', {
      cwd: EXAMPLES,
      env: { PATH: testPath(), LATCHKEY_URL: gateway },
    });
    expect(await run.ended).toBe(64);
    expect(run.stderr()).toContain('usage: with-lock.sh NAME COMMAND');
  });

  it('waits for the lock, and prints the holder', async () => {
    const name = newKey();
    const { token } = await locks.hold200(name, { owner: 'before' });
    const run = withLock(name, 'echo mine');
    await locks.untilQueued(name, 1);
    expect(run.stdout()).toBe('');
    expect(run.stderr()).toBe(`waiting for the lock ${name}, which is held by before\n`);
    await locks.release(name, { token });
    expect(await run.ended).toBe(0);
    expect(run.stdout()).toBe('mine\n');
  });

  it('exits with 75 without running the command if another client holds the lock, and prints the holder', async () => {
    const name = newKey();
    await locks.hold200(name, { owner: 'another' });
    const run = withLock(name, 'echo mine', { LOCK_WAIT: '0' });
    expect(await run.ended).toBe(75);
    expect(run.stdout()).toBe('');
    expect(run.stderr()).toContain('is held by another');
    expect(await stateOf(name)).toMatchObject({ queueLength: 0 });
  });

  it('keeps the lock longer than its ttl', async () => {
    const name = newKey();
    const state = `curl -s ${gateway}/v1/locks/${name}`;
    const run = withLock(name, `echo "$FENCING_TOKEN"; sleep 8; ${state}`, SHORT_TTL);
    expect(await run.ended).toBe(0);
    const [token, after] = run.stdout().split('\n');
    expect(JSON.parse(after ?? '').holders).toMatchObject([{ fencingToken: Number(token) }]);
  });

  it('stops the command when the lock is lost', async () => {
    const name = newKey();
    const run = withLock(name, 'echo begun; exec sleep 60', SHORT_TTL);
    await untilShown(run, 'begun');
    await locks.releaseBy(name, '?force=true');
    expect(await run.ended).toBe(143);
  });

  it('releases the lock only after the command has exited, after a signal too', async () => {
    const name = newKey();
    const state = `curl -s ${gateway}/v1/locks/${name}`;
    const run = withLock(
      name,
      `trap "${state}; exit 9" TERM; echo begun; while :; do sleep 0.2; done`,
    );
    await untilShown(run, 'begun');
    process.kill(run.pid, 'SIGTERM');
    expect(await run.ended).toBe(9);
    expect(JSON.parse(run.stdout().split('\n')[1] ?? '').locked).toBe(true);
    expect((await stateOf(name)).locked).toBe(false);
  });
});

/** The watchdog of a killed script checks every second, and its lock has the shortest ttl. The rest is slack for a busy machine. */
const ABANDONED_LIMIT_MS = 25_000;

describe.skipIf(curl === undefined)('F58: with-lock.sh that a signal stops', () => {
  const entriesOf = async (name: string): Promise<number> => {
    const { locked, queueLength } = await stateOf(name);
    return (locked === true ? 1 : 0) + Number(queueLength);
  };

  it('leaves no renewer when it is killed: its command is stopped and the lock expires', async () => {
    const name = newKey();
    const run = withLock(
      name,
      'trap "echo stopped; exit" TERM; echo begun; while :; do sleep 0.2; done',
      SHORT_TTL,
    );
    await untilShown(run, 'begun');
    process.kill(run.pid, 'SIGKILL');
    await expect.poll(() => entriesOf(name), { timeout: ABANDONED_LIMIT_MS }).toBe(0);
    await untilShown(run, 'stopped');
    await run.ended;
  });

  it('leaves no request in the queue when it is killed while it waits', async () => {
    const name = newKey();
    const { token } = await locks.hold200(name, { owner: 'before', ttl: 60 });
    const run = withLock(name, 'echo mine');
    await locks.untilQueued(name, 1);
    process.kill(run.pid, 'SIGKILL');
    await expect.poll(() => entriesOf(name), { timeout: ABANDONED_LIMIT_MS }).toBe(1);
    await locks.release(name, { token });
    await run.ended;
    expect(await entriesOf(name)).toBe(0);
    expect(run.stdout()).toBe('');
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)(
    'leaves the queue at %s while it waits, and exits with %i',
    async (signal, status) => {
      const name = newKey();
      const { token } = await locks.hold200(name, { owner: 'before' });
      const run = withLock(name, 'echo mine');
      await locks.untilQueued(name, 1);
      process.kill(run.pid, signal);
      expect(await run.ended).toBe(status);
      expect(await entriesOf(name)).toBe(1);
      await locks.release(name, { token });
      expect(await entriesOf(name)).toBe(0);
      expect(run.stdout()).toBe('');
    },
  );
});

describe.skipIf(curl === undefined)('F58: with-lock.sh', () => {
  it.each(['a/b c', 'quote" and \\backslash', 'ümlaut?#&%2e', '..'])(
    'accepts any name: %j',
    async (text) => {
      const name = text === '..' ? text : `${newKey()}/${text}`;
      const run = startInShell('exec ./with-lock.sh "$NAME" sh -c "echo mine; exec sleep 60"', {
        cwd: EXAMPLES,
        env: { PATH: testPath(), LATCHKEY_URL: gateway, NAME: name },
      });
      await untilShown(run, 'mine');
      expect((await stateOf(name)).locked).toBe(true);
      process.kill(run.pid, 'SIGTERM');
      await run.ended;
      expect((await stateOf(name)).locked).toBe(false);
    },
  );

  it('passes its standard input to the command', async () => {
    const run = startInShell(`echo to you | ./with-lock.sh ${newKey()} cat`, {
      cwd: EXAMPLES,
      env: { PATH: testPath(), LATCHKEY_URL: gateway },
    });
    expect(await run.ended).toBe(0);
    expect(run.stdout()).toBe('to you\n');
  });

  it.each([
    [{ LOCK_TTL: 'soon' }, 64, 'LOCK_TTL is "soon"'],
    [{ LOCK_WAIT: '1m' }, 64, 'LOCK_WAIT is "1m"'],
    [{ LOCK_TTL: '999999999' }, 64, 'rejects the request'],
    [{ LATCHKEY_URL: 'nonsense://x' }, 78, 'LATCHKEY_URL is "nonsense://x"'],
  ])('reports the invalid setting: %j exits with %i', async (env, status, text) => {
    const run = withLock(newKey(), 'echo mine', { LOCK_WAIT: '0', ...env });
    expect(await run.ended).toBe(status);
    expect(run.stderr()).toContain(text);
    expect(run.stdout()).toBe('');
  });

  it('exits with 78 at a server that is not a gateway', async () => {
    const server = createServer((_req, res) => res.writeHead(200).end('<html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const LATCHKEY_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const run = withLock(newKey(), 'echo mine', { LATCHKEY_URL });
    expect(await run.ended).toBe(78);
    expect(run.stderr()).toContain(`${LATCHKEY_URL} is not a Latchkey gateway`);
  });

  it('exits with 69 when the gateway does not respond', async () => {
    const LATCHKEY_URL = `http://127.0.0.1:${(await reservePorts(1))[0]}`;
    const run = withLock(newKey(), 'echo mine', { LATCHKEY_URL });
    expect(await run.ended).toBe(69);
    expect(run.stderr()).toContain(`the gateway at ${LATCHKEY_URL} does not respond`);
  });
});

describe.skipIf(curl === undefined)(
  'F58: with-lock.sh at a gateway that requires credentials',
  () => {
    let folder: string;
    let door: TokenGateway;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'latchkey-with-lock-'));
      door = await startTokenGateway(inject('etcdEndpoint'), folder);
    });
    afterAll(async () => {
      await door.stop();
      await rm(folder, { recursive: true, force: true });
    });
    const env = (authorization?: string): Record<string, string> => ({
      LATCHKEY_URL: door.baseUrl,
      ...(authorization !== undefined && { LATCHKEY_AUTHORIZATION: authorization }),
    });

    it('sends LATCHKEY_AUTHORIZATION, for renewals and the release too', async () => {
      const name = `app/${newKey()}`;
      const { authorization } = bearer('locker');
      const run = withLock(name, 'echo begun; sleep 8; echo done', {
        ...env(authorization),
        ...SHORT_TTL,
      });
      expect(await run.ended).toBe(0);
      expect(run.stdout()).toBe('begun\ndone\n');
      expect((await stateOf(name)).locked).toBe(false);
    });

    it.each([
      ['no credentials', undefined],
      ['credentials of another scope', bearer('reader').authorization],
    ])('exits with 77 with %s', async (_, authorization) => {
      const run = withLock(`app/${newKey()}`, 'echo mine', env(authorization));
      expect(await run.ended).toBe(77);
      expect(run.stderr()).toContain('LATCHKEY_AUTHORIZATION');
      expect(run.stdout()).toBe('');
    });
  },
);
