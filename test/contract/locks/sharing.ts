// Shared and exclusive holders.
import { expect, it } from 'vitest';
import type { LockClient } from '../../support/lock-client.js';
import { newKey } from '../../support/new-key.js';
import { HELD, clientsOf, codeOf } from './target.js';
import type { Target } from './target.js';

interface Taker {
  readonly client: LockClient;
  readonly name: string;
}

const take = ({ client, name }: Taker, owner: string, mode: string, wait = 0): Promise<any> =>
  client.hold200(name, { owner, mode, wait });

export function sharing(target: Target): void {
  it('lets shared holders hold together', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const held = [
      await take({ client, name }, 'a', 'shared'),
      await take({ client: other, name }, 'b', 'shared'),
    ];
    expect(held.map((each) => each.mode)).toEqual(['shared', 'shared']);
    const { holders, queueLength } = (await client.inspect(name)).json();
    expect(holders).toMatchObject([
      { owner: 'a', mode: 'shared', fencingToken: held[0].fencingToken },
      { owner: 'b', mode: 'shared', fencingToken: held[1].fencingToken },
    ]);
    expect(queueLength).toBe(0);
    const keys = (await target().etcd.entries(name)).map((entry) => entry.key);
    for (const key of keys) expect(key).toMatch(/\/~[0-9a-f]{16}$/);
  });

  it('lets 40 clients share at once', async () => {
    const clients = clientsOf(target);
    const name = newKey();
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        clients[i % 2]!.acquire(name, { owner: `o${i}`, mode: 'shared' }),
      ),
    );
    expect(all.map((answer) => answer.status)).toEqual(all.map(() => 200));
    expect(new Set(all.map((answer) => answer.json().fencingToken)).size).toBe(40);
  });

  it('refuses an exclusive request while the lock is shared, and a shared one while it is exclusive', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const shared = await take({ client, name }, 'a', 'shared');
    const refused = await other.acquire(name, { owner: 'b' });
    expect(codeOf(refused)).toEqual(HELD);
    expect(refused.json().holder).toMatchObject({ owner: 'a', mode: 'shared' });
    await client.release(name, { token: shared.token });
    await take({ client: other, name }, 'b', 'exclusive');
    expect(codeOf(await client.acquire(name, { owner: 'a', mode: 'shared' }))).toEqual(HELD);
  });

  it('does not let a later shared request overtake a waiting exclusive one', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const first = await take({ client, name }, 'reader', 'shared');
    const writer = take({ client: other, name }, 'writer', 'exclusive', 20);
    await client.untilQueued(name, 1);
    const late = await client.acquire(name, { owner: 'late', mode: 'shared' });
    expect(codeOf(late)).toEqual(HELD);
    expect(late.json()).toMatchObject({ holder: { owner: 'reader' }, queueLength: 1 });
    let isLateServed = false;
    const waiting = take({ client, name }, 'late', 'shared', 20).then((held) => {
      isLateServed = true;
      return held;
    });
    await client.untilQueued(name, 2);
    await client.release(name, { token: first.token });
    const held = await writer;
    expect((await client.inspect(name)).json()).toMatchObject({
      holders: [{ owner: 'writer' }],
      waiters: [{ owner: 'late', mode: 'shared', position: 1 }],
    });
    expect(isLateServed).toBe(false);
    await other.release(name, { token: held.token });
    expect((await waiting).fencingToken).toBeGreaterThan(held.fencingToken);
  });

  it('serves the exclusive waiter when the last shared holder releases', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const [a, b] = [
      await take({ client, name }, 'a', 'shared'),
      await take({ client, name }, 'b', 'shared'),
    ];
    const writer = take({ client: other, name }, 'writer', 'exclusive', 20);
    await client.untilQueued(name, 1);
    await client.release(name, { token: b.token });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await client.inspect(name)).json().holders).toMatchObject([{ owner: 'a' }]);
    await client.release(name, { token: a.token });
    expect((await writer).owner).toBe('writer');
  });

  it('serves all shared waiters at once when the exclusive holder releases', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const first = await take({ client, name }, 'writer', 'exclusive');
    const readers = ['a', 'b', 'c'].map((owner, i) =>
      take({ client: i === 1 ? other : client, name }, owner, 'shared', 20),
    );
    await client.untilQueued(name, 3);
    await client.release(name, { token: first.token });
    await Promise.all(readers);
    expect((await client.inspect(name)).json().holders).toHaveLength(3);
  });

  it('serves the shared waiters behind an exclusive waiter that disconnected', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    await take({ client, name }, 'reader', 'shared');
    const writer = other.acquire(name, { owner: 'writer', wait: 1 });
    await client.untilQueued(name, 1);
    const late = take({ client, name }, 'late', 'shared', 20);
    await client.untilQueued(name, 2);
    expect(codeOf(await writer)).toEqual(HELD);
    expect((await late).mode).toBe('shared');
  });
}
