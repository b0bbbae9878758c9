// A flood of wrong passwords from many addresses, and the read of a client that etcd accepted before.
import http from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import { basic, startGuardedEtcd } from '../support/guarded-etcd.js';
import type { UserName } from '../support/guarded-etcd.js';

/** Together they send more passwords than the gateway has connections for plain requests. */
const ADDRESSES = Array.from({ length: 17 }, (_, index) => `127.0.0.${index + 2}`);
/** Credentials of one address that the gateway checks at the same time. */
const PER_ADDRESS = 16;
/** The connections for checks of passwords. */
const CHECKS_MAX = 64;
/** The gateway gives up a check after 2 s. On a busy machine the read can take longer than that. */
const BUSY = { retry: 2 };

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

it(
  'S29: wrong passwords delay no read of another client, however many addresses send them',
  BUSY,
  async () => {
    const etcd = await startGuardedEtcd();
    onTestFinished(() => etcd.stop());
    const between = await spawnInterceptedGateway(etcd.endpoint, ['--auth=etcd']);
    const { baseUrl } = between;
    expect(await statusFrom(baseUrl, '127.0.0.1', basic('ann'))).toBe(404);

    let heldChecks = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    between.intercept(async ({ path }, forward) => {
      if (path !== '/v3/auth/authenticate') return forward();
      heldChecks += 1;
      await released;
      return undefined;
    });
    let answeredFloods = 0;
    const floods = ADDRESSES.flatMap((address, at) =>
      Array.from({ length: PER_ADDRESS }, async (_, index) => {
        const user = `user${at * PER_ADDRESS + index}` as UserName;
        const status = await statusFrom(baseUrl, address, basic(user, 'wrong'));
        answeredFloods += 1;
        return status;
      }),
    );
    await expect.poll(() => heldChecks, { timeout: 5_000 }).toBeGreaterThanOrEqual(CHECKS_MAX);
    expect(await statusFrom(baseUrl, '127.0.0.1', basic('ann'))).toBe(404);
    expect(answeredFloods).toBe(0);
    release();
    expect([...new Set(await Promise.all(floods))]).toEqual([503]);
  },
);
