// `--auth=etcd` and an etcd without authentication: at the start, and when it is disabled while the gateway runs.
import { expect, inject, it, onTestFinished } from 'vitest';
import { PASSWORDS, basic, startGuardedEtcd } from '../support/guarded-etcd.js';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { deadEndpoint } from '../support/raw-router-server.js';

const etcd = inject('etcdEndpoint');
const WARNING = 'authentication of etcd is not enabled';

async function start(
  endpoints: string,
  until: 'ready' | 'live' | 'nothing',
  ...flags: string[]
): Promise<Gateway> {
  const args = ['--auth=etcd', `--endpoints=${endpoints}`, ...flags];
  const gateway = await spawnGateway({ args, until });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const countOf = (text: string, part: string): number => text.split(part).length - 1;

it('S41: refuses to start if etcd responds without authentication, and names the next step', async () => {
  for (const endpoints of [etcd, `${await deadEndpoint()},${etcd}`]) {
    const gateway = await start(endpoints, 'nothing');
    expect(await gateway.ended).toBe(1);
    const output = gateway.output();
    expect(output).toContain('run etcdctl auth enable, or the gateway with another --auth');
    expect(output).not.toMatch(/\n\s+at /);
    expect(output).not.toContain('Latchkey serves on');
  }
});

it('S41: starts if no endpoint responds', async () => {
  const gateway = await start(await deadEndpoint(), 'live');
  expect((await send(gateway.baseUrl, 'GET', '/readyz')).json().detail).toContain('0 of 1 members');
});

for (const flags of [[], [`--user=root:${PASSWORDS.root}`]]) {
  it(`S41: reports disabled authentication, with the flags ${JSON.stringify(flags)}`, async () => {
    const guarded = await startGuardedEtcd();
    onTestFinished(() => guarded.stop());
    const gateway = await start(guarded.endpoint, 'ready', ...flags);
    const ready = (): Promise<Answer> => send(gateway.baseUrl, 'GET', '/readyz');
    const statusOfReady = async (): Promise<number> => (await ready()).status;
    expect(gateway.output()).not.toContain(WARNING);

    await guarded.ask('auth/disable', {});
    for (let sent = 0; sent < 5; sent += 1) {
      const headers = basic('bob', `password ${sent}`);
      const answer = await send(gateway.baseUrl, 'GET', '/v1/kv/other/none', { headers });
      expect([answer.status, answer.json()]).toMatchObject([
        502,
        { code: 'etcd-refused', hint: expect.stringContaining('etcdctl auth enable') },
      ]);
    }
    const answer = await ready();
    expect([answer.status, answer.json()]).toMatchObject([
      503,
      {
        detail: expect.stringContaining("etcd's authentication is not enabled"),
        hint: expect.stringContaining('etcdctl auth enable'),
      },
    ]);
    expect(countOf(gateway.output(), WARNING)).toBe(1);

    await send(guarded.endpoint, 'POST', '/v3/auth/enable', { body: '{}' });
    await expect.poll(statusOfReady, { timeout: 15_000 }).toBe(200);
    await guarded.ask('auth/disable', {});
    await expect.poll(statusOfReady, { timeout: 15_000 }).toBe(503);
    expect(countOf(gateway.output(), WARNING)).toBe(2);
  });
}
