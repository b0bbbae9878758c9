// `lease` instead of `ttl`: the entry is attached to a lease of the client.
import { expect, it } from 'vitest';
import { newKey } from '../../support/new-key.js';
import { HELD, INVALID, clientsOf, codeOf, newToken, pointersOf } from './target.js';
import type { Target } from './target.js';

export function leasing(target: Target): void {
  holding(target);
  refusals(target);
}

function holding(target: Target): void {
  it('holds the lock, and a release keeps the lease', async () => {
    const [client, other] = clientsOf(target);
    const { etcd } = target();
    const name = newKey();
    const lease = await etcd.grant(60);
    const held = await client.hold200(name, { owner: 'a', lease });
    expect([held.ttl, held.renewEvery]).toEqual([60, 15]);
    const entries = await etcd.entries(name);
    expect(entries.map((entry) => [entry.lease, entry.createRevision])).toEqual([
      [lease, held.fencingToken],
    ]);
    expect((await other.release(name, { token: held.token })).status).toBe(200);
    expect(await etcd.entries(name)).toEqual([]);
    expect(await etcd.secondsLeft(lease)).toBeGreaterThan(0);
    await etcd.revoke(lease);
  });

  it('may be written in capitals and without leading zeros', async () => {
    const [client] = clientsOf(target);
    const { etcd } = target();
    await etcd.call('/v3/lease/grant', { TTL: 60, ID: '171' });
    const held = await client.hold200(newKey(), { owner: 'a', lease: 'AB' });
    expect(held.ttl).toBe(60);
    await etcd.revoke('ab');
  });

  it('allows a wait: the entry moves to the lease when it holds', async () => {
    const [client, other] = clientsOf(target);
    const { etcd } = target();
    const name = newKey();
    const lease = await etcd.grant(60);
    const first = await client.hold200(name, { owner: 'a' });
    const waiting = other.hold200(name, { owner: 'b', lease, wait: 20 });
    await client.untilQueued(name, 1);
    const [, queued] = await etcd.entries(name);
    await client.release(name, { token: first.token });
    const held = await waiting;
    expect(held.fencingToken).toBe(queued!.createRevision);
    expect((await etcd.entries(name)).map((entry) => entry.lease)).toEqual([lease]);
    expect(await etcd.secondsLeft(queued!.lease!)).toBeUndefined();
    await etcd.revoke(lease);
  });

  it('holds several locks, which a repeated token finds', async () => {
    const [client, other] = clientsOf(target);
    const { etcd } = target();
    const names = [newKey(), newKey()];
    const lease = await etcd.grant(60);
    for (const name of names) {
      const body = { owner: 'a', token: newToken(), lease };
      const held = await client.hold200(name, body);
      expect((await other.hold200(name, body)).fencingToken).toBe(held.fencingToken);
    }
    await etcd.revoke(lease);
    for (const name of names) expect((await other.inspect(name)).json().locked).toBe(false);
  });

  it('stays unchanged after a refused request and an expired wait', async () => {
    const [client, other] = clientsOf(target);
    const { etcd } = target();
    const name = newKey();
    const lease = await etcd.grant(60);
    await client.hold200(name, { owner: 'a' });
    for (const wait of [0, 0.3])
      expect(codeOf(await other.acquire(name, { owner: 'b', lease, wait }))).toEqual(HELD);
    expect(await etcd.entries(name)).toHaveLength(1);
    expect(await etcd.secondsLeft(lease)).toBeGreaterThan(0);
    await etcd.revoke(lease);
  });
}

function refusals(target: Target): void {
  it.each([30, null])('is rejected together with a ttl of %s', async (ttl) => {
    const [client] = clientsOf(target);
    const answer = await client.acquire(newKey(), { owner: 'a', lease: '1', ttl });
    expect(codeOf(answer)).toEqual(INVALID);
    expect(pointersOf(answer)).toEqual(['/lease']);
  });

  it('returns 404 for an unknown lease', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const answer = await client.acquire(name, { owner: 'a', lease: '7e57000000000001' });
    expect(codeOf(answer)).toEqual([404, 'lease-not-found']);
    expect(await target().etcd.entries(name)).toEqual([]);
  });

  it("returns 403 for one of the gateway's own leases", async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    await client.hold200(name, { owner: 'a' });
    const [entry] = await target().etcd.entries(name);
    const answer = await client.acquire(newKey(), { owner: 'a', lease: entry!.lease });
    expect(codeOf(answer)).toEqual([403, 'permission-denied']);
  });

  it('requires at least 5 remaining seconds to queue', async () => {
    const [client] = clientsOf(target);
    const { etcd } = target();
    const lease = await etcd.grant(4);
    const answer = await client.acquire(newKey(), { owner: 'a', lease, wait: 1 });
    expect(codeOf(answer)).toEqual(INVALID);
    expect(pointersOf(answer)).toEqual(['/lease']);
    await etcd.revoke(lease);
  });
}
