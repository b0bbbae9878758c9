// DELETE: by token, by owner, by force.
import { expect, it } from 'vitest';
import { newKey } from '../../support/new-key.js';
import {
  EXPIRED,
  INVALID,
  NOT_FOUND,
  NOT_HOLDER,
  WITHIN_A_SECOND,
  clientsOf,
  codeOf,
  newToken,
} from './target.js';
import type { Target } from './target.js';

export function releasing(target: Target): void {
  byToken(target);
  byOwner(target);
  byForce(target);
  invalidRequests(target);
}

function byToken(target: Target): void {
  it.each([
    ['the body', (token: string) => ['', { body: JSON.stringify({ token }) }] as const],
    ['the query', (token: string) => [`?token=${token}`, {}] as const],
    ['the header', (token: string) => ['', { headers: { 'lock-token': token } }] as const],
  ])('takes the token from %s, at any replica', async (_where, sentOf) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const [query, sent] = sentOf(token);
    const answer = await other.releaseBy(name, query, sent);
    expect([answer.status, answer.json()]).toEqual([200, { released: true }]);
    expect((await client.inspect(name)).json().locked).toBe(false);
    expect(codeOf(await other.releaseBy(name, query, sent))).toEqual(NOT_FOUND);
  });

  it('revokes the lease that the gateway granted for it', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const [entry] = await target().etcd.entries(name);
    await client.release(name, { token });
    expect(await target().etcd.secondsLeft(entry!.lease!)).toBeUndefined();
  });

  it('removes a waiter, which gets 410', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    await client.hold200(name, { owner: 'a' });
    const token = newToken();
    const waiting = client.acquire(name, { owner: 'b', token, wait: 20 });
    await client.untilQueued(name, 1);
    expect((await other.release(name, { token })).status).toBe(200);
    expect(codeOf(await waiting)).toEqual(EXPIRED);
    expect((await client.inspect(name)).json().queueLength).toBe(0);
  });

  it('returns 404 for a free lock, and 409 with the holder for a lock of another owner', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    expect(codeOf(await client.release(name, { token: newToken() }))).toEqual(NOT_FOUND);
    await client.hold200(name, { owner: 'a' });
    const answer = await client.release(name, { token: newToken() });
    expect(codeOf(answer)).toEqual(NOT_HOLDER);
    expect(answer.json().holder.owner).toBe('a');
  });
}

function byOwner(target: Target): void {
  it.each([
    ['the body', (owner: string) => ['', { body: JSON.stringify({ owner }) }] as const],
    ['the query', (owner: string) => [`?owner=${encodeURIComponent(owner)}`, {}] as const],
  ])('takes the owner from %s', async (_where, sentOf) => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const owner = 'team a/é & co';
    await client.hold200(name, { owner });
    const [query, sent] = sentOf(owner);
    expect((await other.releaseBy(name, query, sent)).status).toBe(200);
    expect((await client.inspect(name)).json().locked).toBe(false);
  });

  it('does not remove a waiter of that owner', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const first = await client.hold200(name, { owner: 'a' });
    const waiting = other.hold200(name, { owner: 'b', wait: 20 });
    await client.untilQueued(name, 1);
    expect(codeOf(await client.release(name, { owner: 'b' }))).toEqual(NOT_HOLDER);
    await client.release(name, { token: first.token });
    expect((await waiting).owner).toBe('b');
  });

  it('releases the lock and keeps the queued entry of an owner with both', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const first = await client.hold200(name, { owner: 'a' });
    const waiting = other.hold200(name, { owner: 'a', wait: 20 });
    await client.untilQueued(name, 1);
    expect((await client.release(name, { owner: 'a' })).status).toBe(200);
    const second = await waiting;
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    expect((await client.inspect(name)).json().holders[0].fencingToken).toBe(second.fencingToken);
  });

  it('releases all shared acquisitions of the owner, and none of others', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    for (const owner of ['a', 'b', 'a']) await client.hold200(name, { owner, mode: 'shared' });
    expect((await client.release(name, { owner: 'a' })).status).toBe(200);
    const { holders } = (await client.inspect(name)).json();
    expect(holders.map((holder: { owner: string }) => holder.owner)).toEqual(['b']);
    expect(codeOf(await client.release(name, { owner: 'a' }))).toEqual(NOT_HOLDER);
  });
}

function byForce(target: Target): void {
  it('releases the lock of any holder, and the next waiter acquires it', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const first = await client.hold200(name, { owner: 'a', ttl: null });
    const waiting = other.hold200(name, { owner: 'b', wait: 20 });
    await client.untilQueued(name, 1);
    const answer = await client.releaseBy(name, '?force=true');
    expect([answer.status, answer.json()]).toEqual([200, { released: true }]);
    expect((await waiting).owner).toBe('b');
    expect(codeOf(await client.renew(name, { token: first.token }))).toEqual(EXPIRED);
  });

  it('releases all shared acquisitions at once', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    for (const owner of ['a', 'b']) await client.hold200(name, { owner, mode: 'shared' });
    await client.releaseBy(name, '?force=true');
    expect((await client.inspect(name)).json().locked).toBe(false);
  });

  it('releases the lock of another client of etcd', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const lease = await target().etcd.grant(60);
    await target().etcd.put(`locks/${name}/${lease}`);
    expect((await client.releaseBy(name, '?force=true')).status).toBe(200);
    await expect.poll(() => target().etcd.entries(name), WITHIN_A_SECOND).toEqual([]);
    await target().etcd.revoke(lease);
  });

  it('returns 404 for a free lock', async () => {
    const [client] = clientsOf(target);
    expect(codeOf(await client.releaseBy(newKey(), '?force=true'))).toEqual(NOT_FOUND);
  });
}

function invalidRequests(target: Target): void {
  const token = 'a-token-of-16-ch';
  it.each([
    ['nothing', '', {}],
    ['an empty body', '', { body: '{}' }],
    ['force=false and nothing else', '?force=false', {}],
    ['a token and an owner', `?token=${token}&owner=a`, {}],
    ['a token and force', `?token=${token}&force=true`, {}],
    ['a token in the body and an owner in the query', '?owner=a', { body: `{"token":"${token}"}` }],
    ['an empty owner', '?owner=', {}],
    ['a short token', '?token=short', {}],
    ['a short token in the header', '', { headers: { 'lock-token': 'short' } }],
    ['force in the body', '', { body: '{"force":true}' }],
    ['an unknown parameter', `?tokn=${token}`, {}],
  ])('returns 400 for %s', async (_what, query, sent) => {
    const [client] = clientsOf(target);
    const name = newKey();
    await client.hold200(name, { owner: 'a' });
    expect(codeOf(await client.releaseBy(name, query, sent))).toEqual(INVALID);
    expect((await client.inspect(name)).json().locked).toBe(true);
  });

  it('returns 415 for a body with a content type other than JSON', async () => {
    const [client] = clientsOf(target);
    const sent = { headers: { 'content-type': 'text/plain' }, body: '{"owner":"a"}' };
    expect((await client.releaseBy(newKey(), '', sent)).status).toBe(415);
  });
}
