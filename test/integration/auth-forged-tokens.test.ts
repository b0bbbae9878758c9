// A flood of forged etcd tokens: its effect on other clients, and the limit of failed attempts that counts them.
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { basic, startGuardedEtcd } from '../support/guarded-etcd.js';
import type { GuardedEtcd } from '../support/guarded-etcd.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';

/** Together they send more tokens than the gateway has connections for plain requests. */
const ADDRESSES = Array.from({ length: 17 }, (_, index) => `127.0.0.${index + 2}`);
/** Credentials of one address that the gateway checks at the same time. */
const PER_ADDRESS = 16;
/** Failed attempts that one address has at first, plus some that it regains while the test runs. */
const ATTEMPTS_MAX = 100;

let etcd: GuardedEtcd;
beforeAll(async () => {
  etcd = await startGuardedEtcd();
});
afterAll(() => etcd.stop());

async function start(): Promise<Gateway> {
  const gateway = await spawnGateway({ args: ['--auth=etcd', `--endpoints=${etcd.endpoint}`] });
  onTestFinished(() => gateway.stop());
  return gateway;
}

/** etcd waits for the log index that the token names. */
function forged(index: number): { authorization: string } {
  const name = String.fromCharCode(...[index % 26, Math.floor(index / 26)].map((n) => 97 + n));
  return { authorization: `${name.padEnd(16, 'z')}.9999999` };
}

function statusFrom(
  baseUrl: string,
  localAddress: string,
  headers: Record<string, string>,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const url = `${baseUrl}/v1/kv/app/none`;
    const request = http.get(url, { localAddress, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', reject);
  });
}

describe('S29: forged etcd tokens', () => {
  it('S29: delay no read of another client, however many addresses send them', async () => {
    const { baseUrl } = await start();
    const events: string[] = [];
    await statusFrom(baseUrl, '127.0.0.1', basic('ann'));
    const floods = ADDRESSES.flatMap((address, at) =>
      Array.from({ length: PER_ADDRESS }, (_, index) =>
        statusFrom(baseUrl, address, forged(at * PER_ADDRESS + index)).then((status) => {
          events.push('forged');
          return status;
        }),
      ),
    );
    // Sent after the whole flood, because connections are accepted in order.
    const read = statusFrom(baseUrl, '127.0.0.1', basic('ann')).then((status) => {
      events.push('read');
      return status;
    });
    expect(await read).toBe(404);
    expect(events[0]).toBe('read');
    expect([...new Set(await Promise.all(floods))]).toEqual([503]);
  });

  it('S29: count as failed attempts: their address gets 429, a client verified there before does not', async () => {
    const { baseUrl } = await start();
    expect(await statusFrom(baseUrl, '127.0.0.1', basic('ann'))).toBe(404);
    const statuses: (number | undefined)[] = [];
    for (let sent = 0; sent < ATTEMPTS_MAX && !statuses.includes(429); sent += PER_ADDRESS) {
      const round = Array.from({ length: PER_ADDRESS }, (_, index) =>
        statusFrom(baseUrl, '127.0.0.1', forged(sent + index)),
      );
      statuses.push(...(await Promise.all(round)));
    }
    expect(statuses[0]).toBe(503);
    expect(statuses).toContain(429);
    expect(await statusFrom(baseUrl, '127.0.0.1', basic('ann'))).toBe(404);
    expect(await statusFrom(baseUrl, '127.0.0.2', basic('bob'))).toBe(403);
  });

  it('S29: count as failed attempts even if the client disconnects before the check ends', async () => {
    const { baseUrl } = await start();
    const statuses: (number | undefined)[] = [];
    for (let sent = 0; sent < ATTEMPTS_MAX && !statuses.includes(429); sent += 1) {
      const headers = { ...basic('ann', `wrong ${sent}`), 'request-timeout': '0.001' };
      statuses.push(await statusFrom(baseUrl, '127.0.0.1', headers));
    }
    expect(statuses).toContain(504);
    expect(statuses).toContain(429);
    await expect
      .poll(() => statusFrom(baseUrl, '127.0.0.1', basic('bob', 'wrong')), { timeout: 5_000 })
      .toBe(429);
  });
});
