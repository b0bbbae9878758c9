// One queue with Go programs: concurrency.Mutex of etcd's own client and PUT /v1/locks.
import { describe, expect, inject, it } from 'vitest';
import { buildGoMutex, startGoMutex } from '../support/go-mutex.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';

const built = await buildGoMutex();
const title = 'reason' in built ? ` (skipped: ${built.reason})` : '';
if ('reason' in built) console.error(`not tested against Go's mutex: ${built.reason}`);
const file = 'file' in built ? built.file : '';

const client = lockClient(inject('gatewayUrl'));
const start = (name: string): ReturnType<typeof startGoMutex> =>
  startGoMutex(file, inject('etcdEndpoint'), `locks/${name}`);

/** The fencing token in `holds REVISION KEY`. */
const tokenIn = (line: string): number => Number(/^holds (\d+) /.exec(line)?.[1]);

describe.skipIf('reason' in built)(`Go's concurrency.Mutex${title}`, () => {
  it('holds while a PUT waits, and waits while a PUT holds', async () => {
    const name = newKey();
    const first = start(name);
    expect(await first.line()).toBe('waits');
    const firstToken = tokenIn(await first.line());
    const [holder] = (await client.inspect(name)).json().holders;
    expect(holder).toMatchObject({ owner: null, mode: 'exclusive', fencingToken: firstToken });

    const waiting = client.hold200(name, { owner: 'us', wait: 20 });
    await client.untilQueued(name, 1);
    const second = start(name);
    await client.untilQueued(name, 2);
    const waiters = (await client.inspect(name)).json().waiters as { owner: string | null }[];
    expect(waiters.map((waiter) => waiter.owner)).toEqual(['us', null]);

    expect(await first.release()).toBe(0);
    const { token, fencingToken } = await waiting;
    expect(fencingToken).toBeGreaterThan(firstToken);
    expect(await second.line()).toBe('waits');
    const { holders, queueLength } = (await client.inspect(name)).json();
    expect([holders[0].owner, queueLength]).toEqual(['us', 1]);

    await client.release(name, { token });
    expect(tokenIn(await second.line())).toBeGreaterThan(fencingToken as number);
    expect(await second.release()).toBe(0);
    expect((await client.inspect(name)).json().locked).toBe(false);
  });

  it('waits behind a shared holder, and a shared request waits behind it', async () => {
    const name = newKey();
    const shared = await client.hold200(name, { owner: 'reader', mode: 'shared' });
    const mutex = start(name);
    await client.untilQueued(name, 1);
    const later = client.hold200(name, { owner: 'later', mode: 'shared', wait: 20 });
    await client.untilQueued(name, 2);
    await client.release(name, { token: shared.token });
    expect(await mutex.line()).toBe('waits');
    expect(tokenIn(await mutex.line())).toBeGreaterThan(shared.fencingToken as number);
    expect(await mutex.release()).toBe(0);
    expect((await later).owner).toBe('later');
  });
});
