// Locks whose requests to etcd have no response: which are repeated, on which lease, and what a late copy of the first one does.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { WITHIN_A_SECOND, newToken } from '../contract/locks/target.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import type { Call, CallKind, Fault, FaultProxy } from '../support/fault-proxy.js';
import { lockClient } from '../support/lock-client.js';
import type { LockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';

const TOKENS: [string, () => string | undefined][] = [
  ['a token that the gateway made', () => undefined],
  ['a token of the client', newToken],
];
const WAITS = [0, 20];
const CASES = TOKENS.flatMap(([name, tokenOf]) =>
  WAITS.map((wait) => [name, wait, tokenOf] as const),
);
/** A paused member: the request has arrived, and no response leaves it. */
const silence: Fault = () => new Promise(() => undefined);
/** By which the gateway gives a silent endpoint up, and how much longer on a loaded machine. */
const SILENCE_MS = 2_000;
const SLACK = 5;

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
const revisionsOf = async (name: string): Promise<number[]> =>
  (await etcd.entries(name)).map((entry) => entry.createRevision);

/** Does this to the first matching request, and leaves the test to go on. */
function first(matches: (call: Call) => boolean, fault: Fault): () => Call | undefined {
  let seen: Call | undefined;
  const heal = proxy.every(
    (call) => {
      if (seen !== undefined || !matches(call)) return false;
      seen = call;
      return true;
    },
    (call, forward) => fault(call, forward),
  );
  return () => {
    heal();
    return seen;
  };
}

async function timed<T>(work: Promise<T>): Promise<{ result: T; tookMs: number }> {
  const startedAt = performance.now();
  return { result: await work, tookMs: performance.now() - startedAt };
}

describe('F56: an acquisition whose request has no response', () => {
  it.each(CASES)(
    'grants another lease after a silent grant, with %s and a wait of %s',
    async (_, wait, tokenOf) => {
      const name = newKey();
      const asked = first((call) => call.kind === 'grant', silence);
      const { result, tookMs } = await timed(
        client.hold200(name, { owner: 'a', wait, token: tokenOf() }),
      );
      const silent = asked()!;
      expect(tookMs).toBeLessThan(SILENCE_MS * SLACK);
      const [entry] = await etcd.entries(name);
      expect(entry!.createRevision).toBe(result.fencingToken);
      expect(entry!.lease).not.toBe(silent.lease);
      // The member goes on: its grant makes a lease that nothing uses.
      await proxy.resend(silent);
      await client.release(name, { token: result.token });
      expect(await etcd.entries(name)).toEqual([]);
    },
  );

  it.each(CASES)(
    'enters on another lease after a silent enter, whose late copy does nothing, with %s and a wait of %s',
    async (_, wait, tokenOf) => {
      const name = newKey();
      const since = proxy.calls.length;
      const asked = first(of(name, 'enter'), silence);
      const { result, tookMs } = await timed(
        client.hold200(name, { owner: 'a', wait, token: tokenOf() }),
      );
      const silent = asked()!;
      expect(tookMs).toBeLessThan(SILENCE_MS * SLACK);
      const leases = proxy.calls.slice(since).filter(of(name, 'enter'));
      expect(new Set(leases.map((call) => call.lease)).size).toBe(2);
      // Revoked before the response, so a late copy fails while the lock is held and after its release.
      expect(await etcd.secondsLeft(silent.lease!)).toBeUndefined();
      await proxy.resend(silent);
      expect(await revisionsOf(name)).toEqual([result.fencingToken]);
      await client.release(name, { token: result.token });
      const next = await calm.hold200(name, { owner: 'b' });
      await proxy.resend(silent);
      expect(await revisionsOf(name)).toEqual([next.fencingToken]);
    },
  );

  it.each(CASES)(
    'finds the entry of an enter that was applied, with %s and a wait of %s',
    async (_, wait, tokenOf) => {
      const name = newKey();
      const since = proxy.calls.length;
      const asked = first(of(name, 'enter'), async (_call, forward) => {
        await forward();
        return new Promise(() => undefined);
      });
      const held = await client.hold200(name, { owner: 'a', wait, token: tokenOf() });
      expect(await etcd.entries(name)).toMatchObject([
        { createRevision: held.fencingToken, lease: asked()!.lease },
      ]);
      expect(proxy.calls.slice(since).filter(of(name, 'enter'))).toHaveLength(1);
    },
  );

  it('continues after a conversion without a response, with a ttl of null', async () => {
    const name = newKey();
    const asked = first(of(name, 'update'), silence);
    const held = await client.hold200(name, { owner: 'a', ttl: null, token: newToken() });
    const late = await proxy.resend(asked()!);
    expect(late.json().succeeded).not.toBe(true);
    expect(await etcd.entries(name)).toMatchObject([
      { createRevision: held.fencingToken, lease: undefined },
    ]);
  });
});

describe('F56: a refusal behind an enter without a response', () => {
  /** Another client takes the lock behind the enter that never arrives. */
  async function refusedTry(token: string | undefined): Promise<{ silent: Call; answer: any }> {
    const name = newKey();
    const asked = first(of(name, 'enter'), async () => {
      await calm.hold200(name, { owner: 'faster' });
      return undefined;
    });
    const answer = await client.acquire(name, { owner: 'a', token });
    return { silent: asked()!, answer };
  }

  it('revokes the lease before 423 with a token of the gateway', async () => {
    const { silent, answer } = await refusedTry(undefined);
    expect(answer.status).toBe(423);
    expect(await etcd.secondsLeft(silent.lease!)).toBeUndefined();
  });

  it('lets the lease expire with a token of the client, and the outcome is unknown', async () => {
    const { silent, answer } = await refusedTry(newToken());
    expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
    expect(await etcd.secondsLeft(silent.lease!)).toBeGreaterThan(0);
    await etcd.revoke(silent.lease!);
  });
});

describe('F56: a release whose delete has no response', () => {
  it.each([
    ['never arrived', silence],
    [
      'was applied',
      async (_call: Call, forward: () => Promise<unknown>) => {
        await forward();
        return new Promise<undefined>(() => undefined);
      },
    ],
  ])('is repeated, and ends nothing later, when the delete %s', async (_, fault) => {
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const asked = first(of(name, 'delete'), fault);
    const { result, tookMs } = await timed(client.release(name, { token }));
    expect(result.status).toBe(200);
    expect(tookMs).toBeLessThan(SILENCE_MS * SLACK);
    const next = await calm.hold200(name, { owner: 'a', token });
    await proxy.resend(asked()!);
    expect(await revisionsOf(name)).toEqual([next.fencingToken]);
  });
});

describe('F56: the renewals of a waiter', () => {
  it('are repeated soon after one that failed', async () => {
    const name = newKey();
    const holder = await calm.hold200(name, { owner: 'a', ttl: 60 });
    const waiting = client.hold200(name, { owner: 'b', ttl: 5, wait: 20 });
    await calm.untilQueued(name, 1);
    const [, entry] = await etcd.entries(name);
    const isRenewal = (call: Call): boolean =>
      call.kind === 'keepalive' && call.lease === entry!.lease;
    const heal = proxy.every(isRenewal, silence);
    await expect.poll(() => proxy.calls.filter(isRenewal).length, { timeout: 10_000 }).toBe(2);
    heal();
    await expect
      .poll(() => proxy.calls.filter(isRenewal).length, WITHIN_A_SECOND)
      .toBeGreaterThan(2);
    await calm.release(name, { token: holder.token });
    expect((await waiting).fencingToken).toBe(entry!.createRevision);
  });
});
