// Endpoints that DNS names: a gateway before the real etcd, and a name server that the test holds in its hands.
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { serveDns } from '../support/dns-server.js';
import type { DnsServer } from '../support/dns-server.js';
import { send } from '../support/http-client.js';
import { reservePorts } from '../support/ports.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { eventually } from '../support/raw-router-server.js';
import { CA, SERVER } from '../support/certificates.js';
import { temporaryFolder } from '../support/fake-etcd.js';
import { serveTcpProxy } from '../support/tcp-proxy.js';
import { serveTlsProxy } from '../support/tls-proxy.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const etcd = inject('etcdEndpoint');
const OPEN = '_etcd-client._tcp.cluster.test';
const SECURE = '_etcd-client-ssl._tcp.cluster.test';

const target = (endpoint: string): { name: string; port: number } => ({
  name: 'localhost',
  port: Number(new URL(endpoint).port),
});

interface Start {
  readonly args?: readonly string[];
  readonly until?: 'ready' | 'live';
  /** Seconds. */
  readonly interval?: number;
}

async function start(
  dns: DnsServer,
  { args = [], until = 'ready', interval = 1 }: Start = {},
): Promise<Gateway> {
  const gateway = await spawnGateway({
    args: [
      '--discovery-srv=cluster.test',
      `--dns-servers=${dns.address}`,
      `--discovery-interval=${interval}`,
      ...args,
    ],
    until,
  });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const statusOf = async ({ baseUrl }: Gateway): Promise<number> =>
  (await send(baseUrl, 'GET', '/readyz')).status;

describe('discovery', () => {
  it('F43: serves from the endpoints in DNS, keeps them when DNS fails, and follows changes', async () => {
    const dns = await serveDns();
    const first = await serveTcpProxy(etcd);
    dns.answer(OPEN, [target(first.endpoint)]);
    const gateway = await start(dns);
    // The name no longer exists, then DNS does not respond, then the list is empty: the last valid list stays.
    for (const answer of [undefined, 'silence', []] as const) {
      dns.answer(OPEN, answer);
      const { length } = dns.asked;
      await eventually(() => dns.asked.length > length + 1);
      expect(await statusOf(gateway)).toBe(200);
    }
    dns.answer(OPEN, [target(etcd)]);
    await eventually(() => gateway.output().includes('endpoint removed'));
    first.cut();
    expect(await statusOf(gateway)).toBe(200);
  });

  it('uses the name suffix, and the bare name if the service names do not exist', async () => {
    const dns = await serveDns();
    dns.answer('_etcd-client-blue._tcp.cluster.test', [target(etcd)]);
    await start(dns, { args: ['--discovery-srv-name=blue'] });
    dns.answer('cluster.test', [target(etcd)]);
    await start(dns);
    expect(dns.asked).toContain('SRV cluster.test');
  });

  it('resolves the name again at once when all endpoints are down', async () => {
    const dns = await serveDns();
    const first = await serveTcpProxy(etcd);
    dns.answer(OPEN, [target(first.endpoint)]);
    const gateway = await start(dns, { interval: 3600 });
    dns.answer(OPEN, [target(etcd)]);
    first.cut();
    await eventually(async () => (await statusOf(gateway)) === 200, 20_000);
    expect(gateway.output()).toContain('endpoint added');
  });

  it('F43: uses only TLS endpoints with certificates, and never sends requests to itself', async () => {
    const dns = await serveDns();
    const secure = await serveTlsProxy(etcd, SERVER);
    const folder = await temporaryFolder();
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, CA);
    dns.answer(OPEN, [target(etcd)]);
    const gateway = await start(dns, { args: [`--cacert=${caFile}`], until: 'live' });
    expect(await statusOf(gateway)).toBe(503);
    dns.answer(SECURE, [target(secure.endpoint)]);
    await eventually(async () => (await statusOf(gateway)) === 200, 20_000);

    const alone = await serveDns();
    const lonely = await start(alone, { until: 'live' });
    alone.answer(OPEN, [target(lonely.baseUrl)]);
    await eventually(() => lonely.output().includes('this gateway itself'), 20_000);
    expect([await statusOf(lonely), alone.asked.length > 0]).toEqual([503, true]);
  });

  it('F43: never treats itself as a member when it lists members', async () => {
    const [port = 0] = await reservePorts(1);
    const lonely = await spawnGateway({
      args: [`--listen=127.0.0.1:${port}`, '--auth=etcd', `--endpoints=127.0.0.1:${port}`],
      until: 'live',
    });
    onTestFinished(() => lonely.stop());
    await eventually(() => lonely.output().includes('this gateway itself'), 20_000);
  });

  it('F47: a name that is never resolved does not delay requests to the other endpoints', async () => {
    const dns = await serveDns();
    dns.answer('silent.test', 'silence');
    const gateway = await spawnGateway({
      args: [`--dns-servers=${dns.address}`, `--endpoints=silent.test:2379,${etcd}`],
    });
    onTestFinished(() => gateway.stop());
    const startedAt = performance.now();
    for (let i = 0; i < 20; i++) {
      expect((await send(gateway.baseUrl, 'GET', '/v1/kv?countOnly=true&prefix=none')).status).toBe(
        200,
      );
    }
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(dns.asked).toContain('A silent.test');
  });
});
