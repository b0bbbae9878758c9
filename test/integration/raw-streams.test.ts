import { randomUUID } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { eventually, post, serveRawRouter, serveTcp } from '../support/raw-router-server.js';
import type { RawRouterServer } from '../support/raw-router-server.js';
import { sendRaw, chunk, openConnection, request } from '../support/raw-socket.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const newKey = (): string => base64(`raw/${randomUUID()}`);

const serve = (options = {}): Promise<RawRouterServer> =>
  serveRawRouter([inject('etcdEndpoint')], options);

/** Sends a request to etcd itself, without the gateway. */
async function etcd(path: string, body: object): Promise<Record<string, unknown>> {
  const { status, text } = await post(`${inject('etcdEndpoint')}/v3/${path}`, JSON.stringify(body));
  expect(status, text).toBe(200);
  return JSON.parse(text) as Record<string, unknown>;
}

async function grantLease(): Promise<string> {
  return String((await etcd('lease/grant', { TTL: 60 })).ID);
}

/** Returns the number of entries in the queue of a lock or election. */
async function queueLength(name: string): Promise<number> {
  const range = { key: base64(`${name}/`), range_end: base64(`${name}0`), count_only: true };
  return Number((await etcd('kv/range', range)).count ?? 0);
}

function open(port: number, path: string): ReturnType<typeof openConnection> {
  const connection = openConnection(port);
  connection.socket.write(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  return connection;
}

describe('watch', () => {
  it('shows each event at once', async () => {
    const { port } = await serve();
    const key = newKey();
    const watch = openConnection(port);
    const body = JSON.stringify({ create_request: { key } });
    watch.socket.write(
      `POST /v3/watch HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await watch.until('"created":true');
    for (const value of ['one', 'two', 'three']) {
      await etcd('kv/put', { key, value: base64(value) });
      await watch.until(base64(value));
    }
    watch.socket.destroy();
  });

  it('reads a second create from the open body, and a progress request', async () => {
    const { port } = await serve();
    const [first, second] = [newKey(), newKey()];
    const watch = open(port, '/v3/watch');
    watch.socket.write(chunk(JSON.stringify({ create_request: { key: first, watch_id: 7 } })));
    await watch.until('"watch_id":"7"');
    watch.socket.write(chunk(JSON.stringify({ create_request: { key: second, watch_id: 8 } })));
    await watch.until('"watch_id":"8"');
    await etcd('kv/put', { key: second, value: base64('seen') });
    await watch.until(base64('seen'));
    const before = (await watch.until('created')).split('"header"').length;
    watch.socket.write(chunk('{"progress_request":{}}'));
    await eventually(async () => (await watch.until('')).split('"header"').length > before);
    watch.socket.destroy();
  });

  it.each(['/v3beta', '/v3alpha'])('streams through %s too', async (prefix) => {
    const { port } = await serve();
    const watch = open(port, `${prefix}/watch`);
    watch.socket.write(chunk(JSON.stringify({ create_request: { key: newKey() } })));
    await watch.until('"created":true');
    watch.socket.destroy();
  });

  it('outlives the limits of other calls while nothing happens', async () => {
    const limits = { requestTimeoutSeconds: 0.2, bodyLimitBytes: 300 };
    const { port } = await serve({ limits });
    const watch = open(port, '/v3/watch');
    for (const id of [1, 2, 3, 4]) {
      const create = { create_request: { key: newKey(), watch_id: id } };
      watch.socket.write(chunk(JSON.stringify(create)));
      await watch.until(`"watch_id":"${id}"`);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(await watch.until('')).not.toContain('"error"');
    watch.socket.destroy();
  });

  it('ends upstream when its client leaves', async () => {
    let isOpen = false;
    const endpoint = await serveTcp((socket) => {
      isOpen = true;
      socket.on('close', () => (isOpen = false));
      socket.write(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n',
      );
      socket.write(chunk('{"result":{"created":true}}\n'));
    });
    const { port } = await serveRawRouter([endpoint]);
    const watch = open(port, '/v3/watch');
    await watch.until('created');
    expect(isOpen).toBe(true);
    watch.socket.destroy();
    await eventually(() => !isOpen);
  });

  it('stops reading from etcd while its client does not read', async () => {
    let written = 0;
    const line = `{"result":"${'x'.repeat(65_536)}"}\n`;
    const endpoint = await serveTcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const pump = (): void => {
        while (socket.writable && socket.write(chunk(line))) written += line.length;
        written += line.length;
      };
      socket.on('drain', pump);
      pump();
    });
    const { port } = await serveRawRouter([endpoint]);
    const watch = open(port, '/v3/watch');
    await watch.until('200 OK');
    watch.socket.pause();
    let before = -1;
    // Whatever the system's buffers hold, they fill up.
    await eventually(async () => {
      const isStill = before === written;
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return isStill;
    });
    expect(written).toBeLessThan(64 * 1024 * 1024);
    watch.socket.destroy();
  });
});

describe('lease keepalive', () => {
  it('renews for every object on the open body', async () => {
    const { port } = await serve();
    const lease = await grantLease();
    const keepalive = open(port, '/v3/lease/keepalive');
    for (const count of [1, 2, 3]) {
      keepalive.socket.write(chunk(JSON.stringify({ ID: lease })));
      await eventually(async () => (await keepalive.until('')).split('"TTL":"60"').length > count);
    }
    keepalive.socket.write('0\r\n\r\n');
    await keepalive.until('\r\n0\r\n\r\n');
    keepalive.socket.destroy();
  });

  it('renews once for a plain POST', async () => {
    const { url } = await serve();
    const { text } = await post(`${url}/v3/lease/keepalive`, `{"ID":"${await grantLease()}"}`);
    expect(JSON.parse(text)).toMatchObject({ result: { TTL: '60' } });
  });
});

describe('snapshot', () => {
  it('streams the database', async () => {
    const { url } = await serve();
    const { status, text } = await post(`${url}/v3/maintenance/snapshot`);
    expect(status).toBe(200);
    const lines = text.trim().split('\n');
    const first = JSON.parse(lines[0]!) as { result: { blob: string } };
    expect(Buffer.from(first.result.blob, 'base64').length).toBeGreaterThan(1_000);
  });
});

describe('a waiting call', () => {
  const waiters = [
    { path: 'lock/lock', extra: {} },
    { path: 'election/campaign', extra: { value: base64('x') } },
  ];

  async function contend(door: RawRouterServer, path: string, extra: object) {
    const name = `raw-queue/${randomUUID()}`;
    const enter = async (): Promise<string> =>
      JSON.stringify({ name: base64(name), lease: await grantLease(), ...extra });
    await etcd(path, JSON.parse(await enter()) as object);
    const waiter = openConnection(door.port);
    const body = await enter();
    waiter.socket.write(
      `POST /v3/${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await eventually(async () => (await queueLength(name)) === 2);
    return { name, waiter };
  }

  it.each(waiters)('leaves no key when the client of $path leaves', async ({ path, extra }) => {
    const { name, waiter } = await contend(await serve(), path, extra);
    waiter.socket.destroy();
    await eventually(async () => (await queueLength(name)) === 1);
  });

  it.each(waiters)('is not ended by the limit in time: $path', async ({ path, extra }) => {
    const door = await serve({ limits: { requestTimeoutSeconds: 0.3 } });
    const { name, waiter } = await contend(door, path, extra);
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(await waiter.until('')).toBe('');
    const first = { key: base64(`${name}/`), range_end: base64(`${name}0`), sort_target: 'CREATE' };
    const { kvs } = (await etcd('kv/range', first)) as { kvs: { key: string }[] };
    await etcd('lock/unlock', { key: kvs[0]!.key });
    expect(await waiter.until('\r\n\r\n')).toContain('200 OK');
    waiter.socket.destroy();
  });

  it("ends at the caller's own Grpc-Timeout and leaves no key", async () => {
    const { port } = await serve();
    const name = `raw-queue/${randomUUID()}`;
    const body = async (): Promise<string> =>
      JSON.stringify({ name: base64(name), lease: await grantLease() });
    await etcd('lock/lock', JSON.parse(await body()) as object);
    const waiter = request('POST /v3/lock/lock', ['Grpc-Timeout: 300m'], await body());
    const { status } = await sendRaw(port, waiter);
    expect([500, 504]).toContain(status);
    await eventually(async () => (await queueLength(name)) === 1);
  });

  it('is notified when the gateway drains, and leaves no key', async () => {
    const drain = new AbortController();
    const { name, waiter } = await contend(
      await serve({ draining: drain.signal }),
      'lock/lock',
      {},
    );
    drain.abort();
    const answer = await waiter.until('}');
    expect(answer).toContain('503');
    expect(answer).toContain('"code":14');
    expect(answer.toLowerCase()).toContain('retry-after: 1');
    await eventually(async () => (await queueLength(name)) === 1);
    waiter.socket.destroy();
  });
});

describe('a drain', () => {
  it('ends a stream with a line that states the reason, and not as if it were complete', async () => {
    const drain = new AbortController();
    const { port } = await serve({ draining: drain.signal });
    const watch = open(port, '/v3/watch');
    watch.socket.write(chunk(JSON.stringify({ create_request: { key: newKey() } })));
    await watch.until('"created":true');
    drain.abort();
    const all = await watch.ended;
    expect(all).toContain('{"error":{"code":14,');
    expect(all).toContain('shutting down');
    expect(all).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  it('accepts no new streams, but short calls', async () => {
    const { url } = await serve({ draining: AbortSignal.abort() });
    const watch = await post(`${url}/v3/watch`, '{"create_request":{"key":"YQ=="}}');
    expect(watch.status).toBe(503);
    expect(watch.headers.get('retry-after')).toBe('1');
    expect((await post(`${url}/v3/maintenance/status`)).status).toBe(200);
  });
});
