// Refusals around locks name the next step of the reader.
import { describe, expect, inject, it } from 'vitest';
import { newToken } from '../contract/locks/target.js';
import { jsonBody } from '../support/documented-calls.js';
import { electionClient } from '../support/election-client.js';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';

const gateway = inject('gatewayUrl');
const locks = lockClient(gateway);
const elections = electionClient(gateway);
const LONGER = 'pass a longer wait, or repeat the request later';
const TOKEN_RULE = 'must be 16 to 128 of the characters A-Z a-z 0-9 - . _ ~';

describe('S41: the hint of a refused acquisition', () => {
  it.each([
    [0, 'pass wait to queue'],
    [0.3, LONGER],
  ])('of a lock, after a wait of %s', async (wait, hint) => {
    const name = newKey();
    await locks.hold200(name, { owner: 'a' });
    expect((await locks.acquire(name, { owner: 'b', wait })).json().hint).toBe(hint);
  });

  it.each([
    [0, 'pass wait to queue'],
    [0.3, LONGER],
  ])('of an election, after a wait of %s', async (wait, hint) => {
    const name = newKey();
    await elections.lead(name, { candidate: 'a' });
    expect((await elections.campaign(name, { candidate: 'b', wait })).json().hint).toBe(hint);
  });
});

describe('S41: a request that the gateway cannot take', () => {
  const put = (key: string, headers: Record<string, string> = {}): Promise<Answer> =>
    send(gateway, 'PUT', `/v1/kv/${key}`, {
      ...jsonBody({ value: 'a' }),
      headers: { 'content-type': 'application/json', ...headers },
    });

  it.each(['locks', 'elections'])('names the paths that change reserved keys: %s', async (of) => {
    const answer = await put(`${of}%2Fa%2Fb`);
    expect(answer.status).toBe(403);
    expect(answer.json().hint).toBe('use /v1/locks for locks and /v1/elections for elections');
  });

  it.each([
    ['41', 'write the revision in double quotes: If-Match: "41"'],
    ['W/"41"', 'write the revision in double quotes: If-Match: "41"'],
    ['"41', 'write the revision in double quotes: If-Match: "41"'],
    ['forty', 'write * or one modRevision in double quotes, such as If-Match: "41"'],
    ['"41", "42"', 'write * or one modRevision in double quotes, such as If-Match: "41"'],
  ])('shows the right form of If-Match: %s', async (match, hint) => {
    const answer = await put(newKey(), { 'if-match': match });
    expect([answer.status, answer.json().hint]).toEqual([400, hint]);
  });

  it('describes a token in words, in a body, a query and a header', async () => {
    const name = newKey();
    const answers = [
      await locks.acquire(name, { owner: 'a', token: 'short' }),
      await locks.renew(name, { token: `${newToken()}/` }),
      await locks.releaseBy(name, '?token=short'),
      await locks.releaseBy(name, '', { headers: { 'lock-token': 'short' } }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(answer.json().detail).toContain(TOKEN_RULE);
    }
  });

  it('describes a lease ID and a position in words', async () => {
    const lease = await locks.acquire(newKey(), { owner: 'a', lease: '0x12' });
    expect(lease.json().detail).toBe('"lease" must be a lease ID of 1 to 16 hex digits');
    expect(lease.json().hint).toBeUndefined();
    const since = await send(gateway, 'GET', '/v1/watch?prefix=a&since=now');
    expect(since.json().detail).toBe(
      '"since" must be a revision, such as 41, or the ID of an event, such as 41.3',
    );
  });

  it('shows the hex form of a decimal lease ID, wherever an ID is accepted', async () => {
    const id = '7587869052146745611';
    const compare = { if: [{ key: 'a', lease: id }], then: [{ get: 'a' }] };
    for (const answer of [
      await send(gateway, 'GET', `/v1/leases/${id}`),
      await send(gateway, 'POST', `/v1/leases/${id}/keepalive`),
      await send(gateway, 'GET', `/v1/leases?next=${id}`),
      await send(gateway, 'POST', '/v1/leases', jsonBody({ id, ttl: 60 })),
      await send(gateway, 'PUT', `/v1/kv/a?raw&lease=${id}`, { body: 'a' }),
      await send(gateway, 'PUT', '/v1/kv/a', jsonBody({ value: 'a', lease: id })),
      await send(gateway, 'POST', '/v1/txn', jsonBody(compare)),
      await locks.acquire(newKey(), { owner: 'a', lease: id }),
    ]) {
      expect([answer.status, answer.json().hint]).toEqual([
        400,
        'write the ID in hex: 694d86b35f63010b; the raw v3 API writes IDs in decimal',
      ]);
    }
    const others = ['9223372036854775808', '00000000000000012', '12345678901234567890'];
    for (const other of others)
      expect((await send(gateway, 'GET', `/v1/leases/${other}`)).json().hint).toContain(
        'hex digits',
      );
  });
});
