import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { checkHealth } from '../../../src/commands/healthcheck.js';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function serve(listener: RequestListener): Promise<number> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return (started.address() as AddressInfo).port;
}

describe('checkHealth', () => {
  it('reports a gateway as ready if /readyz is 200', async () => {
    const paths: (string | undefined)[] = [];
    const port = await serve((req, res) => {
      paths.push(req.url);
      res.end('ok');
    });
    const health = await checkHealth({ listen: { host: '127.0.0.1', port } });
    expect(health).toEqual({ isReady: true, text: `http://127.0.0.1:${port}/readyz: status 200` });
    expect(paths).toEqual(['/readyz']);
  });

  it('reaches a gateway that listens on all addresses', async () => {
    const port = await serve((_req, res) => res.end());
    expect((await checkHealth({ listen: { host: '0.0.0.0', port } })).isReady).toBe(true);
  });

  it('reports a gateway as not ready if /readyz is 503', async () => {
    const port = await serve((_req, res) => res.writeHead(503).end());
    const health = await checkHealth({ listen: { host: '127.0.0.1', port } });
    expect(health).toEqual({ isReady: false, text: `http://127.0.0.1:${port}/readyz: status 503` });
  });

  it('reports a gateway as not ready without a response in time', async () => {
    const port = await serve(() => undefined);
    const health = await checkHealth({ listen: { host: '127.0.0.1', port }, timeoutMs: 50 });
    expect(health).toEqual({
      isReady: false,
      text: `http://127.0.0.1:${port}/readyz: no response within 0.05 s`,
    });
  });

  it('says so when nothing listens', async () => {
    const port = await serve(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    const health = await checkHealth({ listen: { host: '127.0.0.1', port } });
    expect(health.isReady).toBe(false);
    expect(health.text).toContain('ECONNREFUSED');
  });

  it('refuses port 0, which names no gateway', async () => {
    expect((await checkHealth({ listen: { host: '127.0.0.1', port: 0 } })).isReady).toBe(false);
  });
});
