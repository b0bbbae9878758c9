// POST …/hold: the lock is held while the connection is open.
import { expect, it } from 'vitest';
import { NoStream } from '../../support/event-stream.js';
import type { LockClient } from '../../support/lock-client.js';
import { newKey } from '../../support/new-key.js';
import { expectDocumentedResponse } from '../../support/openapi-response.js';
import { WITHIN_A_SECOND, clientsOf, newToken } from './target.js';
import type { Target } from './target.js';

export function holding(target: Target): void {
  course(target);
  endings(target);
  rejoining(target);
  refusals(target);
}

const ownersAt = async (client: LockClient, name: string): Promise<(string | null)[]> =>
  (await client.inspect(name)).json().holders.map((holder: { owner: string }) => holder.owner);

function course(target: Target): void {
  it('acquires a free lock at once and sends what PUT returns', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const stream = await client.hold(name, { owner: 'a', metadata: { pid: 7 } });
    const { event, data } = await stream.next();
    expect([event, data.owner, data.ttl, data.renewEvery, data.metadata]).toEqual([
      'acquired',
      'a',
      30,
      7.5,
      { pid: 7 },
    ]);
    expect((await other.inspect(name)).json().holders[0].fencingToken).toBe(data.fencingToken);
    stream.close();
  });

  it('waits in the queue, sends its position, and hands over when a connection closes', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const a = await client.hold(name, { owner: 'a' });
    await a.until('acquired');
    const b = await other.hold(name, { owner: 'b' });
    expect(await b.next()).toEqual({ event: 'waiting', data: { position: 1 } });
    const c = await client.hold(name, { owner: 'c' });
    expect(await c.next()).toEqual({ event: 'waiting', data: { position: 2 } });
    a.close();
    await b.until('acquired', WITHIN_A_SECOND.timeout);
    b.close();
    await c.until('acquired', WITHIN_A_SECOND.timeout);
    const names = c.events.map((each) => each.event);
    expect(names.indexOf('acquired')).toBe(names.length - 1);
    c.close();
    await expect.poll(() => target().etcd.entries(name), WITHIN_A_SECOND).toEqual([]);
  });

  it('sends its position in a queue that is longer than one read', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const foreign = Array.from({ length: 250 }, (_, index) => `locks/${name}/${1_000 + index}`);
    await Promise.all(foreign.map((key) => target().etcd.put(key)));
    const stream = await client.hold(name, { owner: 'a' });
    expect(await stream.next()).toEqual({ event: 'waiting', data: { position: 250 } });
    stream.close();
    await Promise.all(foreign.map((key) => target().etcd.deleteKey(key)));
  });

  it('leaves no key when its connection closes before it acquires', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    await client.hold200(name, { owner: 'a' });
    const stream = await other.hold(name, { owner: 'b', token: newToken() });
    await stream.until('waiting');
    stream.close();
    await expect
      .poll(async () => (await target().etcd.entries(name)).length, WITHIN_A_SECOND)
      .toBe(1);
  });
}

function endings(target: Target): void {
  it.each([
    ['force', (client: LockClient, name: string) => client.releaseBy(name, '?force=true')],
    ['its owner', (client: LockClient, name: string) => client.release(name, { owner: 'a' })],
  ])('sends lost when it is ended by %s, and ends', async (_by, end) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const stream = await client.hold(name, { owner: 'a' });
    await stream.until('acquired');
    await end(other, name);
    expect(await stream.next()).toEqual({ event: 'lost', data: { reason: 'ended' } });
    await stream.ended;
  });

  it('sends lost when its lease ends', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const lease = await target().etcd.grant(60);
    const stream = await client.hold(name, { owner: 'a', lease });
    await stream.until('acquired');
    await target().etcd.revoke(lease);
    expect(await stream.next()).toEqual({ event: 'lost', data: { reason: 'ended' } });
    await stream.ended;
  });

  it.each([0, 0.5])(
    'ends with a timeout that is the 423 of PUT after a wait of %s s',
    async (wait) => {
      const [client, other] = clientsOf(target);
      const name = newKey();
      await client.hold200(name, { owner: 'a' });
      const stream = await other.hold(name, { owner: 'b', wait });
      const { data } = await stream.until('timeout');
      expect(data).toMatchObject({ status: 423, code: 'lock-held', holder: { owner: 'a' } });
      if (wait > 0) expect(data.waited).toBeGreaterThanOrEqual(wait);
      await stream.ended;
      expect(await target().etcd.entries(name)).toHaveLength(1);
    },
  );

  it('sends an error when its entry is removed while it waits, and ends', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const token = newToken();
    await client.hold200(name, { owner: 'a' });
    const stream = await client.hold(name, { owner: 'b', token });
    await stream.until('waiting');
    await other.release(name, { token });
    const { data } = await stream.until('error');
    expect(data).toMatchObject({ status: 410, code: 'lock-expired' });
    await stream.ended;
  });
}

function rejoining(target: Target): void {
  it('re-joins a lock held by PUT and then holds it with the connection', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const body = { owner: 'a', token: newToken() };
    const held = await client.hold200(name, body);
    const stream = await other.hold(name, body);
    expect((await stream.until('acquired')).data.fencingToken).toBe(held.fencingToken);
    await client.release(name, { token: body.token });
    await stream.until('lost');
  });
}

function refusals(target: Target): void {
  it.each([
    ['a ttl of null', { owner: 'a', ttl: null }],
    ['a ttl of 4', { owner: 'a', ttl: 4 }],
    ['no owner', {}],
    ['a confirmEvery of 0', { owner: 'a', confirmEvery: 0 }],
    ['a confirmEvery as long as the ttl', { owner: 'a', ttl: 10, confirmEvery: 10 }],
    ['a confirmEvery as long as the ttl that it has by default', { owner: 'a', confirmEvery: 30 }],
    ['an unknown field', { owner: 'a', confirmevery: 5 }],
    ['a ttl and a lease', { owner: 'a', ttl: 30, lease: '1' }],
  ])('answers 400 to %s, before any event', async (_what, body) => {
    const [client] = clientsOf(target);
    const refusal = await client.hold(newKey(), body).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(NoStream);
    const { status, text } = refusal as NoStream;
    expect([status, JSON.parse(text).code]).toEqual([400, 'invalid-request']);
    expectDocumentedResponse('holdLock', refusal as NoStream);
  });

  it('returns 409 for a token of another owner', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const refusal = await other.hold(name, { owner: 'b', token }).catch((error: unknown) => error);
    expect((refusal as NoStream).status).toBe(409);
    expect(await ownersAt(client, name)).toEqual(['a']);
  });
}
