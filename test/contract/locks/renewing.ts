// POST …/keepalive: 200 only for holders, 410 for former holders.
import { expect, it } from 'vitest';
import { newKey } from '../../support/new-key.js';
import { EXPIRED, INVALID, NOT_HOLDER, clientsOf, codeOf, newToken } from './target.js';
import type { Target } from './target.js';

export function renewing(target: Target): void {
  it('returns 410 for a token that never held, and for a released one', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    expect(codeOf(await client.renew(name, { token: newToken() }))).toEqual(EXPIRED);
    const { token } = await client.hold200(name, { owner: 'a' });
    await client.release(name, { token });
    expect(codeOf(await client.renew(name, { token }))).toEqual(EXPIRED);
  });

  it('returns 409 for a waiter', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const first = await client.hold200(name, { owner: 'a' });
    const token = newToken();
    const waiting = client.acquire(name, { owner: 'b', token, wait: 20 });
    await client.untilQueued(name, 1);
    expect(codeOf(await client.renew(name, { token }))).toEqual(NOT_HOLDER);
    await client.release(name, { token: first.token });
    expect((await waiting).status).toBe(200);
    expect((await client.renew(name, { token })).status).toBe(200);
  });

  it('returns 410 for the fencing token of an earlier acquisition with the same token', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const token = newToken();
    const first = await client.hold200(name, { owner: 'a', token });
    await client.release(name, { token });
    const second = await client.hold200(name, { owner: 'a', token });
    const renew = (fencingToken: number): ReturnType<typeof client.renew> =>
      client.renew(name, { token, fencingToken });
    expect(codeOf(await renew(first.fencingToken))).toEqual(EXPIRED);
    expect(codeOf(await renew(Number(second.fencingToken) + 1))).toEqual(EXPIRED);
    expect((await renew(second.fencingToken)).status).toBe(200);
  });

  it('returns nulls for a lock without a ttl', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const { token, fencingToken } = await client.hold200(name, { owner: 'a', ttl: null });
    const answer = await client.renew(name, { token });
    expect(answer.json()).toEqual({ ttl: null, expiresAt: null, fencingToken });
  });

  it.each([
    ['no token', {}],
    ['a short token', { token: 'short' }],
    ['a fencing token of 0', { token: 'x'.repeat(16), fencingToken: 0 }],
    ['a fencing token that is not a number', { token: 'x'.repeat(16), fencingToken: '7' }],
    ['an unknown field', { token: 'x'.repeat(16), ttl: 5 }],
  ])('returns 400 for %s', async (_what, body) => {
    const [client] = clientsOf(target);
    expect(codeOf(await client.renew(newKey(), body))).toEqual(INVALID);
  });
}
