// Locks over three members and two gateways, when a member or a gateway dies.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, pause } from '../contract/locks/target.js';
import { startThreeMembers } from '../support/etcd.js';
import type { Cluster } from '../support/etcd.js';
import type { Answer } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import type { LockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';

const WAITERS = 50;
const TTL_SECONDS = 5;
/** Abandoned entries are gone within ttl + 3 s; as much again for a loaded machine. */
const EMPTY_LIMIT_MS = (TTL_SECONDS + 3) * 2_000;

let cluster: Cluster;
let gateways: Gateway[];
let clients: LockClient[];
const spawn = (): Promise<Gateway> =>
  spawnGateway({ args: ['--endpoints', cluster.endpoints.join(','), '--log-level=error'] });
beforeAll(async () => {
  cluster = await startThreeMembers();
  gateways = [await spawn(), await spawn()];
  clients = gateways.map((gateway) => lockClient(gateway.baseUrl));
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await cluster.stop();
});

describe('F32: a gateway that is killed with 50 waiters and a holder', () => {
  it('leaves no entry longer than its ttl, and no waiter behind them waits longer', async () => {
    const etcd = new RawEtcd(cluster.endpoints[0]!);
    const [client] = clients as [LockClient];
    const doomed = await spawn();
    const dying = lockClient(doomed.baseUrl);
    const [name, held] = [newKey(), newKey()];
    const first = await client.hold200(name, { owner: 'a', ttl: 60 });
    await dying.hold200(held, { owner: 'a', ttl: TTL_SECONDS });
    const lost = Array.from({ length: WAITERS }, (_, i) =>
      dying.acquire(name, { owner: `w${i}`, ttl: TTL_SECONDS, wait: 100 }).then(
        (answer) => answer.status,
        () => 'cut',
      ),
    );
    await client.untilQueued(name, WAITERS);
    const behind = client.hold200(name, { owner: 'behind', wait: 25 });
    await client.untilQueued(name, WAITERS + 1);
    await doomed.kill('SIGKILL');
    expect(new Set(await Promise.all(lost))).toEqual(new Set(['cut']));
    const left = async (): Promise<number[]> => [
      (await etcd.entries(name)).length,
      (await etcd.entries(held)).length,
    ];
    await expect.poll(left, { timeout: EMPTY_LIMIT_MS, interval: 100 }).toEqual([2, 0]);
    await client.release(name, { token: first.token });
    const { fencingToken } = await behind;
    expect((await client.inspect(name)).json()).toMatchObject({
      holders: [{ owner: 'behind', fencingToken }],
      queueLength: 0,
    });
  });
});

describe('F34: a leader that is killed', () => {
  it('keeps every lock with a ttl of 10 that is renewed in time, and every position in the queue', async () => {
    const [client, other] = clients as [LockClient, LockClient];
    const name = newKey();
    const ttl = 10;
    const held = await client.hold200(name, { owner: 'a', ttl });
    const stream = await other.hold(newKey(), { owner: 'a', ttl });
    await stream.until('acquired');
    const waiting = other.hold200(name, { owner: 'b', ttl, wait: 60 });
    await client.untilQueued(name, 1);
    const leader = await cluster.leader();
    const answers: Answer[] = [];
    for (let i = 0; i < 8; i++) {
      if (i === 1) await leader.kill('SIGKILL');
      answers.push(await client.renew(name, { token: held.token }));
      await pause((ttl / 4) * 1000);
    }
    const refused = answers.filter((answer) => answer.status !== 200);
    for (const answer of refused) {
      expect([502, 503, 504]).toContain(answer.status);
      expect(['unknown', 'not-applied']).toContain(answer.json().outcome);
    }
    expect(answers.at(-1)!.json().fencingToken).toBe(held.fencingToken);
    expect(stream.events.map((each) => each.event)).toEqual(['acquired']);
    expect((await client.release(name, { token: held.token })).status).toBe(200);
    expect((await waiting).owner).toBe('b');
    stream.close();
    await leader.restart();
  });

  it('returns an acquisition, a refusal or an unknown outcome, never a wrong success', async () => {
    const [client, other] = clients as [LockClient, LockClient];
    const leader = await cluster.leader();
    const names = Array.from({ length: 30 }, () => newKey());
    const acquired = names.map(async (name, i) => {
      await pause(i * 40);
      return (i % 2 === 0 ? client : other).acquire(name, { owner: 'a', ttl: 60, wait: i % 3 });
    });
    await pause(400);
    await leader.kill('SIGKILL');
    for (const [i, answer] of (await Promise.all(acquired)).entries()) {
      const { holders } = (await client.inspect(names[i]!)).json();
      if (answer.status === 200)
        expect(holders).toMatchObject([{ fencingToken: answer.json().fencingToken }]);
      else {
        expect([503, 504]).toContain(codeOf(answer)[0]);
        if (answer.json().outcome === 'not-applied') expect(holders).toEqual([]);
      }
    }
    await leader.restart();
  });
});
