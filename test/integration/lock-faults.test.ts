// Locks behind a network that loses, cuts, delays and repeats single requests: the fault catalogue's cases of the contention engine.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  EXPIRED,
  HELD,
  WITHIN_A_SECOND,
  codeOf,
  newToken,
  pause,
} from '../contract/locks/target.js';
import type { NoStream } from '../support/event-stream.js';
import { cutBefore, loseResponse, startFaultProxy } from '../support/fault-proxy.js';
import type { Call, CallKind, Fault, FaultProxy } from '../support/fault-proxy.js';
import { jsonBody } from '../support/documented-calls.js';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import type { LockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';

const TOKENS: [string, () => string | undefined][] = [
  ['a token that the gateway made', () => undefined],
  ['a token of the caller', newToken],
];

const etcd = new RawEtcd(inject('etcdEndpoint'));
/** A gateway that nothing happens to. */
const calm = lockClient(inject('gatewayUrl'));
let proxy: FaultProxy;
let gateway: Gateway;
let client: LockClient;
beforeAll(async () => {
  proxy = await startFaultProxy(inject('etcdEndpoint'));
  gateway = await spawnGateway({ args: ['--endpoints', proxy.endpoint, '--log-level=error'] });
  client = lockClient(gateway.baseUrl);
});
afterAll(async () => {
  await gateway.stop();
  await proxy.stop();
});

const of =
  (name: string, ...kinds: CallKind[]) =>
  (call: Call): boolean =>
    kinds.includes(call.kind) && call.keys.some((key) => key.startsWith(`locks/${name}/`));
const kind =
  (...kinds: CallKind[]) =>
  (call: Call): boolean =>
    kinds.includes(call.kind);

const revisionsOf = async (name: string): Promise<number[]> =>
  (await etcd.entries(name)).map((entry) => entry.createRevision);

/** The leases that were asked for since, and that still live. */
async function livingLeases(since: number): Promise<string[]> {
  const asked = proxy.calls.slice(since).filter((call) => call.kind === 'grant');
  const leases = asked.flatMap((call) => call.lease ?? []);
  const left = await Promise.all(leases.map((lease) => etcd.secondsLeft(lease)));
  return leases.filter((_, index) => left[index] !== undefined);
}

function gate(): { open: () => void; opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('F24: a lease grant whose response is lost', () => {
  it.each(TOKENS)('leaves no second lease when the lock is taken, with %s', async (_, tokenOf) => {
    const name = newKey();
    const since = proxy.calls.length;
    const lost = proxy.next(kind('grant'), loseResponse);
    await client.hold200(name, { owner: 'a', token: tokenOf() });
    const [entry] = await etcd.entries(name);
    expect((await lost).lease).not.toBe(entry!.lease);
    expect(await livingLeases(since)).toEqual([entry!.lease]);
  });

  it.each(TOKENS)('leaves no lease when the wait runs out, with %s', async (_, tokenOf) => {
    const name = newKey();
    await calm.hold200(name, { owner: 'a' });
    const since = proxy.calls.length;
    const lost = proxy.next(kind('grant'), loseResponse);
    const answer = await client.acquire(name, { owner: 'b', wait: 0.5, token: tokenOf() });
    expect(codeOf(answer)).toEqual(HELD);
    await lost;
    await expect.poll(() => livingLeases(since), WITHIN_A_SECOND).toEqual([]);
    expect(await etcd.entries(name)).toHaveLength(1);
  });
});

describe('F25: an entry whose response is lost', () => {
  it.each(TOKENS)('keeps its place under one key, with %s', async (_, tokenOf) => {
    const name = newKey();
    const first = await calm.hold200(name, { owner: 'a' });
    const since = proxy.calls.length;
    const lost = proxy.next(of(name, 'enter'), loseResponse);
    const waiting = client.hold200(name, { owner: 'b', wait: 20, token: tokenOf() });
    await lost;
    const behind = calm.hold200(name, { owner: 'c', wait: 20 });
    await calm.untilQueued(name, 2);
    const [, entry, ...others] = await etcd.entries(name);
    expect(others).toHaveLength(1);
    await calm.release(name, { token: first.token });
    const held = await waiting;
    expect(held.fencingToken).toBe(entry!.createRevision);
    expect(await livingLeases(since)).toEqual([entry!.lease]);
    await client.release(name, { token: held.token });
    expect((await behind).owner).toBe('c');
  });

  it.each(TOKENS)('is one key of a try without waiting, with %s', async (_, tokenOf) => {
    const name = newKey();
    const since = proxy.calls.length;
    const lost = proxy.next(of(name, 'enter'), loseResponse);
    const held = await client.hold200(name, { owner: 'a', token: tokenOf() });
    await lost;
    const entries = await etcd.entries(name);
    expect(entries.map((entry) => entry.createRevision)).toEqual([held.fencingToken]);
    expect(await livingLeases(since)).toEqual([entries[0]!.lease]);
  });

  it.each(TOKENS)(
    'is made by the next request when it never arrived, with %s',
    async (_, tokenOf) => {
      const name = newKey();
      const lost = proxy.next(of(name, 'enter'), cutBefore);
      const held = await client.hold200(name, { owner: 'a', wait: 10, token: tokenOf() });
      await lost;
      expect(await revisionsOf(name)).toEqual([held.fencingToken]);
    },
  );

  it.each([
    ['a ttl of null', () => Promise.resolve({ ttl: null })],
    ["a lease of the caller's", async () => ({ lease: await etcd.grant(60) })],
  ])(
    'is one permanent entry when its conversion is what was lost, with %s',
    async (_, fieldsOf) => {
      const name = newKey();
      const since = proxy.calls.length;
      const lost = proxy.next(of(name, 'update'), loseResponse);
      const fields: { lease?: string; ttl?: null } = await fieldsOf();
      const held = await client.hold200(name, { owner: 'a', ...fields });
      await lost;
      const entries = await etcd.entries(name);
      expect(entries.map((entry) => [entry.createRevision, entry.lease])).toEqual([
        [held.fencingToken, fields.lease],
      ]);
      expect(await livingLeases(since)).toEqual([]);
    },
  );
});

describe('a conversion with a chosen token whose response is lost', () => {
  it.each([
    ['a ttl of null', () => Promise.resolve({ ttl: null })],
    ["a lease of the caller's", async () => ({ lease: await etcd.grant(60) })],
  ])('is unknown or held, and held by the repeat, with %s', async (_, fieldsOf) => {
    const name = newKey();
    const fields: { lease?: string; ttl?: null } = await fieldsOf();
    const body = { owner: 'a', token: newToken(), ...fields };
    const lost = proxy.next(of(name, 'update'), loseResponse);
    const answer = await client.acquire(name, body);
    await lost;
    if (answer.status !== 200)
      expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
    const held = await client.hold200(name, body);
    const entries = await etcd.entries(name);
    expect(entries.map((entry) => [entry.createRevision, entry.lease])).toEqual([
      [held.fencingToken, fields.lease],
    ]);
    expect((await client.release(name, { token: body.token })).status).toBe(200);
    expect(await etcd.entries(name)).toEqual([]);
  });
});

describe('a request that another request overtakes', () => {
  it.each([
    ['an exclusive try', 'exclusive', 'exclusive'],
    ['an exclusive try', 'exclusive', 'shared'],
    ['a shared try', 'shared', 'exclusive'],
  ])('is refused and leaves nothing: %s of mode %s, by one of mode %s', async (_, mode, other) => {
    const name = newKey();
    const since = proxy.calls.length;
    let fencingToken = 0;
    const overtaken = proxy.next(of(name, 'enter'), async (_call, forward) => {
      ({ fencingToken } = await calm.hold200(name, { owner: 'faster', mode: other }));
      return forward();
    });
    const answer = await client.acquire(name, { owner: 'a', mode });
    await overtaken;
    expect(codeOf(answer)).toEqual(HELD);
    expect(answer.json().holder.owner).toBe('faster');
    expect(await revisionsOf(name)).toEqual([fencingToken]);
    await expect.poll(() => livingLeases(since), WITHIN_A_SECOND).toEqual([]);
  });

  it.each([0, 10])(
    'returns 410 and enters nothing when the joined entry is removed at that time, with a wait of %s',
    async (wait) => {
      const name = newKey();
      const body = { owner: 'a', token: newToken() };
      await calm.hold200(name, body);
      const overtaken = proxy.next(of(name, 'update'), async (_call, forward) => {
        await calm.release(name, { token: body.token });
        return forward();
      });
      expect(codeOf(await client.acquire(name, { ...body, wait }))).toEqual(EXPIRED);
      await overtaken;
      expect(await etcd.entries(name)).toEqual([]);
    },
  );

  it('never returns a removed acquisition, but a later one of the same token, or 410', async () => {
    const name = newKey();
    const body = { owner: 'a', token: newToken() };
    const first = await calm.hold200(name, body);
    let later = 0;
    const overtaken = proxy.next(of(name, 'update'), async (_call, forward) => {
      await calm.release(name, { token: body.token });
      later = (await calm.hold200(name, body)).fencingToken;
      return forward();
    });
    const answer = await client.acquire(name, body);
    await overtaken;
    expect(later).toBeGreaterThan(first.fencingToken);
    if (answer.status === 200) expect(answer.json().fencingToken).toBe(later);
    else expect(codeOf(answer)).toEqual(EXPIRED);
    expect(await revisionsOf(name)).toEqual([later]);
  });

  it('ends only the holding that it read, by owner and by force', async () => {
    for (const query of ['?owner=a', '?force=true']) {
      const name = newKey();
      const body = { owner: 'a', token: newToken() };
      await calm.hold200(name, body);
      let fencingToken = 0;
      const overtaken = proxy.next(of(name, 'delete'), async (_call, forward) => {
        await calm.release(name, { token: body.token });
        ({ fencingToken } = await calm.hold200(name, body));
        return forward();
      });
      await client.releaseBy(name, query);
      await overtaken;
      expect(await revisionsOf(name)).toEqual([fencingToken]);
    }
  });
});

describe('F26: a release whose response is lost', () => {
  it.each([
    ['owner', ({ owner }: any) => ({ owner })],
    ['token', ({ token }: any) => ({ token })],
  ])('by %s does not end the next holding of the same caller, however late', async (_, named) => {
    const name = newKey();
    const body = { owner: 'a', token: newToken() };
    const first = await client.hold200(name, body);
    const since = proxy.calls.length;
    const lost = proxy.next(of(name, 'delete'), loseResponse);
    expect((await client.release(name, named(body))).status).toBe(200);
    const second = await client.hold200(name, body);
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    await proxy.resend(await lost);
    for (const call of proxy.calls.slice(since).filter(kind('revoke'))) await proxy.resend(call);
    expect(await revisionsOf(name)).toEqual([second.fencingToken]);
    expect((await client.renew(name, body.token === '' ? {} : { token: body.token })).status).toBe(
      200,
    );
  });

  it.each(TOKENS)(
    'is not undone by a late copy of what made the entry, with %s',
    async (_, of2) => {
      const name = newKey();
      const since = proxy.calls.length;
      const body = { owner: 'a', token: of2() };
      const { token } = await client.hold200(name, body);
      expect((await client.release(name, { token })).status).toBe(200);
      for (const call of proxy.calls.slice(since).filter(kind('enter', 'update')))
        await proxy.resend(call);
      expect(await etcd.entries(name)).toEqual([]);
    },
  );

  it.each([
    ['a ttl of null', { ttl: null }],
    ['a wait that was over', { wait: 0.3 }],
  ])('is not undone by a late copy either after %s', async (what, fields) => {
    const name = newKey();
    const isWaiter = 'wait' in fields;
    const blocker = isWaiter ? await calm.hold200(name, { owner: 'x' }) : undefined;
    const since = proxy.calls.length;
    const answer = await client.acquire(name, { owner: 'a', ...fields });
    expect(answer.status, what).toBe(isWaiter ? 423 : 200);
    const { token } = blocker ?? answer.json();
    await calm.release(name, { token });
    for (const call of proxy.calls.slice(since).filter(kind('enter', 'update')))
      await proxy.resend(call);
    expect(await etcd.entries(name)).toEqual([]);
  });

  it('is retried until etcd responds, and has an unknown outcome if it never does', async () => {
    const name = newKey();
    const { token, fencingToken } = await client.hold200(name, { owner: 'a' });
    const heal = proxy.every(of(name, 'delete'), cutBefore);
    const answer = await client.release(name, { token });
    heal();
    expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
    expect(await revisionsOf(name)).toEqual([fencingToken]);
    expect((await client.release(name, { token })).status).toBe(200);
    expect(await etcd.entries(name)).toEqual([]);
  });
});

describe('F28: the lease of a waiter that ends', () => {
  it('gets 410 promptly, and leaves no entry', async () => {
    const name = newKey();
    const first = await calm.hold200(name, { owner: 'a' });
    const waiting = client.acquire(name, { owner: 'b', wait: 20 });
    await calm.untilQueued(name, 1);
    const [, entry] = await etcd.entries(name);
    await etcd.revoke(entry!.lease!);
    const startedAt = performance.now();
    expect(codeOf(await waiting)).toEqual(EXPIRED);
    expect(performance.now() - startedAt).toBeLessThan(WITHIN_A_SECOND.timeout);
    await calm.release(name, { token: first.token });
    expect((await calm.inspect(name)).json().locked).toBe(false);
  });

  it('gets 410 when no renewal of the gateway arrives', async () => {
    const name = newKey();
    await calm.hold200(name, { owner: 'a' });
    const heal = proxy.every(kind('keepalive'), cutBefore);
    const answer = await client.acquire(name, { owner: 'b', ttl: 5, wait: 25 });
    heal();
    expect(codeOf(answer)).toEqual(EXPIRED);
    expect(await etcd.entries(name)).toHaveLength(1);
  });
});

describe('a lock that is released by force between the acquisition and its response', () => {
  it.each([null, undefined])('is 410 and not 200, with the ttl %s', async (ttl) => {
    const name = newKey();
    const broken = proxy.next(
      kind(ttl === null ? 'revoke' : 'enter'),
      async ({ kind: asked }, forward) => {
        const answer = asked === 'enter' ? await forward() : undefined;
        expect((await calm.releaseBy(name, '?force=true')).status).toBe(200);
        await pause(1_000);
        return answer ?? forward();
      },
    );
    const answer = await client.acquire(name, { owner: 'a', ...(ttl === null && { ttl }) });
    await broken;
    expect(codeOf(answer)).toEqual(EXPIRED);
  });
});

describe('F29: a lease that ends between the acquisition and its response', () => {
  it('returns 410 and not 200 for a request without a wait whose response was late', async () => {
    const name = newKey();
    const slow = proxy.next(of(name, 'enter'), async (_call, forward) => {
      const answer = await forward();
      await expect.poll(() => etcd.entries(name), { timeout: 15_000 }).toEqual([]);
      return answer;
    });
    const answer = await client.acquire(
      name,
      { owner: 'a', ttl: 1 },
      { headers: { 'content-type': 'application/json', 'request-timeout': '10' } },
    );
    await slow;
    expect(codeOf(answer)).toEqual(EXPIRED);
  });

  it('returns 410 and not 200 for a waiter that was about to acquire', async () => {
    const name = newKey();
    const first = await calm.hold200(name, { owner: 'a' });
    const waiting = client.acquire(name, { owner: 'b', wait: 20 });
    await calm.untilQueued(name, 1);
    const [, entry] = await etcd.entries(name);
    const confirmed = proxy.next(of(name, 'read'), async (_call, forward) => {
      const answer = await forward();
      await etcd.revoke(entry!.lease!);
      return answer;
    });
    await calm.release(name, { token: first.token });
    await confirmed;
    expect(codeOf(await waiting)).toEqual(EXPIRED);
    expect(await etcd.entries(name)).toEqual([]);
  });
});

describe('F30: a client that disconnects while it is queued', () => {
  it('leaves no key, even when the request that makes it arrives later', async () => {
    const name = newKey();
    const { fencingToken } = await calm.hold200(name, { owner: 'a' });
    const { open, opened } = gate();
    let lateStatus = 0;
    const late = proxy.next(of(name, 'enter'), async (_call, forward) => {
      await opened;
      const answer = await forward();
      lateStatus = answer.status;
      return answer;
    });
    const arrived = proxy.calls.length;
    const hangUp = new AbortController();
    const waiting = client.acquire(name, { owner: 'b', wait: 20 }, { signal: hangUp.signal });
    const entered = (): boolean => proxy.calls.slice(arrived).some(of(name, 'enter'));
    await expect.poll(entered, WITHIN_A_SECOND).toBe(true);
    hangUp.abort();
    await expect(waiting).rejects.toThrow();
    await expect.poll(() => livingLeases(arrived), WITHIN_A_SECOND).toEqual([]);
    open();
    await late;
    expect(lateStatus).toBe(404);
    expect(await revisionsOf(name)).toEqual([fencingToken]);
  });

  it.each(TOKENS)(
    'leaves no key when the first requests that tidy up are lost, with %s',
    async (_, tokenOf) => {
      const name = newKey();
      const { fencingToken } = await calm.hold200(name, { owner: 'a' });
      const hangUp = new AbortController();
      const waiting = client.acquire(
        name,
        { owner: 'b', wait: 20, token: tokenOf() },
        { signal: hangUp.signal },
      );
      await calm.untilQueued(name, 1);
      const lost = proxy.next(kind('revoke', 'delete'), cutBefore);
      hangUp.abort();
      await expect(waiting).rejects.toThrow();
      await lost;
      await expect.poll(() => revisionsOf(name), WITHIN_A_SECOND).toEqual([fencingToken]);
    },
  );
});

describe('F31: a wait that runs out', () => {
  it.each(TOKENS)('leaves neither key nor lease, with %s', async (_, tokenOf) => {
    const name = newKey();
    const { fencingToken } = await calm.hold200(name, { owner: 'a' });
    const since = proxy.calls.length;
    const answer = await client.acquire(name, { owner: 'b', wait: 0.5, token: tokenOf() });
    expect(codeOf(answer)).toEqual(HELD);
    expect(await revisionsOf(name)).toEqual([fencingToken]);
    await expect.poll(() => livingLeases(since), WITHIN_A_SECOND).toEqual([]);
  });

  it.each(TOKENS)('leaves neither when tidying up fails at first, with %s', async (_, tokenOf) => {
    const name = newKey();
    const { fencingToken } = await calm.hold200(name, { owner: 'a' });
    const since = proxy.calls.length;
    const lost = proxy.next(kind('revoke', 'delete'), cutBefore);
    const answer = await client.acquire(name, { owner: 'b', wait: 0.5, token: tokenOf() });
    await lost;
    expect(codeOf(answer)).toEqual(HELD);
    await expect.poll(() => revisionsOf(name), WITHIN_A_SECOND).toEqual([fencingToken]);
    await expect.poll(() => livingLeases(since), WITHIN_A_SECOND).toEqual([]);
  });
});

describe('F37: a keepalive that is answered without a ttl', () => {
  it('is 410 when the lease went between two reads', async () => {
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const [entry] = await etcd.entries(name);
    const gone = proxy.next(kind('keepalive'), async (_call, forward) => {
      await etcd.revoke(entry!.lease!);
      const answer = await forward();
      expect([answer.status, answer.json().result.TTL]).toEqual([200, undefined]);
      return answer;
    });
    expect(codeOf(await client.renew(name, { token }))).toEqual(EXPIRED);
    await gone;
  });

  it('is 410 when the entry went right behind a renewal that succeeded', async () => {
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const [entry] = await etcd.entries(name);
    const renewed = proxy.next(kind('keepalive'), async (_call, forward) => {
      const answer = await forward();
      await etcd.deleteKey(entry!.key);
      return answer;
    });
    expect(codeOf(await client.renew(name, { token }))).toEqual(EXPIRED);
    await renewed;
  });

  it('has an unknown outcome, and is not lost, without any response', async () => {
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const heal = proxy.every(kind('keepalive'), cutBefore);
    const answer = await client.renew(name, { token });
    heal();
    expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
    expect((await client.renew(name, { token })).status).toBe(200);
  });
});

describe('F37: a member that denies a lease that lives, as one that has slept does', () => {
  /** What such a member says, once. */
  const denial: Fault = async (_call, forward) => ({
    ...(await forward()),
    bytes: Buffer.from('{"result":{"header":{},"ID":"1"}}'),
  });

  it('keeps the lock of the holder: the entry exists, and the renewal is retried', async () => {
    const name = newKey();
    const { token, fencingToken } = await client.hold200(name, { owner: 'a' });
    const denied = proxy.next(kind('keepalive'), denial);
    const answer = await client.renew(name, { token });
    await denied;
    expect([answer.status, answer.json().fencingToken]).toEqual([200, fencingToken]);
  });

  it('keeps the position of every waiter', async () => {
    const name = newKey();
    const holder = await calm.hold200(name, { owner: 'a' });
    const waiting = client.acquire(name, { owner: 'b', ttl: 5, wait: 20 });
    await client.untilQueued(name, 1);
    const denied = proxy.next(kind('keepalive'), denial);
    await denied;
    const deniedAgain = proxy.next(kind('keepalive'), denial);
    await calm.release(name, { token: holder.token });
    await deniedAgain;
    expect((await waiting).status).toBe(200);
  });

  it('ends no lease of a caller', async () => {
    const granted = await send(gateway.baseUrl, 'POST', '/v1/leases', jsonBody({ ttl: 60 }));
    const path = `/v1/leases/${granted.json().id}`;
    const denied = proxy.next(kind('keepalive'), denial);
    const renewed = await send(gateway.baseUrl, 'POST', `${path}/keepalive`);
    await denied;
    expect([renewed.status, renewed.json().ttl]).toEqual([200, 60]);
    expect((await send(gateway.baseUrl, 'DELETE', path)).status).toBe(200);
  });
});

describe('a wait that runs out', () => {
  it('ends as an acquisition when the last read finds that it holds', async () => {
    const name = newKey();
    const holder = await calm.hold200(name, { owner: 'a' });
    const waiting = client.acquire(name, { owner: 'b', wait: 1 });
    await client.untilQueued(name, 1);
    // The look at the end still sees the holder; behind it he goes.
    const gone = proxy.next(of(name, 'read'), async (_call, forward) => {
      const answer = await forward();
      await calm.release(name, { token: holder.token });
      return answer;
    });
    await gone;
    const answer = await waiting;
    expect([answer.status, await revisionsOf(name)]).toEqual([200, [answer.json().fencingToken]]);
  });

  it('has an unknown outcome when etcd does not respond, and is never late', async () => {
    const name = newKey();
    await calm.hold200(name, { owner: 'a' });
    const waiting = client.acquire(name, { owner: 'b', wait: 1 });
    await client.untilQueued(name, 1);
    const heal = proxy.every(of(name, 'read'), () => new Promise(() => undefined));
    const answer = await waiting;
    heal();
    expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
  });
});

describe('many connections of one token at once', () => {
  it('all hold the same entry', async () => {
    const name = newKey();
    const token = newToken();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.acquire(name, { owner: 'a', wait: 20, token })),
    );
    const [only] = await revisionsOf(name);
    expect(answers.map((answer) => [answer.status, answer.json().fencingToken])).toEqual(
      answers.map(() => [200, only]),
    );
  });
});

describe('an etcd that cannot be read', () => {
  it('is reported before any write: the outcome is not-applied', async () => {
    const name = newKey();
    const token = newToken();
    await calm.hold200(name, { owner: 'a', token });
    const heal = proxy.every(() => true, cutBefore);
    const answers = [
      await client.acquire(name, { owner: 'b' }),
      await client.acquire(name, { owner: 'b', wait: 1 }),
      await client.release(name, { token }),
      await client.release(name, { owner: 'a' }),
      await client.releaseBy(name, '?force=true'),
      await client.renew(name, { token }),
    ];
    heal();
    for (const answer of answers) {
      const { outcome } = answer.json();
      expect([answer.status, outcome, answer.headers['retry-after']]).toEqual([
        503,
        'not-applied',
        '1',
      ]);
    }
    expect((await calm.inspect(name)).json().locked).toBe(true);
  });
});

describe('an etcd that fails during a request', () => {
  it('leaves the outcome of started writes unknown: a created entry, and an acquisition whose lease stays', async () => {
    const [taken, released] = [newKey(), newKey()];
    const { token } = await calm.hold200(released, { owner: 'a' });
    const heals: (() => void)[] = [];
    const thenNothing = async (_call: Call, forward: () => Promise<Answer>): Promise<Answer> => {
      const answer = await forward();
      heals.push(proxy.every(() => true, cutBefore));
      return answer;
    };
    const entered = proxy.next(of(taken, 'enter'), thenNothing);
    const one = await client.acquire(taken, { owner: 'a', ttl: null });
    await entered;
    heals.pop()!();
    const deleted = proxy.next(of(released, 'delete'), thenNothing);
    const two = await client.release(released, { token });
    await deleted;
    heals.pop()!();
    for (const answer of [one, two])
      expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
    await expect.poll(() => etcd.entries(taken), { timeout: 10_000 }).toEqual([]);
    expect(await etcd.entries(released)).toEqual([]);
  });
});

describe('a hold whose place in the queue is slow to find', () => {
  it('does not report it after the wait has ended, and the gateway continues', async () => {
    const name = newKey();
    const token = newToken();
    await calm.hold200(name, { owner: 'a' });
    const { open, opened } = gate();
    const slow = proxy.next(of(name, 'range'), async (_call, forward) => {
      const answer = await forward();
      await opened;
      return answer;
    });
    const refusal = client.hold(name, { owner: 'b', token }).catch((error: unknown) => error);
    await calm.untilQueued(name, 1);
    await calm.release(name, { token });
    expect((await refusal) as NoStream).toMatchObject({ status: 410 });
    open();
    await slow;
    await pause(200);
    expect((await client.inspect(name)).json().holders[0].owner).toBe('a');
  });
});
