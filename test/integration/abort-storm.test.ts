// Clients that disconnect, all at once and at any time: their requests to etcd end, and nothing is left in the gateway.
import http from 'node:http';
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startMember } from '../support/etcd.js';
import { BYTES_TYPE, JSON_TYPE, send } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';

const ROUNDS = 5;
const CALLERS = 100;
const HANG_UP_MS_MAX = 150;
const QUIET_LIMIT = { timeout: 30_000, interval: 100 };
/** The watch that exists without clients: the gateway watches the v2 directories with a ttl. */
const NOTHING = {
  http_requests_in_progress: 0,
  lock_waiters: 0,
  lock_holds: 0,
  streams: 0,
  watchers: 0,
  etcd_watches: 1,
  clean_ups: 0,
};

async function left({ baseUrl }: Gateway): Promise<Record<string, number>> {
  const { text } = await send(baseUrl, 'GET', '/metrics');
  const valueOf = (name: string): number =>
    Number(new RegExp(`^latchkey_${name} (\\d+)$`, 'm').exec(text)?.[1]);
  return Object.fromEntries(Object.keys(NOTHING).map((name) => [name, valueOf(name)]));
}

/** Sends a request over a new connection and disconnects after a short time. */
async function askAndLeave(
  baseUrl: string,
  [method, path, body]: readonly [string, string, string?],
): Promise<void> {
  const { hostname, port } = new URL(baseUrl);
  const headers = path.startsWith('/v1/kv') ? BYTES_TYPE : JSON_TYPE;
  const request = http.request({ agent: false, hostname, port, method, path, headers });
  request.on('response', (response) => response.resume().on('error', () => undefined));
  request.on('error', () => undefined);
  request.end(body);
  await pause(randomInt(HANG_UP_MS_MAX));
  request.destroy();
}

it('L9: many clients that disconnect leave no call at etcd, no waiter, no stream, and no uncaught error', async () => {
  const member = await startMember();
  onTestFinished(() => member.stop());
  const gateway = await spawnGateway({
    args: ['--endpoints', member.endpoint, '--caller-rate=100000', '--log-level=warn'],
  });
  onTestFinished(() => gateway.stop());
  const locks = lockClient(gateway.baseUrl);
  const lock = newKey('lock');
  const { token } = await locks.hold200(lock, { owner: 'h', ttl: 600 });
  const wait = JSON.stringify({ owner: 'w', ttl: 60, wait: 60 });
  const raw = JSON.stringify({ create_request: { key: btoa('a'), range_end: btoa('b') } });
  const rawLock = JSON.stringify({ name: btoa(`locks/${lock}`) });
  const asked = [
    ['PUT', `/v1/kv/${newKey()}`, 'x'],
    ['GET', '/v1/kv?prefix='],
    ['PUT', `/v1/locks/${lock}`, wait],
    ['POST', `/v1/locks/${lock}/hold`, wait],
    ['GET', `/v1/locks/${lock}/events`],
    ['GET', '/v1/watch?prefix=a'],
    ['GET', '/v1/watch?prefix=a&wait=60'],
    ['PUT', '/v1/elections/storm', '{"candidate":"c","ttl":60,"wait":60}'],
    ['GET', '/v2/keys/storm?wait=true'],
    ['POST', '/v3/watch', raw],
    ['POST', '/v3/lock/lock', rawLock],
  ] as const;
  for (let round = 0; round < ROUNDS; round++) {
    const callers = Array.from({ length: CALLERS }, (_, i) =>
      askAndLeave(gateway.baseUrl, asked[i % asked.length]!),
    );
    await Promise.all(callers);
  }
  await expect.poll(() => left(gateway), QUIET_LIMIT).toEqual(NOTHING);
  // etcd manages the entries of locks of the raw API, which have no value. If a client disconnects while it enters, one stays for a minute.
  const etcd = new RawEtcd(member.endpoint);
  const ours = async (): Promise<unknown[]> =>
    (await etcd.entries(lock)).filter(({ value }) => value !== '');
  await expect.poll(ours, QUIET_LIMIT).toHaveLength(1);
  expect((await locks.renew(lock, { token })).status).toBe(200);
  expect(gateway.output()).not.toMatch(/unhandled|uncaught|"level":(50|60)/i);
});
