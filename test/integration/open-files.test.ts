// A gateway whose process may open few files: clients cannot take the connections that its own calls to etcd need.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { openEvents } from '../support/event-stream.js';
import { JSON_TYPE, send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { openConnection } from '../support/raw-socket.js';

const OPEN_FILES = 300;
const HALF_OPEN = 400;
const TTL_SECONDS = 5;
/** Longer than the ttl: without renewals the hold would be lost. */
const CROWDED_MS = 9_000;

const etcd = inject('etcdEndpoint');

async function start(openFiles: number, ...args: string[]): Promise<Gateway> {
  const gateway = await spawnGateway({ openFiles, args: ['--endpoints', etcd, ...args] });
  onTestFinished(() => gateway.stop());
  return gateway;
}

/** Requests that never end their headers, or never send their body. */
function sendHalfRequests(gateway: Gateway, head: string): void {
  for (let i = 0; i < HALF_OPEN; i++) {
    const { socket } = openConnection(Number(new URL(gateway.baseUrl).port));
    onTestFinished(() => void socket.destroy());
    socket.write(head);
  }
}

describe('L12: a gateway with few open files', () => {
  it.each([
    ['half of their headers', 'GET /v1/kv/a HTTP/1.1\r\nHost: localhost\r\n'],
    [
      'no body for a raw call',
      'POST /v3/kv/range HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n',
    ],
  ])('keeps a hold and its endpoint while too many clients send %s', async (_, head) => {
    const gateway = await start(OPEN_FILES);
    const name = newKey();
    const hold = await openEvents(gateway.baseUrl, 'POST', `/v1/locks/${name}/hold`, {
      headers: JSON_TYPE,
      body: JSON.stringify({ owner: 'me', ttl: TTL_SECONDS }),
    });
    onTestFinished(() => hold.close());
    await hold.until('acquired');
    sendHalfRequests(gateway, head);
    await pause(CROWDED_MS);
    const other = await send(inject('gatewayUrl'), 'GET', `/v1/locks/${name}`);
    expect(other.json().holders ?? other.json().holder).toBeTruthy();
    expect(gateway.output()).not.toMatch(/endpoint ejected|EMFILE/);
    expect(hold.events.map(({ event }) => event)).not.toContain('lost');
  });

  it('states at the start how many connections it allows', async () => {
    const gateway = await start(OPEN_FILES);
    expect(gateway.output()).toMatch(/"openFiles":300,"connections":\d+,"wanted":50000/);
    expect((await start(OPEN_FILES, '--connections=20')).output()).not.toContain('"wanted"');
  });

  it('does not start when the limit is too small to serve', async () => {
    const gateway = await spawnGateway({
      openFiles: 150,
      args: ['--endpoints', etcd],
      until: 'nothing',
    });
    onTestFinished(() => gateway.stop());
    expect(await gateway.ended).toBe(1);
    expect(gateway.output()).toMatch(/^latchkey: cannot serve: the limit of open files is 150/m);
  });
});
