// A server that accepts connections and never says a word. Not a unit test: the interception of requests there stands in the way.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DOWNLOAD_LIMITS, fetchRelease } from '../../src/embedded/release.js';
import { testPath } from '../support/etcd-versions.js';
import { packRelease, temporaryFolder } from '../support/fake-etcd.js';

it('fetching a release gives up at the connect limit when the server never shakes hands', async () => {
  const { release } = await packRelease('3.6.99');
  const server = createServer((socket) => socket.on('error', () => undefined));
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const fetched = await fetchRelease({
    baseUrl: `https://127.0.0.1:${port}`,
    release,
    limits: { ...DOWNLOAD_LIMITS, connectMs: 200 },
    folder: join(await temporaryFolder(), 'work'),
    path: testPath(),
  });
  expect(fetched).toEqual({ kind: 'failed', reason: 'no connection within 0.2 s' });
});

it('the connect limit of a release is five seconds', () => {
  expect(DOWNLOAD_LIMITS.connectMs).toBe(5_000);
});
