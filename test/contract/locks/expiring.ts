// Behavior over several seconds: ttls that expire or are renewed, long holds. These tests run concurrently.
import { it } from 'vitest';
import type { LockClient } from '../../support/lock-client.js';
import { newKey } from '../../support/new-key.js';
import { EXPIRED, clientsOf, codeOf, newToken, pause } from './target.js';
import type { Target } from './target.js';

/** Returns when a lease of `ttl` seconds without renewal has expired, also on a loaded machine. */
const goneLimitMs = (ttl: number): number => ttl * 1_000 + 15_000;

export function expiring(target: Target): void {
  ttls(target);
  leases(target);
  holds(target);
  holdsOnceMore(target);
  confirmedHolds(target);
}

const holdersOf = async (client: LockClient, name: string): Promise<any[]> =>
  (await client.inspect(name)).json().holders;

function ttls(target: Target): void {
  it('starts an acquisition after a wait with the full ttl', async ({ expect }) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const waiting = other.hold200(name, { owner: 'b', ttl: 5, wait: 20 });
    await client.untilQueued(name, 1);
    await pause(3_000);
    const releasedAt = Date.now();
    await client.release(name, { token });
    const held = await waiting;
    expect(Date.parse(held.expiresAt)).toBeGreaterThan(releasedAt + 4_900);
    expect(held.renewEvery).toBe(1.25);
  });

  it('restarts the ttl with a keepalive, at any replica', async ({ expect }) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { token, fencingToken } = await client.hold200(name, { owner: 'a', ttl: 20 });
    const [entry] = await target().etcd.entries(name);
    await pause(4_000);
    const before = await target().etcd.secondsLeft(entry!.lease!);
    const sentAt = Date.now();
    const answer = await other.renew(name, { token, fencingToken });
    expect(answer.json()).toMatchObject({ ttl: 20, fencingToken });
    const expiresAt = Date.parse(answer.json().expiresAt);
    // The wall clock is read after the monotonic one.
    expect(expiresAt).toBeGreaterThan(sentAt + 20_000 - 100);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 20_000);
    expect(await target().etcd.secondsLeft(entry!.lease!)).toBeGreaterThan(before!);
  });

  it('keeps a lock with keepalives; without them it expires, and keepalives get 410', async ({
    expect,
  }) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { token, fencingToken } = await client.hold200(name, { owner: 'a', ttl: 3 });
    for (let i = 0; i < 10; i++) {
      await pause(500);
      expect((await other.renew(name, { token })).json().fencingToken).toBe(fencingToken);
    }
    await expect
      .poll(() => holdersOf(client, name), { timeout: goneLimitMs(3), interval: 100 })
      .toEqual([]);
    expect(codeOf(await other.renew(name, { token }))).toEqual(EXPIRED);
    const next = await client.hold200(name, { owner: 'b' });
    expect(next.fencingToken).toBeGreaterThan(fencingToken);
    expect(codeOf(await other.renew(name, { token }))).toEqual(EXPIRED);
  });

  it('keeps the position of a waiter beyond its ttl', async ({ expect }) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const waiting = other.hold200(name, { owner: 'b', ttl: 5, wait: 20 });
    await client.untilQueued(name, 1);
    const [, entry] = await target().etcd.entries(name);
    await pause(7_500);
    await client.release(name, { token });
    expect((await waiting).fencingToken).toBe(entry!.createRevision);
  });
}

function leases(target: Target): void {
  it("renews the client's lease with the keepalive of the lock, and expires with that lease", async ({
    expect,
  }) => {
    const [client] = clientsOf(target);
    const { etcd } = target();
    const name = newKey();
    const lease = await etcd.grant(60);
    const { token } = await client.hold200(name, { owner: 'a', lease });
    await pause(4_000);
    const before = await etcd.secondsLeft(lease);
    expect((await client.renew(name, { token })).json().ttl).toBe(60);
    expect(await etcd.secondsLeft(lease)).toBeGreaterThan(before!);
    await etcd.revoke(lease);
    expect(await holdersOf(client, name)).toEqual([]);
    expect(codeOf(await client.renew(name, { token }))).toEqual(EXPIRED);
  });
}

function holds(target: Target): void {
  it('renews a hold while it is connected', async ({ expect }) => {
    const [client] = clientsOf(target);
    const name = newKey();
    const stream = await client.hold(name, { owner: 'a', ttl: 5 });
    const { data } = await stream.until('acquired');
    await pause(8_000);
    expect((await holdersOf(client, name))[0].fencingToken).toBe(data.fencingToken);
    expect(stream.events).toHaveLength(1);
    stream.close();
  });
}

function holdsOnceMore(target: Target): void {
  it('keeps a hold for the newer connection of the same token when the older one closes', async ({
    expect,
  }) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const body = { owner: 'a', token: newToken() };
    const old = await client.hold(name, body);
    const { data: first } = await old.until('acquired');
    const young = await other.hold(name, body);
    const { data: second } = await young.until('acquired');
    expect(second.fencingToken).toBe(first.fencingToken);
    old.close();
    await pause(2_000);
    expect(await holdersOf(client, name)).toMatchObject([{ owner: 'a' }]);
    expect(young.events.map((each) => each.event)).toEqual(['acquired']);
    await other.release(name, { token: body.token });
    await young.until('lost');
  });

  it('releases a re-joined hold within its ttl', async ({ expect }) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const body = { owner: 'a', token: newToken(), ttl: 5 };
    const streams = [await client.hold(name, body), await other.hold(name, body)];
    for (const stream of streams) await stream.until('acquired');
    for (const stream of streams) stream.close();
    await expect
      .poll(() => target().etcd.entries(name), { timeout: goneLimitMs(5), interval: 100 })
      .toEqual([]);
  });

  it('keeps a waiter for the newer connection of the same token when the older one closes', async ({
    expect,
  }) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const first = await client.hold200(name, { owner: 'a' });
    const body = { owner: 'b', token: newToken(), wait: 20 };
    const hangUp = new AbortController();
    const old = client.acquire(name, body, { signal: hangUp.signal });
    await client.untilQueued(name, 1);
    const [, before] = await target().etcd.entries(name);
    const joined = other.hold200(name, body);
    const marked = async (): Promise<boolean> =>
      (await target().etcd.entries(name))[1]!.modRevision > before!.modRevision;
    await expect.poll(marked, { timeout: 5_000 }).toBe(true);
    hangUp.abort();
    await expect(old).rejects.toThrow();
    await pause(2_000);
    await client.release(name, { token: first.token });
    expect((await joined).fencingToken).toBe(before!.createRevision);
  });
}

function confirmedHolds(target: Target): void {
  it('loses and releases a hold that is not confirmed in time', async ({ expect }) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const stream = await client.hold(name, { owner: 'a', ttl: 30, confirmEvery: 1 });
    await stream.until('acquired');
    const waiting = other.hold200(name, { owner: 'b', wait: 20 });
    expect(await stream.next()).toEqual({ event: 'lost', data: { reason: 'unconfirmed' } });
    await stream.ended;
    expect((await waiting).owner).toBe('b');
  });

  it('keeps a hold while it is confirmed, at any replica', async ({ expect }) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const stream = await client.hold(name, { owner: 'a', ttl: 30, confirmEvery: 3 });
    const { token, fencingToken } = (await stream.until('acquired')).data;
    for (let i = 0; i < 12; i++) {
      await pause(500);
      expect((await other.renew(name, { token })).status).toBe(200);
    }
    expect((await holdersOf(client, name))[0].fencingToken).toBe(fencingToken);
    expect(stream.events).toHaveLength(1);
    expect((await stream.until('lost')).data).toEqual({ reason: 'unconfirmed' });
  });
}
