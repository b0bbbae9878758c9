// Locks on an etcd of their own: what takes seconds, or would disturb others, such as compactions and clocks that jump.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  EXPIRED,
  HELD,
  NOT_HOLDER,
  WITHIN_A_SECOND,
  codeOf,
  newToken,
  pause,
} from '../contract/locks/target.js';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import { lockClient } from '../support/lock-client.js';
import type { LockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';

/** How much later than promised a loaded machine may be. */
const SLACK = 5;

let member: Member;
let etcd: RawEtcd;
let proxy: FaultProxy;
/** The first is reached through the proxy. */
let gateways: Gateway[];
let client: LockClient;
let calm: LockClient;
beforeAll(async () => {
  member = await startMember();
  etcd = new RawEtcd(member.endpoint);
  proxy = await startFaultProxy(member.endpoint);
  const argsFor = (endpoint: string): string[] => ['--endpoints', endpoint, '--log-level=error'];
  gateways = [
    await spawnGateway({ args: argsFor(proxy.endpoint) }),
    await spawnGateway({ args: argsFor(member.endpoint) }),
  ];
  [client, calm] = gateways.map((gateway) => lockClient(gateway.baseUrl)) as [
    LockClient,
    LockClient,
  ];
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await proxy.stop();
  await member.stop();
});

describe('F27: a holder whose lease ends', () => {
  it('is followed by the next waiter within its ttl plus 1.5 s, and not before its ttl', async () => {
    const name = newKey();
    const ttl = 5;
    const first = await calm.hold200(name, { owner: 'a', ttl });
    const heldAt = performance.now();
    const waiting = client.hold200(name, { owner: 'b', wait: 60 });
    await calm.untilQueued(name, 1);
    const second = await waiting;
    const tookSeconds = (performance.now() - heldAt) / 1000;
    expect(tookSeconds).toBeGreaterThan(ttl - 1);
    expect(tookSeconds).toBeLessThan(ttl + 1.5 * SLACK);
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    expect(codeOf(await calm.renew(name, { token: first.token }))).toEqual(EXPIRED);
    expect(codeOf(await calm.release(name, { token: first.token }))).toEqual(NOT_HOLDER);
  });
});

describe('a wait that is longer than any request', () => {
  it.each(['exclusive', 'shared'])('runs out with 423 behind a holder of mode %s', async (mode) => {
    const name = newKey();
    await calm.hold200(name, { owner: 'a', mode, ttl: 60 });
    const answer = await client.acquire(name, { owner: 'b', wait: 11 });
    expect(codeOf(answer)).toEqual(HELD);
    expect(answer.json()).toMatchObject({ holder: { owner: 'a', mode }, queueLength: 0 });
  });
});

/** Forgets all that happened so far, which is more than one revision. */
async function compactAll(): Promise<void> {
  for (let i = 0; i < 5; i++) await etcd.put(newKey());
  await etcd.compact(await etcd.revision());
}

describe('F38: a compaction while a client waits', () => {
  it('makes the waiter read the queue again and acquire', async () => {
    const name = newKey();
    const first = await calm.hold200(name, { owner: 'a' });
    const waiting = client.hold200(name, { owner: 'b', wait: 25 });
    await calm.untilQueued(name, 1);
    const [, entry] = await etcd.entries(name);
    // Until it watches, and not only stands in the queue.
    await pause(500);
    const heal = proxy.cutWatches();
    await calm.release(name, { token: first.token });
    await compactAll();
    heal();
    const healedAt = performance.now();
    expect((await waiting).fencingToken).toBe(entry!.createRevision);
    // Woken by the compaction, not by the end of the wait.
    expect(performance.now() - healedAt).toBeLessThan(15_000);
  });

  it('makes a hold report that its entry was lost', async () => {
    const name = newKey();
    const stream = await client.hold(name, { owner: 'a' });
    await stream.until('acquired');
    const heal = proxy.cutWatches();
    await calm.releaseBy(name, '?force=true');
    await compactAll();
    heal();
    expect((await stream.until('lost')).data.reason).toBe('ended');
  });

  it('does not affect a waiter that continues to wait: it acquires in its turn', async () => {
    const name = newKey();
    const first = await calm.hold200(name, { owner: 'a' });
    const waiting = client.hold200(name, { owner: 'b', wait: 25 });
    await calm.untilQueued(name, 1);
    proxy.cutWatches()();
    await compactAll();
    await pause(300);
    await calm.release(name, { token: first.token });
    expect((await waiting).owner).toBe('b');
  });
});

/** Answers a stream's events so far, by name. */
const namesOf = ({ events }: { events: readonly { event: string }[] }): string[] =>
  events.map((each) => each.event);

describe('F35: a gateway that is paused', () => {
  it('keeps its locks if the pause is shorter than the ttl', async () => {
    const name = newKey();
    const stream = await client.hold(name, { owner: 'a', ttl: 5 });
    const { data } = await stream.until('acquired');
    // It renews every 1.25 s.
    await gateways[0]!.kill('SIGSTOP');
    await pause(1_900);
    await gateways[0]!.kill('SIGCONT');
    await pause(6_000);
    expect((await calm.inspect(name)).json().holders[0].fencingToken).toBe(data.fencingToken);
    expect(namesOf(stream)).toEqual(['acquired']);
    stream.close();
  });

  it('reports lost entries to its holds and waiters if the pause is longer', async () => {
    const [held, waited] = [newKey(), newKey()];
    const stream = await client.hold(held, { owner: 'a', ttl: 5 });
    await stream.until('acquired');
    const first = await calm.hold200(waited, { owner: 'x' });
    const waiting = client.acquire(waited, { owner: 'a', ttl: 5, wait: 60 });
    await calm.untilQueued(waited, 1);
    await gateways[0]!.kill('SIGSTOP');
    const left = async (): Promise<number> =>
      (await etcd.entries(held)).length + (await etcd.entries(waited)).length;
    await expect.poll(left, { timeout: 30_000, interval: 100 }).toBe(1);
    // Somebody else holds what it held; what its waiter waited for is free.
    const next = await calm.hold200(held, { owner: 'b' });
    await calm.release(waited, { token: first.token });
    await gateways[0]!.kill('SIGCONT');
    expect((await stream.until('lost')).data.reason).toMatch(/^(ended|expired)$/);
    expect(codeOf(await waiting)).toEqual(EXPIRED);
    expect((await calm.inspect(held)).json().holders[0].fencingToken).toBe(next.fencingToken);
    expect((await calm.inspect(waited)).json().locked).toBe(false);
  });
});

// Each SIGUSR2 sets this process's wall clock: an hour fast, an hour slow, right.
const JUMPING_CLOCK = `
  const RealDate = Date;
  const jumps = [3600e3, -3600e3, 0];
  let offset = 0;
  process.on('SIGUSR2', () => { offset = jumps.shift() ?? 0; });
  globalThis.Date = class extends RealDate {
    constructor(...args) { if (args.length === 0) super(RealDate.now() + offset); else super(...args); }
    static now() { return RealDate.now() + offset; }
  };
`;

describe('F36: a wall clock that jumps an hour, and back by two', () => {
  it('changes the times in responses, and nothing else', async () => {
    const gateway = await spawnGateway({
      args: ['--endpoints', member.endpoint, '--log-level=error'],
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(JUMPING_CLOCK)}` },
    });
    const jumping = lockClient(gateway.baseUrl);
    const [held, kept, waited] = [newKey(), newKey(), newKey()];
    const stream = await jumping.hold(held, { owner: 'a', ttl: 5 });
    await stream.until('acquired');
    const { token } = await jumping.hold200(kept, { owner: 'a', ttl: 10 });
    await calm.hold200(waited, { owner: 'x', ttl: 60 });
    const waitSeconds = 12;
    const waiting = jumping.acquire(waited, { owner: 'a', ttl: 5, wait: waitSeconds });
    await calm.untilQueued(waited, 1);
    for (const hours of [1, -1, 0]) {
      process.kill(gateway.pid, 'SIGUSR2');
      await pause(3_000);
      const renewed = await jumping.renew(kept, { token });
      const aheadMs = Date.parse(renewed.json().expiresAt) - Date.now();
      expect(aheadMs).toBeGreaterThan(hours * 3_600_000);
      expect(aheadMs).toBeLessThanOrEqual(hours * 3_600_000 + 10_000);
      expect((await calm.inspect(waited)).json().queueLength).toBe(1);
    }
    const answer = await waiting;
    expect(codeOf(answer)).toEqual(HELD);
    expect(answer.json().waited).toBeGreaterThanOrEqual(waitSeconds);
    expect(answer.json().waited).toBeLessThan(waitSeconds + SLACK);
    expect(namesOf(stream)).toEqual(['acquired']);
    expect((await calm.inspect(held)).json().locked).toBe(true);
    stream.close();
    await gateway.stop();
  });
});

describe('F50: a gateway that drains', () => {
  it('leaves held locks to their leases, refuses its waiters, and exits with 0', async () => {
    const gateway = await spawnGateway({
      args: ['--endpoints', member.endpoint, '--log-level=error'],
    });
    const draining = lockClient(gateway.baseUrl);
    const [held, waited] = [newKey(), newKey()];
    const body = { owner: 'a', token: newToken(), ttl: 30 };
    const holding = await draining.hold(held, body);
    const { data: before } = await holding.until('acquired');
    const put = await draining.hold200(newKey(), { owner: 'a' });
    await calm.hold200(waited, { owner: 'x' });
    const queued = await draining.hold(waited, { owner: 'a' });
    await queued.until('waiting');
    const chosen = draining.acquire(waited, { owner: 'b', wait: 60, token: newToken() });
    const made = draining.acquire(waited, { owner: 'c', wait: 60 });
    await calm.untilQueued(waited, 3);
    const follower = await draining.events(waited);
    await follower.next();
    const stopped = gateway.kill('SIGTERM');
    expect((await holding.until('draining')).data).toEqual({});
    expect((await queued.until('draining')).data).toMatchObject({ code: 'shutting-down' });
    for (const answer of [await chosen, await made]) {
      expect(codeOf(answer)).toEqual([503, 'shutting-down']);
      expect(answer.json().outcome).toBe('not-applied');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    await follower.ended;
    await stopped;
    expect(await gateway.ended).toBe(0);
    await expect.poll(() => etcd.entries(waited), WITHIN_A_SECOND).toHaveLength(1);
    // Elsewhere the same token goes on with the same holding.
    const again = await calm.hold(held, body);
    expect((await again.until('acquired')).data.fencingToken).toBe(before.fencingToken);
    expect((await calm.renew(put.name, { token: put.token })).status).toBe(200);
    again.close();
  });
});
