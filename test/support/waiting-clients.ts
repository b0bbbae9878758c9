// More clients wait for one lock than the gateway allows.
import { setMaxListeners } from 'node:events';
import http from 'node:http';
import { expect } from 'vitest';
import { BYTES_TYPE, JSON_TYPE, send } from './http-client.js';
import { lockClient } from './lock-client.js';
import { newKey } from './new-key.js';

const CONNECTIONS_MAX = 1_000;

/**
 * Sends `requests` requests at once to a gateway that allows `waiting` waiters. Expects that this many wait, that excess requests get 429,
 * that reads and writes are served meanwhile, and that no waiter is left after all disconnect. Returns the number of reads and writes.
 */
export async function expectWaitersLimited(
  baseUrl: string,
  { requests, waiting }: { requests: number; waiting: number },
): Promise<number> {
  const name = newKey('lock');
  const locks = lockClient(baseUrl);
  await locks.hold200(name, { owner: 'h', ttl: 600 });
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });
  const disconnect = new AbortController();
  setMaxListeners(0, disconnect.signal);
  const statuses: number[] = [];
  const sent = Array.from({ length: requests }, async () => {
    statuses.push(await waitForLock(baseUrl, name, agent, disconnect.signal));
  });
  let served = 0;
  while (statuses.length < requests - waiting) {
    const path = `/v1/kv/${newKey()}`;
    const put = await send(baseUrl, 'PUT', path, { headers: BYTES_TYPE, body: 'v' });
    const get = await send(baseUrl, 'GET', path);
    expect([put.status, get.status]).toEqual([200, 200]);
    served++;
  }
  expect(new Set(statuses)).toEqual(new Set([429]));
  await locks.untilQueued(name, waiting);
  expect(statuses).toHaveLength(requests - waiting);
  disconnect.abort();
  await Promise.all(sent);
  agent.destroy();
  await locks.untilQueued(name, 0);
  expect(served).toBeGreaterThan(0);
  return served;
}

/** Returns the status of the response; 0 without one. */
function waitForLock(
  baseUrl: string,
  name: string,
  agent: http.Agent,
  signal: AbortSignal,
): Promise<number> {
  const { hostname, port } = new URL(baseUrl);
  const path = `/v1/locks/${encodeURIComponent(name)}`;
  const body = JSON.stringify({ owner: 'w', ttl: 60, wait: 600 });
  const headers = { ...JSON_TYPE, 'content-length': body.length };
  return new Promise((resolve) => {
    const request = http.request(
      { agent, hostname, port, path, method: 'PUT', headers, signal },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      },
    );
    request.once('error', () => resolve(0));
    request.end(body);
  });
}
