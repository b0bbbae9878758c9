// The lease that the gateway makes for one key or v2 node goes when that key has left it, and takes nothing else with it.
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import { startGuardedEtcd } from '../support/guarded-etcd.js';
import { send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import { userCalls } from '../support/user-calls.js';
import {
  call,
  codeOf,
  createLease,
  revokeLease,
  json,
  put,
  statusOf,
} from '../support/v1-calls.js';
import { newPath, v2Client } from '../support/v2-client.js';

const gateway = inject('gatewayUrl');
const etcd = inject('etcdEndpoint');
const DENIED = [403, 'permission-denied'];
const SOON = { timeout: 20_000, interval: 100 };
/** Longer than a revoke needs that is not held back, with its second look. */
const LONG_ENOUGH_MS = 2_500;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const b64 = (text: string): string => Buffer.from(text).toString('base64');

async function liveAt(endpoint: string, leases: readonly string[]): Promise<string[]> {
  const answer = await send(endpoint, 'POST', '/v3/lease/leases', { body: '{}' });
  const { leases: all = [] } = answer.json() as { leases?: { ID: string }[] };
  const ids = new Set(all.map(({ ID }) => BigInt(ID).toString(16).padStart(16, '0')));
  return leases.filter((lease) => ids.has(lease));
}
const live = (...leases: string[]): Promise<string[]> => liveAt(etcd, leases);

async function putShort(key: string, base = gateway): Promise<string> {
  const answer = await put(key, { value: 'x', ttl: 600 }, base);
  expect(answer.status).toBe(200);
  return answer.json().lease as string;
}

async function putInEtcd(key: string, lease: string): Promise<void> {
  const body = { key: b64(key), value: b64('v'), lease: BigInt(`0x${lease}`).toString() };
  const answer = await send(etcd, 'POST', '/v3/kv/put', { body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
}

const leaseOf = async (key: string): Promise<string | undefined> =>
  (await send(gateway, 'GET', `/v1/kv/${encodeURIComponent(key)}`)).json().lease as string;

describe('L18: the lease of a key with a ttl', () => {
  it('is revoked when the key is written again: fifteen writes leave one', async () => {
    const key = newKey();
    const leases: string[] = [];
    for (let write = 0; write < 15; write++) leases.push(await putShort(key));
    await expect.poll(() => live(...leases), SOON).toEqual([leases.at(-1)]);
    expect(await leaseOf(key)).toBe(leases.at(-1));
    await revokeLease(leases.at(-1)!);
  });

  it('is revoked when many clients write the key at the same time', async () => {
    const key = newKey();
    const leases = await Promise.all(Array.from({ length: 20 }, () => putShort(key)));
    await expect.poll(async () => (await live(...leases)).length, SOON).toBe(1);
    expect(await live(...leases)).toEqual([await leaseOf(key)]);
    await revokeLease((await leaseOf(key))!);
  });

  it('goes when the key is deleted, or written on a lease, also through another gateway', async () => {
    const replica = await spawnGateway({ args: ['--endpoints', etcd, '--log-level=warn'] });
    onTestFinished(() => replica.stop());
    const { id } = (await createLease({ ttl: 600 })).json();
    for (const base of [gateway, replica.baseUrl]) {
      const [deleted, moved, conditional] = [newKey(), newKey(), newKey()];
      const leases = [await putShort(deleted), await putShort(moved), await putShort(conditional)];
      expect((await send(base, 'DELETE', `/v1/kv/${deleted}`)).status).toBe(200);
      expect((await put(moved, { value: 'y', lease: id }, base)).status).toBe(200);
      const body = JSON.stringify({ value: 'z', ttl: 600 });
      const headers = { 'content-type': 'application/json', 'if-match': '*' };
      const swapped = await send(base, 'PUT', `/v1/kv/${conditional}`, { headers, body });
      expect(swapped.json()).not.toHaveProperty('previous');
      await expect.poll(() => live(...leases), SOON).toEqual([]);
      expect(await statusOf(moved)).toBe(200);
      expect(await statusOf(conditional)).toBe(200);
    }
    await revokeLease(id);
  });

  it('goes when the v2 API writes the key, and that of a v2 node when /v1 does', async () => {
    const path = newPath();
    const key = encodeURIComponent(path);
    const v2 = v2Client(gateway);
    const lease = await putShort(path);
    expect((await v2.put(path, { value: 'y', ttl: 600 })).status).toBe(200);
    await expect.poll(() => live(lease), SOON).toEqual([]);
    const { lease: ofNode } = (await send(gateway, 'GET', `/v1/kv/${key}`)).json();
    const last = await putShort(path);
    await expect.poll(() => live(ofNode), SOON).toEqual([]);
    expect((await v2.get(path)).json().node.value).toBe('x');
    expect((await v2.delete(path)).status).toBe(200);
    await expect.poll(() => live(last), SOON).toEqual([]);
  });

  it('stays while a key is on it that was attached in etcd itself', async () => {
    const [key, other] = [newKey(), newKey()];
    const lease = await putShort(key);
    await putInEtcd(other, lease);
    const next = await putShort(key);
    await send(gateway, 'DELETE', `/v1/kv/${key}`);
    await expect.poll(() => live(next), SOON).toEqual([]);
    await pause(LONG_ENOUGH_MS);
    expect(await live(lease)).toEqual([lease]);
    expect(await statusOf(other)).toBe(200);
    await revokeLease(lease);
  });

  it('stays when a client made it, empty or not', async () => {
    const key = newKey();
    const { id } = (await createLease({ ttl: 600 })).json();
    await put(key, { value: 'x', lease: id });
    const lease = await putShort(key);
    await send(gateway, 'DELETE', `/v1/kv/${key}`);
    await expect.poll(() => live(lease), SOON).toEqual([]);
    await pause(LONG_ENOUGH_MS);
    expect(await live(id)).toEqual([id]);
    await revokeLease(id);
  });

  it('takes no other key, lock or election, and its ID cannot be chosen', async () => {
    const [key, other] = [newKey(), newKey()];
    const lease = await putShort(key);
    const then = [{ put: { key: other, value: 'x', lease } }];
    const refused = [
      await put(other, { value: 'x', lease }),
      await call('putKey', 'PUT', `/v1/kv/${other}?lease=${lease}&raw`, { body: 'x' }),
      await call('transact', 'POST', '/v1/txn', json({ then })),
      await call('acquireLock', 'PUT', `/v1/locks/${other}`, json({ owner: 'a', lease })),
      await call('campaign', 'PUT', `/v1/elections/${other}`, json({ candidate: 'a', lease })),
      await createLease({ ttl: 60, id: lease }),
      await createLease({ ttl: 60, id: '4c20000000000777' }),
    ];
    for (const answer of refused) expect(codeOf(answer)).toEqual(DENIED);
    expect(await statusOf(other)).toBe(404);
    await revokeLease(lease);
  });

  it('takes its own key again, as long as that is on it', async () => {
    const key = newKey();
    const lease = await putShort(key);
    expect((await put(key, { value: 'y', lease })).json().lease).toBe(lease);
    await pause(LONG_ENOUGH_MS);
    expect(await leaseOf(key)).toBe(lease);
    await revokeLease(lease);
    expect(codeOf(await put(key, { value: 'z', lease }))).toEqual([404, 'lease-not-found']);
    expect(await statusOf(key)).toBe(404);
  });

  it('loses no write between the read of its keys and its revocation', async () => {
    const key = newKey();
    const between = await spawnInterceptedGateway(etcd);
    const lease = await putShort(key, between.baseUrl);
    let revoke = (): void => undefined;
    const held = new Promise<void>((resolve) => (revoke = resolve));
    between.intercept(async ({ path }, forward) => {
      if (path === '/v3/lease/revoke') await held;
      return forward();
    });
    const next = await putShort(key, between.baseUrl);
    await expect
      .poll(() => between.calls.some(({ path }) => path === '/v3/lease/revoke'), SOON)
      .toBe(true);
    expect(codeOf(await put(key, { value: 'late', lease }))).toEqual(DENIED);
    revoke();
    await expect.poll(() => live(lease), SOON).toEqual([]);
    expect(await leaseOf(key)).toBe(next);
    await revokeLease(next);
  });

  it('is revoked when the response to its grant is lost, also for a v2 node', async () => {
    const between = await spawnInterceptedGateway(etcd);
    const ids: string[] = [];
    between.intercept(async ({ path, body }, forward) => {
      const answer = await forward();
      if (path !== '/v3/lease/grant' || ids.length > 1) return answer;
      ids.push(
        BigInt((JSON.parse(body) as { ID: string }).ID)
          .toString(16)
          .padStart(16, '0'),
      );
      return undefined;
    });
    const v2 = await v2Client(between.baseUrl).put(newPath(), { value: 'x', ttl: 600 });
    expect(v2.status).toBeGreaterThanOrEqual(500);
    await put(newKey(), { value: 'x', ttl: 600 }, between.baseUrl);
    expect(ids).toHaveLength(2);
    await expect.poll(() => live(...ids), SOON).toEqual([]);
  });

  it('goes with users of etcd, too', async () => {
    const guarded = await startGuardedEtcd();
    onTestFinished(() => guarded.stop());
    const door = await spawnGateway({ args: ['--auth=etcd', `--endpoints=${guarded.endpoint}`] });
    onTestFinished(() => door.stop());
    const { as } = userCalls(() => door);
    const write = async (): Promise<string> =>
      (await as('ann', 'putKey', 'PUT', '/v1/kv/app/short', { value: 'v', ttl: 600 })).json().lease;
    const leases = [await write(), await write(), await write()];
    const living = async (): Promise<string[]> => {
      const { leases: all } = (await as('root', 'listLeases', 'GET', '/v1/leases')).json();
      return leases.filter((lease) => all.some(({ id }: { id: string }) => id === lease));
    };
    await expect.poll(living, SOON).toEqual([leases[2]]);
    await as('ann', 'deleteKey', 'DELETE', '/v1/kv/app/short');
    await expect.poll(living, SOON).toEqual([]);
  });
});
