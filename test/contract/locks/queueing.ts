// PUT with `wait`: waiters are served in order, and no key is left of a waiter that disconnects.
import { expect, it } from 'vitest';
import { newKey } from '../../support/new-key.js';
import {
  EXPIRED,
  HELD,
  INVALID,
  WITHIN_A_SECOND,
  clientsOf,
  codeOf,
  newToken,
  pause,
  pointersOf,
} from './target.js';
import type { Target } from './target.js';

export function queueing(target: Target): void {
  order(target);
  waitEnds(target);
  conditions(target);
}

function order(target: Target): void {
  it('serves waiters in the order in which they came, whatever their replica', async () => {
    const clients = clientsOf(target);
    const [client] = clients;
    const name = newKey();
    const first = await client.hold200(name, { owner: 'w0' });
    const served: string[] = [];
    const waits: Promise<number>[] = [];
    for (let i = 1; i <= 5; i++) {
      const waiter = clients[i % 2]!;
      waits.push(
        waiter.hold200(name, { owner: `w${i}`, wait: 20 }).then(async (held) => {
          served.push(held.owner);
          await waiter.release(name, { token: held.token });
          return held.fencingToken;
        }),
      );
      await client.untilQueued(name, i);
    }
    expect((await client.inspect(name)).json().waiters).toEqual(
      [1, 2, 3, 4, 5].map((i) => ({ owner: `w${i}`, mode: 'exclusive', position: i })),
    );
    await client.release(name, { token: first.token });
    const tokens = await Promise.all(waits);
    expect(served).toEqual(['w1', 'w2', 'w3', 'w4', 'w5']);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect(tokens[0]).toBeGreaterThan(first.fencingToken);
  });

  it('returns the queue length to a request that does not wait', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const waits = [1, 2].map(async (i) => {
      const held = await other.hold200(name, { owner: `w${i}`, wait: 20 });
      return other.release(name, { token: held.token });
    });
    await client.untilQueued(name, 2);
    expect((await client.acquire(name, { owner: 'b' })).json().queueLength).toBe(2);
    await client.release(name, { token });
    expect((await Promise.all(waits)).map((answer) => answer.status)).toEqual([200, 200]);
  });
}

function waitEnds(target: Target): void {
  it('returns 423 with the waited time when the wait expires, and leaves no key', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { fencingToken } = await client.hold200(name, { owner: 'a' });
    const startedAt = performance.now();
    const answer = await other.acquire(name, { owner: 'b', wait: 0.6 });
    const tookSeconds = (performance.now() - startedAt) / 1000;
    expect(codeOf(answer)).toEqual(HELD);
    const { holder, waited, queueLength } = answer.json();
    expect([holder.owner, holder.fencingToken, queueLength]).toEqual(['a', fencingToken, 0]);
    expect(waited).toBeGreaterThanOrEqual(0.6);
    expect(waited).toBeLessThanOrEqual(tookSeconds + 0.01);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    const entries = await target().etcd.entries(name);
    expect(entries.map((entry) => entry.createRevision)).toEqual([fencingToken]);
  });

  it('leaves no key of a chosen token when its wait expires', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { fencingToken } = await client.hold200(name, { owner: 'a' });
    const token = newToken();
    expect(codeOf(await other.acquire(name, { owner: 'b', wait: 0.4, token }))).toEqual(HELD);
    const entries = await target().etcd.entries(name);
    expect(entries.map((entry) => entry.createRevision)).toEqual([fencingToken]);
  });

  it.each([
    ['a generated token', () => undefined],
    ['a chosen token', newToken],
  ])('leaves no key of a waiter that disconnects, with %s', async (_what, tokenOf) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const first = await client.hold200(name, { owner: 'a' });
    const disconnect = new AbortController();
    const gone = other.acquire(
      name,
      { owner: 'gone', wait: 20, token: tokenOf() },
      { signal: disconnect.signal },
    );
    await client.untilQueued(name, 1);
    let isServed = false;
    const behind = other.hold200(name, { owner: 'behind', wait: 20 }).then((held) => {
      isServed = true;
      return held;
    });
    await client.untilQueued(name, 2);
    disconnect.abort();
    await expect(gone).rejects.toThrow();
    const owners = async (): Promise<string[]> =>
      (await target().etcd.entries(name)).map((entry) => JSON.parse(entry.value).owner);
    await expect.poll(owners, WITHIN_A_SECOND).toEqual(['a', 'behind']);
    // The waiter woke up, read the queue, and continues to wait, because the lock is still held.
    await pause(300);
    expect(isServed).toBe(false);
    await client.release(name, { token: first.token });
    expect((await behind).owner).toBe('behind');
  });

  it('returns 410 to a waiter whose entry was deleted', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    await client.hold200(name, { owner: 'a' });
    const waiting = other.acquire(name, { owner: 'b', wait: 20 });
    await client.untilQueued(name, 1);
    const [, entry] = await target().etcd.entries(name);
    await target().etcd.deleteKey(entry!.key);
    expect(codeOf(await waiting)).toEqual(EXPIRED);
  });
}

function conditions(target: Target): void {
  it('rejects a wait with a ttl below 5', async () => {
    const [client] = clientsOf(target);
    const answer = await client.acquire(newKey(), { owner: 'a', ttl: 4, wait: 1 });
    expect(codeOf(answer)).toEqual(INVALID);
    expect(pointersOf(answer)).toEqual(['/ttl']);
  });

  it('queues with a ttl of 5, and without a ttl', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const first = await client.hold200(name, { owner: 'a' });
    const short = other.hold200(name, { owner: 'b', ttl: 5, wait: 20 });
    await client.untilQueued(name, 1);
    const permanent = other.hold200(name, { owner: 'c', ttl: null, wait: 20 });
    await client.untilQueued(name, 2);
    await client.release(name, { token: first.token });
    await client.release(name, { token: (await short).token });
    expect((await permanent).ttl).toBeNull();
    const entries = await target().etcd.entries(name);
    expect(entries.map((entry) => [entry.createRevision, entry.lease])).toEqual([
      [(await permanent).fencingToken, undefined],
    ]);
  });
}
