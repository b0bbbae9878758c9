// examples/with-lock.sh: a command of a shell under a lock.
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import { onPath } from '../../src/embedded/command.js';
import { testPath } from '../support/etcd-versions.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { startInShell } from '../support/shell.js';
import type { ShellRun } from '../support/shell.js';

const gateway = inject('gatewayUrl');
const locks = lockClient(gateway);
const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
const HELD_LIMIT_MS = 15_000;
/** Renewed every 1.25 s. */
const SHORT_TTL = { LOCK_TTL: '5' };

const curl = await onPath('curl', testPath());
if (curl === undefined) console.error('not tested: with-lock.sh, for there is no curl on the PATH');

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

  it('says how it is called', async () => {
    const run = startInShell('exec ./with-lock.sh deploy', {
      cwd: EXAMPLES,
      env: { PATH: testPath(), LATCHKEY_URL: gateway },
    });
    expect(await run.ended).toBe(64);
    expect(run.stderr()).toContain('usage: with-lock.sh NAME COMMAND');
  });

  it('waits for its turn, and says for whom it waits', async () => {
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

  it('ends with 75 and does not run the command when the lock is not to be had, and says who has it', async () => {
    const name = newKey();
    await locks.hold200(name, { owner: 'somebody' });
    const run = withLock(name, 'echo mine', { LOCK_WAIT: '0' });
    expect(await run.ended).toBe(75);
    expect(run.stdout()).toBe('');
    expect(run.stderr()).toContain('is held by somebody');
    expect(await stateOf(name)).toMatchObject({ queueLength: 0 });
  });

  it('keeps the lock for longer than its ttl', async () => {
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

  it('gives the lock back only when the command has ended, after a signal too', async () => {
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
