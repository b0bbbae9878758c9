// PUT without a wait: the content of a 200 and a 423, the keys in etcd, and rejected requests.
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { newKey } from '../../support/new-key.js';
import { HELD, INVALID, clientsOf, codeOf, newToken, pointersOf } from './target.js';
import type { Target } from './target.js';

const ANY_TOKEN = /^[A-Za-z0-9._~-]{16,128}$/;

export function acquiring(target: Target): void {
  answers(target);
  layout(target);
  refusals(target);
}

function answers(target: Target): void {
  it('returns all that a holder needs, with a default ttl of 30 seconds', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const sentAt = Date.now();
    const answer = await client.acquire(name, { owner: 'ci-7' });
    expect(answer.status).toBe(200);
    const { token, fencingToken, expiresAt, ...rest } = answer.json();
    expect(rest).toEqual({ name, owner: 'ci-7', mode: 'exclusive', ttl: 30, renewEvery: 7.5 });
    expect(token).toMatch(ANY_TOKEN);
    expect(fencingToken).toBe((await target().etcd.entries(name))[0]!.createRevision);
    expect(Date.parse(expiresAt)).toBeGreaterThan(sentAt);
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + 30_000);
  });

  it('shows the metadata to the holder and in inspections', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const metadata = { build: 1207, tags: ['a', null] };
    expect((await client.hold200(name, { owner: 'a', metadata })).metadata).toEqual(metadata);
    expect((await other.inspect(name)).json().holders[0].metadata).toEqual(metadata);
  });

  it('holds until released with a ttl of null, and returns nulls', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const held = await client.hold200(name, { owner: 'a', ttl: null });
    expect([held.ttl, held.expiresAt, held.renewEvery]).toEqual([null, null, null]);
    expect((await client.inspect(name)).json().holders[0].expiresIn).toBeNull();
    expect((await target().etcd.entries(name))[0]!.lease).toBeUndefined();
  });

  it('returns the holder, the queue length and a retry time with a refusal', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { fencingToken } = await client.hold200(name, { owner: 'first' });
    const answer = await other.acquire(name, { owner: 'second' });
    expect(codeOf(answer)).toEqual(HELD);
    expect(answer.json()).toMatchObject({
      holder: { owner: 'first', mode: 'exclusive', fencingToken, acquiredBy: 'v1:anonymous' },
      queueLength: 0,
    });
    expect(answer.json()).not.toHaveProperty('waited');
    expect(answer.json().hint).toContain('wait');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('is not re-entrant, and states this to the same owner', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    await client.hold200(name, { owner: 'a' });
    const answer = await client.acquire(name, { owner: 'a' });
    expect(codeOf(answer)).toEqual(HELD);
    expect(answer.json().hint).toContain('re-entrant');
  });

  it('returns a larger fencing token with each acquisition, at every replica', async () => {
    const clients = clientsOf(target);
    const name = newKey();
    let last = 0;
    for (let i = 0; i < 6; i++) {
      const client = clients[i % 2]!;
      const { token, fencingToken } = await client.hold200(name, { owner: `o${i}` });
      expect(fencingToken).toBeGreaterThan(last);
      last = fencingToken;
      await client.release(name, { token });
    }
  });

  it('grants the lock to one of 40 concurrent requests', async () => {
    const clients = clientsOf(target);
    const name = newKey();
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, i) => clients[i % 2]!.acquire(name, { owner: `o${i}` })),
    );
    expect(all.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(all.filter((answer) => answer.status === 423)).toHaveLength(39);
  });
}

function layout(target: Target): void {
  it("writes one key of etcd's own mutex layout, on a lease, and the token nowhere", async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    const token = newToken();
    await client.hold200(name, { owner: 'a', token, metadata: 1 });
    const id = createHash('sha256').update(token).digest('hex').slice(0, 16);
    const entries = await target().etcd.entries(name);
    expect(entries.map((entry) => entry.key)).toEqual([`locks/${name}/${id}`]);
    expect(entries[0]!.lease).toMatch(/^4c4b/);
    expect(entries[0]!.value).not.toContain(token);
    expect(JSON.parse(entries[0]!.value)).toMatchObject({
      owner: 'a',
      acquiredBy: 'v1:anonymous',
      metadata: 1,
    });
  });

  it('is refused for a lock of the simple lock API, with its owner', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const body = JSON.stringify({ resource: name, user_id: 'user1' });
    const taken = await fetch(client.baseUrl, { method: 'PUT', body });
    expect(await taken.text()).toBe('{"succeeded":true}\n');
    const answer = await other.acquire(name, { owner: 'a' });
    expect(codeOf(answer)).toEqual(HELD);
    expect(answer.json().holder.owner).toBe('user1');
  });

  it('treats an entry of another client as an exclusive holder without an owner', async () => {
    const [client] = clientsOf(target);
    const name = newKey();
    await target().etcd.put(`locks/${name}/694d73e8a9e36c23`);
    const answer = await client.acquire(name, { owner: 'a', mode: 'shared' });
    expect(codeOf(answer)).toEqual(HELD);
    expect(answer.json().holder).toMatchObject({ owner: null, mode: 'exclusive' });
    await target().etcd.deleteKey(`locks/${name}/694d73e8a9e36c23`);
    await client.hold200(name, { owner: 'a', mode: 'shared' });
  });

  it('leaves neither a key nor a lease after a refused try', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const { fencingToken } = await client.hold200(name, { owner: 'a' });
    await other.acquire(name, { owner: 'b' });
    const entries = await target().etcd.entries(name);
    expect(entries.map((entry) => entry.createRevision)).toEqual([fencingToken]);
  });
}

function refusals(target: Target): void {
  it.each([
    ['no owner', {}, '/owner'],
    ['an empty owner', { owner: '' }, '/owner'],
    ['an owner of 257 characters', { owner: 'x'.repeat(257) }, '/owner'],
    ['an owner that is not a string', { owner: 7 }, '/owner'],
    ['a token of 15 characters', { owner: 'a', token: 'x'.repeat(15) }, '/token'],
    ['a token of 129 characters', { owner: 'a', token: 'x'.repeat(129) }, '/token'],
    ['a token with a slash', { owner: 'a', token: `${'x'.repeat(16)}/` }, '/token'],
    ['an unknown mode', { owner: 'a', mode: 'Shared' }, '/mode'],
    ['a negative wait', { owner: 'a', wait: -1 }, '/wait'],
    ['a wait of 3601 seconds', { owner: 'a', wait: 3601 }, '/wait'],
    ['a wait that is not a number', { owner: 'a', wait: '5' }, '/wait'],
    ['a lease that is not hexadecimal', { owner: 'a', lease: 'xyz' }, '/lease'],
    ['a misspelt field', { owner: 'a', tll: 5 }, '/tll'],
    ['metadata of 4097 bytes', { owner: 'a', metadata: 'x'.repeat(4095) }, '/metadata'],
  ])('returns 400 for %s, and names the field', async (_what, body, pointer) => {
    const [client] = clientsOf(target);
    const answer = await client.acquire(newKey(), body);
    expect(codeOf(answer)).toEqual(INVALID);
    expect(pointersOf(answer)).toEqual([pointer]);
  });

  it('accepts metadata of 4096 bytes and an owner of 256 characters', async () => {
    const [client] = clientsOf(target);
    const owner = '🔒'.repeat(256);
    const metadata = 'x'.repeat(4094);
    const held = await client.hold200(newKey(), { owner, metadata });
    expect([held.owner, held.metadata]).toEqual([owner, metadata]);
  });

  it('returns 400 for a query parameter', async () => {
    const [client] = clientsOf(target);
    const answer = await fetch(`${client.baseUrl}/v1/locks/${newKey()}?ttl=5`, {
      method: 'PUT',
      body: '{"owner":"a"}',
    });
    expect(answer.status).toBe(400);
  });

  it('accepts JSON with a JSON type, no type or the form type, and no other type', async () => {
    const [client] = clientsOf(target);
    const body = '{"owner":"a"}';
    const put = async (headers: Record<string, string>): Promise<number> =>
      (await client.acquire(newKey(), body, { headers, body })).status;
    expect(await put({ 'content-type': 'application/merge-patch+json' })).toBe(200);
    expect(await put({})).toBe(200);
    expect(await put({ 'content-type': 'application/x-www-form-urlencoded' })).toBe(200);
    expect(await put({ 'content-type': 'text/plain' })).toBe(415);
  });

  it.each(['', '{', '[]', 'null', '"a"'])('returns 400 for the body %j', async (body) => {
    const [client] = clientsOf(target);
    expect(codeOf(await client.acquire(newKey(), body))).toEqual(INVALID);
  });
}
