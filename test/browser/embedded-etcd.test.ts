// A page of another origin against an embedded etcd: it tries every TCP port that etcd and the gateway in front of it listen at.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findChromium, launchChromium } from '../support/chromium.js';
import { startEmbedded } from '../support/embedded.js';
import { temporaryFolder } from '../support/fake-etcd.js';
import { send } from '../support/http-client.js';
import { listeningPorts } from '../support/listening.js';
import { withReservedPorts } from '../support/ports.js';
import { spawnGateway } from '../support/processes.js';

const executablePath = findChromium();
const canRun = executablePath !== undefined && process.platform === 'linux';
const WRITE = JSON.stringify({ key: Buffer.from('planted').toString('base64'), value: 'eA==' });

/** What the page runs: a request that needs no permission of the other side. Resolves when each has an end. */
const ATTACK = (ports: readonly number[]): string => `Promise.all(${JSON.stringify(ports)}.map(
  (port) => fetch('http://127.0.0.1:' + port + '/v3/kv/put', {
    method: 'POST', mode: 'no-cors', body: ${JSON.stringify(WRITE)},
  }).then(() => 'sent', () => 'refused')))`;

let pages: http.Server;

/** Opens a page of an origin of its own and lets it write to the ports. */
async function attack(ports: readonly number[]): Promise<unknown> {
  const browser = await launchChromium(executablePath!);
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
  return page.evaluate(ATTACK(ports));
}

async function countPlanted(endpoint: string): Promise<string | undefined> {
  const range = { ...(JSON.parse(WRITE) as { key: string }), value: undefined };
  const answer = await send(endpoint, 'POST', '/v3/kv/range', { body: JSON.stringify(range) });
  return (answer.json() as { count?: string }).count;
}

describe.skipIf(!canRun)('S25: a page of another origin', () => {
  beforeAll(async () => {
    pages = http.createServer((_req, res) => res.setHeader('content-type', 'text/html').end('x'));
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => void pages.close());

  it('writes nothing to an embedded etcd, whatever port it tries', async () => {
    const etcd = await startEmbedded(await temporaryFolder());
    const gateway = await spawnGateway({
      args: [`--endpoints=${etcd.endpoint}`, '--log-level=warn'],
    });
    onTestFinished(() => gateway.stop());
    const pids = [etcd.pid, etcd.supervisorPid, gateway.pid];
    const ports = (await Promise.all(pids.map(listeningPorts))).flat();
    expect(ports).toEqual([Number(new URL(gateway.baseUrl).port)]);
    await attack(ports);
    expect(await countPlanted(etcd.endpoint)).toBeUndefined();
  });

  // The reason why this port has to be asked for, and why its help names the risk.
  it('writes to an embedded etcd that was given a TCP port', async () => {
    const dataDir = await temporaryFolder();
    await withReservedPorts(1, async ([port]) => {
      const etcd = await startEmbedded(dataDir, {
        clientAddress: { host: '127.0.0.1', port: port! },
      });
      await attack([port!]);
      expect(await countPlanted(etcd.endpoint)).toBe('1');
    });
  });
});
