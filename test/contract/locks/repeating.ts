// A repeated token: after a lost response, over a second connection, by another client, or too late.
import { expect, it } from 'vitest';
import { newKey } from '../../support/new-key.js';
import { EXPIRED, HELD, WITHIN_A_SECOND, clientsOf, codeOf, newToken } from './target.js';
import type { Target } from './target.js';

const IN_USE = [409, 'already-exists'];

export function repeating(target: Target): void {
  holders(target);
  waiters(target);
}

function holders(target: Target): void {
  it('returns the same acquisition: one key, one fencing token, the first ttl and metadata', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const token = newToken();
    const held = await client.hold200(name, { owner: 'a', token, ttl: 20, metadata: 'first' });
    const again = await other.hold200(name, { owner: 'a', token, ttl: 60, metadata: 'second' });
    expect(again).toMatchObject({
      token,
      fencingToken: held.fencingToken,
      ttl: 20,
      renewEvery: 5,
      metadata: 'first',
    });
    expect(await target().etcd.entries(name)).toHaveLength(1);
  });

  it.each([
    ['with a ttl', { ttl: 20 }],
    ['without a ttl', { ttl: null }],
  ])('joins a holding %s while waiting is allowed, too', async (_what, fields) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const body = { owner: 'a', token: newToken(), wait: 10, ...fields };
    const held = await client.hold200(name, body);
    const again = await other.hold200(name, body);
    expect([again.fencingToken, again.ttl]).toEqual([held.fencingToken, held.ttl]);
    expect(await target().etcd.entries(name)).toHaveLength(1);
  });

  it('returns one acquisition for five equal requests at once', async () => {
    const clients = clientsOf(target);
    const name = newKey();
    const body = { owner: 'a', token: newToken(), wait: 10 };
    const all = await Promise.all(
      Array.from({ length: 5 }, (_, i) => clients[i % 2]!.hold200(name, body)),
    );
    expect(new Set(all.map((held) => held.fencingToken)).size).toBe(1);
    expect(await target().etcd.entries(name)).toHaveLength(1);
  });

  it('returns 409 for another owner and for the other mode, held or queued', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const [holder, waiter] = [newToken(), newToken()];
    await client.hold200(name, { owner: 'a', token: holder });
    const waiting = client.acquire(name, { owner: 'b', token: waiter, wait: 20 });
    await client.untilQueued(name, 1);
    for (const wait of [0, 5]) {
      for (const [owner, token] of [
        ['a', holder],
        ['b', waiter],
      ]) {
        const thief = await other.acquire(name, { owner: 'thief', token, wait });
        expect(codeOf(thief)).toEqual(IN_USE);
        const shared = await other.acquire(name, { owner, token, wait, mode: 'shared' });
        expect(codeOf(shared)).toEqual(IN_USE);
      }
    }
    expect(await target().etcd.entries(name)).toHaveLength(2);
    await client.release(name, { token: holder });
    expect((await waiting).status).toBe(200);
  });
}

function waiters(target: Target): void {
  it('keeps its position over a second connection, and both acquire', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const first = await client.hold200(name, { owner: 'a' });
    const body = { owner: 'b', token: newToken(), wait: 20 };
    const one = client.hold200(name, body);
    await client.untilQueued(name, 1);
    const behind = other.acquire(name, { owner: 'c', wait: 20 });
    await client.untilQueued(name, 2);
    const two = other.hold200(name, body);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await target().etcd.entries(name)).toHaveLength(3);
    await client.release(name, { token: first.token });
    expect((await one).fencingToken).toBe((await two).fencingToken);
    expect((await client.inspect(name)).json().holders[0].owner).toBe('b');
    await client.release(name, { token: body.token });
    expect((await behind).json().owner).toBe('c');
  });

  it('returns 423 without a wait while it is queued, and keeps its position', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const first = await client.hold200(name, { owner: 'a' });
    const body = { owner: 'b', token: newToken() };
    const waiting = client.hold200(name, { ...body, wait: 20 });
    await client.untilQueued(name, 1);
    const before = await target().etcd.entries(name);
    const answer = await other.acquire(name, { ...body, wait: 0 });
    expect(codeOf(answer)).toEqual(HELD);
    expect(answer.json().holder.owner).toBe('a');
    expect(await target().etcd.entries(name)).toEqual(before);
    await client.release(name, { token: first.token });
    expect((await waiting).fencingToken).toBe(before[1]!.createRevision);
  });

  it('returns 410 at every connection when the entry is deleted while they wait', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    await client.hold200(name, { owner: 'a' });
    const body = { owner: 'b', token: newToken(), wait: 20 };
    const one = client.acquire(name, body);
    await client.untilQueued(name, 1);
    const [, before] = await target().etcd.entries(name);
    const two = other.acquire(name, body);
    const marked = async (): Promise<boolean> =>
      (await target().etcd.entries(name))[1]!.modRevision > before!.modRevision;
    await expect.poll(marked, WITHIN_A_SECOND).toBe(true);
    await client.release(name, { token: body.token });
    expect(codeOf(await one)).toEqual(EXPIRED);
    expect(codeOf(await two)).toEqual(EXPIRED);
    expect(await target().etcd.entries(name)).toHaveLength(1);
  });
}
