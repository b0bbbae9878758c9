// Clients that disconnect before the gateway has authenticated them.
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { basic, startGuardedEtcd } from '../support/guarded-etcd.js';
import { send } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';

const QUIET_LIMIT = { timeout: 20_000, interval: 100 };

async function requestsInProgress(baseUrl: string): Promise<number> {
  const { text } = await send(baseUrl, 'GET', '/metrics', { headers: basic('ann') });
  return Number(/^latchkey_http_requests_in_progress (\d+)$/m.exec(text)?.[1]);
}

it('L13: clients that disconnect while etcd checks their password leave no request in progress', async () => {
  const guarded = await startGuardedEtcd();
  onTestFinished(() => guarded.stop());
  const careful = await spawnGateway({
    args: ['--auth=etcd', `--endpoints=${guarded.endpoint}`],
  });
  onTestFinished(() => careful.stop());
  const { authorization } = basic('ann');
  for (let i = 0; i < 100; i++) {
    const socket = connect(Number(new URL(careful.baseUrl).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `GET /v1/kv/app/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n\r\n`,
    );
    void pause(10).then(() => socket.destroy());
  }
  await pause(100);
  const read = await send(careful.baseUrl, 'GET', '/v1/kv/app/a', { headers: basic('ann') });
  expect(read.status).toBe(404);
  await expect.poll(() => requestsInProgress(careful.baseUrl), QUIET_LIMIT).toBe(0);
});
