// Many who ask to wait for one lock at a gateway that lets fewer of them wait.
import { setMaxListeners } from 'node:events';
import http from 'node:http';
import { expect } from 'vitest';
import { BYTES_TYPE, JSON_TYPE, send } from './http-client.js';
import { lockClient } from './lock-client.js';
import { newKey } from './new-key.js';

const CONNECTIONS_MAX = 1_000;

/**
 * Asks `asking` times at once, where the gateway takes `waiting`. Expects that so many are in line, that all others are refused with 429,
 * that reads and writes are served meanwhile, and that nobody is left in line when all hang up. Gives how many of these pairs were served.
 */
export async function expectWaitersLimited(
  baseUrl: string,
  { asking, waiting }: { asking: number; waiting: number },
): Promise<number> {
  const name = newKey('lock');
  const locks = lockClient(baseUrl);
  await locks.hold200(name, { owner: 'h', ttl: 600 });
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });
  const hangUp = new AbortController();
  setMaxListeners(0, hangUp.signal);
  const answers: number[] = [];
  const asked = Array.from({ length: asking }, async () => {
    answers.push(await askToWait(baseUrl, name, agent, hangUp.signal));
  });
  let served = 0;
  while (answers.length < asking - waiting) {
    const path = `/v1/kv/${newKey()}`;
    const put = await send(baseUrl, 'PUT', path, { headers: BYTES_TYPE, body: 'v' });
    const get = await send(baseUrl, 'GET', path);
    expect([put.status, get.status]).toEqual([200, 200]);
    served++;
  }
  expect(new Set(answers)).toEqual(new Set([429]));
  await locks.untilQueued(name, waiting);
  expect(answers).toHaveLength(asking - waiting);
  hangUp.abort();
  await Promise.all(asked);
  agent.destroy();
  await locks.untilQueued(name, 0);
  expect(served).toBeGreaterThan(0);
  return served;
}

/** The status of the answer; 0 when there was none. */
function askToWait(
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
