// Acquisitions that are repeated with the same token, and releases, when the entry is not what an earlier read of it showed.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newToken } from '../contract/locks/target.js';
import { startGuardedEtcd } from '../support/guarded-etcd.js';
import type { GuardedEtcd } from '../support/guarded-etcd.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import type { Call, CallKind, FaultProxy } from '../support/fault-proxy.js';
import { lockClient } from '../support/lock-client.js';
import type { LockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';
import { userCalls } from '../support/user-calls.js';

const etcd = new RawEtcd(inject('etcdEndpoint'));
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const decimal = (lease: string): string => BigInt(`0x${lease}`).toString();

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
  (name: string, kind: CallKind) =>
  (call: Call): boolean =>
    call.kind === kind && call.keys.some((key) => key.startsWith(`locks/${name}/`));

/** Leases of the gateway's own entries have this prefix. */
async function grantOwnLease(): Promise<string> {
  const lease = `4c4b${newToken().slice(0, 12)}`;
  await etcd.call('/v3/lease/grant', { ID: decimal(lease), TTL: 60 });
  return lease;
}

describe('F60: a repeated acquisition of an entry that has a ttl', () => {
  it.each([
    ['a ttl of null', () => Promise.resolve({ ttl: null })],
    ["a lease of the caller's", async () => ({ lease: await etcd.grant(600) })],
  ])('keeps the first ttl when the repeat asks for %s', async (_, fieldsOf) => {
    const name = newKey();
    const body = { owner: 'a', token: newToken() };
    const first = await client.hold200(name, { ...body, ttl: 20 });
    const [before] = await etcd.entries(name);
    const again = await client.hold200(name, { ...body, ...(await fieldsOf()) });
    expect([again.fencingToken, again.ttl]).toEqual([first.fencingToken, 20]);
    const [after] = await etcd.entries(name);
    expect(after!.lease).toBe(before!.lease);
  });

  it('keeps it when the first connection still waits', async () => {
    const name = newKey();
    const holder = await client.hold200(name, { owner: 'x' });
    const body = { owner: 'a', token: newToken(), wait: 20 };
    const first = client.hold200(name, { ...body, ttl: 20 });
    await client.untilQueued(name, 1);
    const [, before] = await etcd.entries(name);
    const again = client.hold200(name, { ...body, ttl: null });
    const marked = async (): Promise<number> => (await etcd.entries(name))[1]!.modRevision;
    await expect.poll(marked, { timeout: 5_000 }).toBeGreaterThan(before!.modRevision);
    await client.release(name, { token: holder.token });
    expect([(await first).ttl, (await again).ttl]).toEqual([20, 20]);
  });

  it('renews a shorter first ttl in time while the repeat waits', async () => {
    const name = newKey();
    const holder = await client.hold200(name, { owner: 'x', ttl: 60 });
    const body = { owner: 'a', token: newToken(), wait: 20 };
    const hangUp = new AbortController();
    const first = client.acquire(name, { ...body, ttl: 5 }, { signal: hangUp.signal });
    await client.untilQueued(name, 1);
    const [, before] = await etcd.entries(name);
    const again = client.hold200(name, { ...body, ttl: 60 });
    const marked = async (): Promise<number> => (await etcd.entries(name))[1]!.modRevision;
    await expect.poll(marked, { timeout: 5_000 }).toBeGreaterThan(before!.modRevision);
    hangUp.abort();
    await expect(first).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 9_000));
    await client.release(name, { token: holder.token });
    expect((await again).fencingToken).toBe(before!.createRevision);
  });
});

describe('F60: a release', () => {
  it('revokes no lease when its delete finds nothing', async () => {
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const [entry] = await etcd.entries(name);
    const { key, lease } = entry!;
    // Behind the read of the release the entry goes, and another one appears on the same lease.
    const overtaken = proxy.next(of(name, 'delete'), async (_call, forward) => {
      await etcd.deleteKey(key);
      await etcd.call('/v3/kv/put', { key: base64(key), lease: decimal(lease!) });
      return forward();
    });
    expect((await client.release(name, { token })).status).toBe(409);
    await overtaken;
    expect(await etcd.entries(name)).toMatchObject([{ key, lease }]);
  });

  it.each(['token', 'owner', 'force'])(
    'by %s revokes the lease that the deleted entry had, not the one that it read',
    async (by) => {
      const name = newKey();
      const { token } = await client.hold200(name, { owner: 'a' });
      const [entry] = await etcd.entries(name);
      const moved = await grantOwnLease();
      const overtaken = proxy.next(of(name, 'delete'), async (_call, forward) => {
        const put = { key: base64(entry!.key), ignore_value: true, lease: decimal(moved) };
        await etcd.call('/v3/kv/put', put);
        return forward();
      });
      const query = { token: `?token=${token}`, owner: '?owner=a', force: '?force=true' }[by]!;
      expect((await client.releaseBy(name, query)).status).toBe(200);
      await overtaken;
      expect(await etcd.secondsLeft(moved)).toBeUndefined();
      expect(await etcd.secondsLeft(entry!.lease!)).toBeGreaterThan(0);
      await etcd.revoke(entry!.lease!);
    },
  );
});

describe('S30: an entry whose value names a lease that is not its own', () => {
  let guarded: GuardedEtcd;
  let guardedGateway: Gateway;
  beforeAll(async () => {
    guarded = await startGuardedEtcd();
    const args = ['--auth=etcd', `--endpoints=${guarded.endpoint}`, '--log-level=error'];
    guardedGateway = await spawnGateway({ args });
  });
  afterAll(async () => {
    await guardedGateway.stop();
    await guarded.stop();
  });
  const { as } = userCalls(() => guardedGateway);

  const entriesOf = async (encoded: string): Promise<{ key: string; lease: string }[]> => {
    const key = base64(`locks/${encoded}/`);
    const answer = await guarded.ask('kv/range', { key, range_end: base64(`locks/${encoded}0`) });
    return answer.json().kvs;
  };

  it.each([
    ["the lease of another user's lock", (anns: string) => BigInt(anns).toString(16)],
    ['no lease at all', () => 'whatever'],
    ['a lease with another spelling', () => '00000000000000FF'],
  ])('stays on its lease when its acquisition is repeated: %s', async (_, tenureOf) => {
    const id = newToken().slice(0, 8);
    const anns = await as('ann', 'acquireLock', 'PUT', `/v1/locks/app%2F${id}`, { owner: 'ann' });
    expect(anns.status).toBe(200);
    const [annsEntry] = await entriesOf(`app%2F${id}`);
    const path = `/v1/locks/other%2F${id}`;
    const body = { owner: 'bob', token: newToken() };
    const first = await as('bob', 'acquireLock', 'PUT', path, body);
    const [before] = await entriesOf(`other%2F${id}`);
    const tenure = tenureOf(annsEntry!.lease);
    const value = base64(JSON.stringify({ owner: 'bob', acquiredBy: 'v1:bob', tenure }));
    const bobs = await guarded.tokenOf('bob');
    const put = await guarded.ask('kv/put', { key: before!.key, value, ignore_lease: true }, bobs);
    expect(put.status).toBe(200);
    const again = await as('bob', 'acquireLock', 'PUT', path, body);
    expect([again.status, again.json().fencingToken]).toEqual([200, first.json().fencingToken]);
    const [after] = await entriesOf(`other%2F${id}`);
    expect(after!.lease).toBe(before!.lease);
    const { token } = anns.json();
    const released = await as('ann', 'releaseLock', 'DELETE', `/v1/locks/app%2F${id}`, { token });
    expect(released.status).toBe(200);
    expect(await entriesOf(`other%2F${id}`)).toHaveLength(1);
  });
});
