// The warning of a start without a healthy endpoint: each endpoint with its cause and the next step, in the log alone.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, it, onTestFinished } from 'vitest';
import { CA, ELSEWHERE, EXPIRED, SERVER } from '../support/certificates.js';
import { temporaryFolder } from '../support/fake-etcd.js';
import { send } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';
import { deadEndpoint, serveTcp } from '../support/raw-router-server.js';
import { serveTlsProxy } from '../support/tls-proxy.js';

const etcd = inject('etcdEndpoint');
/** The gateway waits 1 s for each endpoint at its start. A busy machine can exceed that. */
const BUSY = { retry: 2 };
const WARNING = 'etcd cannot be reached yet';

interface Run {
  readonly baseUrl: string;
  readonly warned: readonly string[];
}

async function start(endpoints: readonly string[], ...flags: string[]): Promise<Run> {
  const args = [`--endpoints=${endpoints.join(',')}`, ...flags];
  const gateway = await spawnGateway({ args, until: 'live' });
  onTestFinished(() => gateway.stop());
  // This line follows the warning.
  await expect.poll(() => gateway.output(), { timeout: 10_000 }).toContain('Latchkey serves on');
  const line = gateway
    .output()
    .split('\n')
    .find((text) => text.includes(WARNING));
  return { baseUrl: gateway.baseUrl, warned: JSON.parse(line ?? '{}').endpoints };
}

it(
  'S41: names each endpoint, the cause and the next step, and hides them from clients',
  BUSY,
  async () => {
    const secure = await serveTlsProxy(etcd, SERVER);
    const { port } = new URL(secure.endpoint);
    const [refused, silent] = [await deadEndpoint(), await serveTcp(() => undefined)];
    const socket = join(await temporaryFolder(), 'none.sock');
    const causes = {
      [etcd.replace('http:', 'https:')]:
        'the TLS handshake failed; if the endpoint does not use TLS, write http://',
      [`http://127.0.0.1:${port}`]:
        'no HTTP response before the connection closed; if etcd requires TLS, write https://',
      [secure.endpoint]:
        'no trusted authority signed the certificate; name the authority with --cacert',
      [refused]: 'connection refused; check that etcd runs and listens there',
      [silent]: 'no response in time; check the address, DNS and firewalls',
      [`unix://${socket}`]: 'the socket does not exist; check the path and that etcd runs',
    };
    const { baseUrl, warned } = await start(Object.keys(causes));
    expect(warned).toEqual(Object.entries(causes).map(([url, cause]) => `${url}: ${cause}`));
    for (const path of ['/readyz', '/health', '/v1/kv/k', '/version']) {
      const { text } = await send(baseUrl, 'GET', path);
      for (const url of Object.keys(causes)) {
        expect(text).not.toContain(url.replace(/^.*:/, ''));
      }
    }
  },
);

it('S41: names the fault of a certificate', BUSY, async () => {
  const ca = join(await temporaryFolder(), 'ca');
  await writeFile(ca, CA);
  const closed = { ...SERVER, ca: CA, requestCert: true, rejectUnauthorized: true };
  const expected = new Map<string, string>();
  for (const [options, cause] of [
    [EXPIRED, 'the certificate has expired; renew it'],
    [ELSEWHERE, 'the certificate is for another name; use a name from it'],
    [closed, 'the endpoint requires a client certificate; set --cert and --key'],
  ] as const) {
    expected.set((await serveTlsProxy(etcd, options)).endpoint, cause);
  }
  const { warned } = await start([...expected.keys()], `--cacert=${ca}`);
  expect(warned).toEqual([...expected].map(([url, cause]) => `${url}: ${cause}`));
});

it('S41: logs no warning if one endpoint is healthy', BUSY, async () => {
  expect((await start([await deadEndpoint(), etcd])).warned).toBeUndefined();
});
