// What one gateway takes on, with the limits set low; and what it writes into its log.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { INVALID, codeOf, newToken, pointersOf } from '../contract/locks/target.js';
import type { NoStream } from '../support/event-stream.js';
import { lockClient } from '../support/lock-client.js';
import type { LockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { expectDocumentedResponse } from '../support/openapi-response.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';

const FULL = [429, 'too-many-requests'];

let gateway: Gateway;
let client: LockClient;
const roomy = lockClient(inject('gatewayUrl'));
beforeAll(async () => {
  gateway = await spawnGateway({
    args: [
      ...['--endpoints', inject('etcdEndpoint'), '--log-level=info'],
      ...['--lock-waiters=2', '--waiters=3', '--streams=2', '--lock-wait-max=10'],
      ...['--lock-ttl-max=60', '--lock-metadata-limit=16'],
    ],
  });
  client = lockClient(gateway.baseUrl);
});
afterAll(() => gateway.stop());

describe('limits of one gateway', () => {
  it('are the waiters of one lock, and those of all', async () => {
    const names = [newKey(), newKey(), newKey()];
    const wait = (name: string): Promise<any> => client.hold200(name, { owner: 'w', wait: 10 });
    for (const name of names) await roomy.hold200(name, { owner: 'a' });
    const [one, two, three] = names as [string, string, string];
    const waits = [wait(one), wait(one)];
    await client.untilQueued(one, 2);
    const crowded = await client.acquire(one, { owner: 'w', wait: 10 });
    expect(codeOf(crowded)).toEqual(FULL);
    expect(crowded.json().detail).toContain('for this lock');
    expect(Number(crowded.headers['retry-after'])).toBeGreaterThan(0);
    waits.push(wait(two));
    await client.untilQueued(two, 1);
    const full = await client.acquire(three, { owner: 'w', wait: 10 });
    expect(codeOf(full)).toEqual(FULL);
    expect((await client.inspect(three)).json().queueLength).toBe(0);
    // Requests that do not wait are not counted, and neither are waiters at other locks.
    expect((await client.acquire(three, { owner: 'w' })).status).toBe(423);
    await roomy.release(two, { owner: 'a' });
    await waits[2];
    const again = wait(three);
    await client.untilQueued(three, 1);
    for (const name of names) await roomy.releaseBy(name, '?force=true').catch(() => undefined);
    await roomy.release(one, { owner: 'w' });
    expect((await Promise.all([...waits, again])).map((held) => held.owner)).toEqual([
      'w',
      'w',
      'w',
      'w',
    ]);
  });

  it('are the streams, holds and events together', async () => {
    const name = newKey();
    const streams = [await client.hold(name, { owner: 'a' }), await client.events(name)];
    const refusals = await Promise.all([
      client.hold(newKey(), { owner: 'a' }).catch((error: unknown) => error as NoStream),
      client.events(name).catch((error: unknown) => error as NoStream),
    ]);
    for (const [index, operationId] of ['holdLock', 'watchLock'].entries()) {
      const refusal = refusals[index] as NoStream;
      expect([refusal.status, JSON.parse(refusal.text).code]).toEqual(FULL);
      expectDocumentedResponse(operationId, refusal);
    }
    for (const stream of streams) stream.close();
    await expect
      .poll(() =>
        client.events(name).then(
          (stream) => (stream.close(), true),
          () => false,
        ),
      )
      .toBe(true);
  });

  it.each([
    ['/wait', { wait: 10.5 }],
    ['/ttl', { ttl: 61 }],
    ['/metadata', { metadata: 'x'.repeat(15) }],
  ])('are those of %s', async (pointer, fields) => {
    const answer = await client.acquire(newKey(), { owner: 'a', ...fields });
    expect(codeOf(answer)).toEqual(INVALID);
    expect(pointersOf(answer)).toEqual([pointer]);
  });

  it('are kept at their edge', async () => {
    const body = { owner: 'a', wait: 10, ttl: 60, metadata: 'x'.repeat(14) };
    expect((await client.acquire(newKey(), body)).status).toBe(200);
  });
});

describe('the log', () => {
  it('logs which client released a lock by force, and its owner', async () => {
    const name = newKey();
    await client.hold200(name, { owner: 'the holder' });
    await client.releaseBy(name, '?force=true', { headers: { 'x-request-id': 'force-1' } });
    const lineOf = (): string | undefined =>
      gateway
        .output()
        .split('\n')
        .find((each) => each.includes('broken by force') && each.includes(name));
    // Its output comes through a pipe of its own, perhaps behind the answer.
    await expect.poll(lineOf).toBeDefined();
    expect(JSON.parse(lineOf() ?? '{}')).toMatchObject({
      requestId: 'force-1',
      lock: name,
      by: 'anonymous',
      holders: ['the holder'],
    });
  });

  it('never shows a token, wherever the caller puts it', async () => {
    const name = newKey();
    const token = newToken();
    await client.hold200(name, { owner: 'a', token });
    await client.renew(name, { token });
    await client.releaseBy(name, `?token=${token}0`);
    await client.releaseBy(name, '', { headers: { 'lock-token': token } });
    await client.hold200(name, { owner: 'a', token });
    await client.releaseBy(name, `?token=${token}`);
    await client.hold200(name, { owner: 'a' });
    await client.releaseBy(name, '?force=true', { headers: { 'x-request-id': 'behind-it' } });
    await expect.poll(() => gateway.output()).toContain('behind-it');
    expect(gateway.output()).not.toContain(token);
  });
});
