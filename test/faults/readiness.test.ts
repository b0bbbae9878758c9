// Readiness and the view of the cluster while members of three are paused or killed.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startThreeMembers } from '../support/etcd.js';
import type { Cluster, Member } from '../support/etcd.js';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { expectDocumentedResponse } from '../support/openapi-response.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';

/** Limit of one check of the gateway, and how much longer it may take on a loaded machine. */
const CHECK_MS = 2_000;
const SLACK = 5;
const PROBES = 20;
const POLL = { timeout: 60_000, interval: 200 };

let cluster: Cluster;
let gateway: Gateway;
beforeAll(async () => {
  cluster = await startThreeMembers();
  gateway = await spawnGateway({
    args: ['--endpoints', cluster.endpoints.join(','), '--log-level=error'],
  });
});
afterAll(async () => {
  await gateway.stop();
  await cluster.stop();
});

const get = (path: string): Promise<Answer> => send(gateway.baseUrl, 'GET', path);

function expectNoEndpointIn({ text }: Answer): void {
  for (const endpoint of cluster.endpoints) expect(text).not.toContain(new URL(endpoint).port);
}

/** Pauses these members until the end of the test. */
async function pauseMembers(members: readonly Member[]): Promise<void> {
  onTestFinished(async () => {
    for (const member of members) await member.kill('SIGCONT');
    await expect.poll(async () => (await get('/readyz')).status, POLL).toBe(200);
  });
  for (const member of members) await member.kill('SIGSTOP');
}

async function untilReadyDetail(detail: string): Promise<Answer> {
  await expect.poll(async () => (await get('/readyz')).json().detail, POLL).toBe(detail);
  return get('/readyz');
}

describe('F53: readiness without a quorum', () => {
  it('counts the reachable members when two of three are paused', async () => {
    await pauseMembers(cluster.members.slice(1));
    const detail = '1 of 3 members reachable: no quorum';
    const ready = await untilReadyDetail(detail);
    expect(ready.status).toBe(503);
    expectNoEndpointIn(ready);
    const health = await get('/health');
    expect([health.status, health.json()]).toEqual([503, { health: 'false', reason: detail }]);
  });

  it('is 503 within its limit when all members are paused', async () => {
    await pauseMembers(cluster.members);
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: PROBES }, () => get('/readyz')));
    expect(performance.now() - startedAt).toBeLessThan(CHECK_MS * SLACK);
    for (const answer of answers) {
      expect([answer.status, answer.json().code]).toEqual([503, 'etcd-unavailable']);
      expect(answer.json().detail).toBe('0 of 3 members reachable: no quorum');
      expectNoEndpointIn(answer);
    }
    expect((await get('/health')).status).toBe(503);
    const view = await get('/v1/cluster');
    expect(view.status).toBe(503);
    expectNoEndpointIn(view);
  });
});

describe('S41: /v1/cluster without a quorum', () => {
  it('shows which members are reachable while two of three are paused', async () => {
    await pauseMembers(cluster.members.slice(1));
    await untilReadyDetail('1 of 3 members reachable: no quorum');
    const answer = await get('/v1/cluster');
    expect(answer.status).toBe(200);
    expectDocumentedResponse('getCluster', answer);
    const { quorum, leader, alarms, members, unreachable } = answer.json();
    expect({ quorum, leader, alarms }).toEqual({ quorum: false, leader: null, alarms: null });
    expect(members).toHaveLength(3);
    const reachable = members.filter((member: { reachable: boolean }) => member.reachable);
    expect(reachable.map((member: { name: string }) => member.name)).toEqual(['m1']);
    expect(unreachable.map(({ endpoint }: { endpoint: string }) => endpoint).sort()).toEqual(
      cluster.endpoints.slice(1).toSorted(),
    );
  });
});

// The last test: the members do not return.
describe('F53: readiness of killed members', () => {
  it('is 503 with the number of the members that are left', async () => {
    await cluster.members[0]!.kill('SIGKILL');
    await cluster.members[1]!.kill('SIGKILL');
    const detail = '1 of 3 members reachable: no quorum';
    expect((await untilReadyDetail(detail)).status).toBe(503);
    await cluster.members[2]!.kill('SIGKILL');
    const all = await untilReadyDetail('0 of 3 members reachable: no quorum');
    expect([all.status, all.json().code]).toEqual([503, 'etcd-unavailable']);
  });
});
