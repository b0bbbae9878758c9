// `npm run cluster` as a user sees it: three members and the gateway, each named; a killed leader is survived; all of it ends together.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemGuards } from '../../src/embedded/guards.js';
import { findTestEtcd, testPath } from '../support/etcd-versions.js';
import { temporaryFolder } from '../support/fake-etcd.js';
import { reservePorts } from '../support/ports.js';
import { spawnNode, untilGone } from '../support/processes.js';
import type { RunningProcess } from '../support/processes.js';

const clusterFile = fileURLToPath(new URL('../../dist/commands/cluster.js', import.meta.url));
const TEST_LIMIT_MS = 60_000;
const START_LIMIT_MS = 40_000;
const RECOVERY_LIMIT_MS = 20_000;
const POLL_MS = 50;
const hasGuards = (await systemGuards(testPath())) !== undefined;

interface Spot {
  readonly clients: readonly number[];
  readonly peers: readonly number[];
  readonly listen: number;
}

async function newSpot(): Promise<Spot> {
  const ports = await reservePorts(7);
  return { clients: ports.slice(0, 3), peers: ports.slice(3, 6), listen: ports[6]! };
}

async function spawnCluster(spot: Spot, dataDir: string): Promise<RunningProcess> {
  const { file } = await findTestEtcd();
  const cluster = spawnNode([
    clusterFile,
    `--client-ports=${spot.clients.join(',')}`,
    `--peer-ports=${spot.peers.join(',')}`,
    `--listen=127.0.0.1:${spot.listen}`,
    `--data-dir=${dataDir}`,
    `--cache-dir=${join(dataDir, 'cache')}`,
    `--etcd-bin=${file}`,
  ]);
  onTestFinished(() => cluster.kill('SIGKILL'));
  return cluster;
}

/** The process of each part, by its name, once all of them run. */
async function untilStarted(cluster: RunningProcess): Promise<Map<string, number>> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (!cluster.output().includes('Ctrl-C')) {
    if (Date.now() > deadline) throw new Error(`the cluster did not start:\n${cluster.output()}`);
    const ended = await Promise.race([cluster.ended, pause(POLL_MS)]);
    if (ended !== undefined) throw new Error(`the cluster ended:\n${cluster.output()}`);
  }
  const lines = cluster.output().matchAll(/^(\w+) .*http:.* process (\d+)$/gm);
  return new Map([...lines].map(([, name, pid]) => [name!, Number(pid)]));
}

async function lock(spot: Spot, resource: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${spot.listen}/`, {
    method: 'PUT',
    body: JSON.stringify({ resource, user_id: 'user1' }),
  });
  return response.json();
}

async function leaderOf(spot: Spot): Promise<string> {
  for (const [index, port] of spot.clients.entries()) {
    const url = `http://127.0.0.1:${port}/v3/maintenance/status`;
    const answer = await fetch(url, { method: 'POST', body: '{}' });
    const status = (await answer.json()) as { leader: string; header: { member_id: string } };
    if (status.leader === status.header.member_id) return `m${index + 1}`;
  }
  throw new Error('no member leads');
}

describe('npm run cluster', { timeout: TEST_LIMIT_MS }, () => {
  it('names every process, survives its leader, and ends all on SIGTERM', async () => {
    const spot = await newSpot();
    const cluster = await spawnCluster(spot, await temporaryFolder());
    const processes = await untilStarted(cluster);
    expect([...processes.keys()]).toEqual(['m1', 'm2', 'm3', 'gateway']);
    for (const [index, port] of spot.clients.entries()) {
      expect(cluster.output()).toContain(
        `clients http://127.0.0.1:${port}  peers http://127.0.0.1:${spot.peers[index]!}  process`,
      );
    }
    expect(await lock(spot, '/a')).toEqual({ succeeded: true });
    const leader = await leaderOf(spot);
    process.kill(processes.get(leader)!, 'SIGKILL');
    await expect
      .poll(() => lock(spot, `/b${Math.random()}`), { timeout: RECOVERY_LIMIT_MS, interval: 500 })
      .toEqual({ succeeded: true });
    expect(cluster.output()).toContain(`${leader} exited: etcd ended with SIGKILL`);
    await cluster.kill('SIGTERM');
    expect(await cluster.ended).toBe(0);
    for (const pid of processes.values()) await untilGone(pid);
  });

  it('starts nothing when one member cannot start', async () => {
    const spot = await newSpot();
    const server = createServer();
    onTestFinished(() => void server.close());
    await once(server.listen(spot.clients[1], '127.0.0.1'), 'listening');
    const cluster = await spawnCluster(spot, await temporaryFolder());
    expect(await cluster.ended).toBe(1);
    expect(cluster.output()).toBe(
      `cannot listen on 127.0.0.1:${spot.clients[1]}: another program listens there (EADDRINUSE); set another address with --client-ports\n`,
    );
    for (const port of [spot.clients[0]!, spot.clients[2]!, spot.listen]) {
      await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    }
  });

  it('ends the members when the gateway cannot start, with its last words', async () => {
    const spot = await newSpot();
    const server = createServer();
    onTestFinished(() => void server.close());
    await once(server.listen(spot.listen, '127.0.0.1'), 'listening');
    const cluster = await spawnCluster(spot, await temporaryFolder());
    expect(await cluster.ended).toBe(1);
    expect(cluster.output()).toBe(
      `cannot listen on 127.0.0.1:${spot.listen}: another program listens there (EADDRINUSE); set another address with --listen\n`,
    );
    for (const port of spot.clients) {
      await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
    }
  });

  const title = hasGuards ? '' : ' (skipped: this system has no parent-death signal)';
  it.skipIf(!hasGuards)(`leaves nothing behind when it is killed itself${title}`, async () => {
    const cluster = await spawnCluster(await newSpot(), await temporaryFolder());
    const processes = await untilStarted(cluster);
    await cluster.kill('SIGKILL');
    for (const pid of processes.values()) await untilGone(pid);
  });
});
