import { describe, expect, it } from 'vitest';
import { Background } from '../../../../src/domain/background.js';
import { KnownHolders } from '../../../../src/domain/locks/guard.js';
import { putKey } from '../../../../src/domain/keys/kv.js';
import type { KvDeps } from '../../../../src/domain/keys/kv.js';
import { parseLeaseId, randomKeyLease } from '../../../../src/domain/leases/lease-id.js';
import {
  createLease,
  revokeLease,
  keepLeaseAlive,
  listLeases,
  readLease,
} from '../../../../src/domain/leases/leases.js';
import type { LeaseDeps } from '../../../../src/domain/leases/leases.js';
import { createReservedKeys } from '../../../../src/domain/reserved.js';
import { GatewayError } from '../../../../src/core/errors.js';
import type { ErrorCode, Outcome } from '../../../../src/core/errors.js';
import { callerFor } from '../../../support/caller.js';
import { scopeOf, tokenHolder } from '../../../support/scopes.js';
import { HEADER, stubEtcd } from '../../../support/stub-etcd.js';
import type { StubEtcd } from '../../../support/stub-etcd.js';

const reserved = createReservedKeys({ lockPrefix: 'locks/', electionPrefix: 'elections/' });

function depsOf({ etcd }: StubEtcd): LeaseDeps & KvDeps & { background: Background } {
  const background = new Background(() => undefined);
  return { etcd, background, reserved, lockPrefix: 'locks/', knownHolders: new KnownHolders() };
}

const failWith = (code: ErrorCode, outcome?: Outcome) => (): never => {
  throw new GatewayError(code, { detail: 'told to fail', ...(outcome && { outcome }) });
};
const granting = (lease: string, ttlSeconds: number): object => ({
  header: HEADER,
  lease,
  ttlSeconds,
});
const EMPTY = { header: HEADER, ttlSeconds: 5, grantedTtlSeconds: 5, keys: [] };
const leasesOf = (stub: StubEtcd, rpc: string): unknown[] =>
  stub.calls.filter((call) => call.rpc === rpc).map((call) => call.args[0]);

describe('createLease', () => {
  it('never uses an ID with the prefix of own entries, or a negative one', async () => {
    const stub = stubEtcd({ leaseGrant: granting });
    const ids = await Promise.all(
      Array.from({ length: 2_000 }, () =>
        createLease(callerFor(), depsOf(stub), { ttlSeconds: 5 }),
      ),
    );
    for (const { lease } of ids) expect(parseLeaseId(lease, 'id')).toBe(lease);
    expect(new Set(ids.map(({ lease }) => lease)).size).toBe(2_000);
  });

  it('uses another ID after a grant without a response, and revokes the first one once', async () => {
    let failures = 2;
    const stub = stubEtcd({
      leaseGrant: (lease: string, ttl: number) =>
        failures-- > 0 ? failWith('etcd-unavailable', 'unknown')() : granting(lease, ttl),
      leaseTimeToLive: () => EMPTY,
      leaseRevoke: () => true,
    });
    const deps = depsOf(stub);
    const { lease } = await createLease(callerFor(), deps, { ttlSeconds: 5 });
    await deps.background.idle();
    const granted = leasesOf(stub, 'leaseGrant');
    expect(new Set(granted).size).toBe(3);
    expect(lease).toBe(granted[2]);
    expect(leasesOf(stub, 'leaseRevoke').sort()).toEqual(granted.slice(0, 2).sort());
  });

  it('gives up after three attempts, and sends a chosen ID once', async () => {
    const stub = stubEtcd({
      leaseGrant: failWith('timeout', 'unknown'),
      leaseTimeToLive: () => EMPTY,
      leaseRevoke: () => true,
    });
    const deps = depsOf(stub);
    await expect(createLease(callerFor(), deps, { ttlSeconds: 5 })).rejects.toThrow('told to fail');
    expect(leasesOf(stub, 'leaseGrant')).toHaveLength(3);
    const chosen = { ttlSeconds: 5, lease: '0000000000000777' };
    await expect(createLease(callerFor(), deps, chosen)).rejects.toMatchObject({
      outcome: 'unknown',
    });
    expect(leasesOf(stub, 'leaseGrant')).toHaveLength(4);
    await deps.background.idle();
    expect(leasesOf(stub, 'leaseRevoke')).not.toContain(chosen.lease);
  });
});

describe('a put with a ttl', () => {
  const key = Buffer.from('k');
  const write = { key, value: key, ttlSeconds: 5 };

  it.each([
    ['of unknown fate', 'etcd-unavailable', 'unknown', []],
    ['of unknown fate', 'timeout', 'unknown', []],
    ['that surely did not happen', 'no-leader', 'not-applied', ['revoked']],
    ['that etcd refused', 'too-large', undefined, ['revoked']],
  ] as const)('%s (%s) is undone only when it is safe', async (_, code, outcome, expected) => {
    const stub = stubEtcd({
      leaseGrant: granting,
      put: failWith(code, outcome),
      leaseRevoke: () => true,
    });
    const deps = depsOf(stub);
    await expect(putKey(callerFor(), deps, write)).rejects.toMatchObject({ code });
    await deps.background.idle();
    expect(leasesOf(stub, 'leaseRevoke').map(() => 'revoked')).toEqual(expected);
  });

  it('is not undone after an unknown error, because it may have been applied', async () => {
    const stub = stubEtcd({
      leaseGrant: granting,
      put: () => {
        throw new Error('a mistake');
      },
    });
    const deps = depsOf(stub);
    await expect(putKey(callerFor(), deps, write)).rejects.toThrow('a mistake');
    await deps.background.idle();
    expect(leasesOf(stub, 'leaseRevoke')).toEqual([]);
  });

  it('reports "not-applied" if its lease expired before the key was written', async () => {
    const stub = stubEtcd({
      leaseGrant: granting,
      put: failWith('lease-not-found'),
      leaseRevoke: () => false,
    });
    await expect(putKey(callerFor(), depsOf(stub), write)).rejects.toMatchObject({
      code: 'etcd-unavailable',
      outcome: 'not-applied',
      retryAfterSeconds: 1,
    });
  });

  it('grants no lease for a reserved key', async () => {
    const stub = stubEtcd({});
    const reservedKey = { ...write, key: Buffer.from('locks/a/b') };
    await expect(putKey(callerFor(), depsOf(stub), reservedKey)).rejects.toMatchObject({
      code: 'reserved-prefix',
    });
    expect(stub.calls).toEqual([]);
  });
});

describe('L18: the lease of a key with a ttl', () => {
  const key = Buffer.from('k');
  const keyLease = randomKeyLease();
  const kvOn = (lease: string | undefined): object => ({
    key,
    value: key,
    createRevision: 1,
    modRevision: 1,
    version: 1,
    lease,
  });
  const putting = (before: string | undefined) => ({
    leaseGrant: granting,
    put: () => ({ header: HEADER, prevKv: kvOn(before) }),
    leaseRevoke: () => true,
  });
  const write = { key, value: key, ttlSeconds: 5 };

  it('is revoked when no key is attached to it any longer', async () => {
    const stub = stubEtcd({
      ...putting(keyLease),
      leaseTimeToLive: () => ({ ...EMPTY, keys: [] }),
    });
    const deps = depsOf(stub);
    expect((await putKey(callerFor(), deps, write)).kind).toBe('done');
    await deps.background.idle();
    expect(leasesOf(stub, 'leaseRevoke')).toEqual([keyLease]);
  });

  it.each([
    ['another key is attached to it', keyLease],
    ['it is a lease that a client made', '0000000000000777'],
    ["it is a lease of the gateway's own entries", '4c4b000000000001'],
    ['etcd named it on a member whose leases begin with 4c3', '4c3f01a2b3c4d5e6'],
    ['etcd named it on a member whose leases begin with 4c2', '4c2f01a2b3c4d5e6'],
    ['there was none', undefined],
  ])('is not revoked if %s', async (_, lease) => {
    const stub = stubEtcd({
      ...putting(lease),
      leaseTimeToLive: () => ({ ...EMPTY, keys: lease === keyLease ? [Buffer.from('other')] : [] }),
    });
    const deps = depsOf(stub);
    await putKey(callerFor(), deps, write);
    await deps.background.idle();
    expect(leasesOf(stub, 'leaseRevoke')).toEqual([]);
  });

  it('is left to expire if too many clean-ups run', async () => {
    const stub = stubEtcd({ ...putting(keyLease), leaseTimeToLive: () => EMPTY });
    const deps = depsOf(stub);
    let end = (): void => undefined;
    const busy = new Promise<void>((resolve) => (end = resolve));
    const { identity } = callerFor();
    for (let task = 0; task < 1_000; task++) void deps.background.run('busy', identity, () => busy);
    await putKey(callerFor(), deps, write);
    expect(deps.background.size).toBe(1_000);
    end();
    await deps.background.idle();
    expect(leasesOf(stub, 'leaseRevoke')).toEqual([]);
  });

  it('is not requested if the client may not read the key; the write is applied without it', async () => {
    const stub = stubEtcd({
      ...putting(undefined),
      put: ({ prevKv }: { prevKv?: boolean }) =>
        prevKv === true ? failWith('permission-denied')() : { header: HEADER },
    });
    const deps = depsOf(stub);
    expect((await putKey(callerFor(), deps, write)).kind).toBe('done');
    const asking = putKey(callerFor(), deps, { ...write, previous: true });
    await expect(asking).rejects.toMatchObject({ code: 'permission-denied' });
    await deps.background.idle();
  });

  it('is not requested by a plain put, which is batched', async () => {
    const stub = stubEtcd({ put: () => ({ header: HEADER }) });
    await putKey(callerFor(), depsOf(stub), { key, value: key });
    expect(stub.calls.map(({ args }) => (args[0] as { prevKv?: boolean }).prevKv)).toEqual([false]);
  });
});

describe('a lease', () => {
  const lease = '0000000000000777';

  it('F37: is gone if keepalives return no ttl, before and after a linearizable read', async () => {
    const stub = stubEtcd({
      leaseKeepAlive: () => ({ header: HEADER, ttlSeconds: undefined }),
      range: () => ({ header: HEADER, kvs: [], count: 0, more: false }),
    });
    await expect(keepLeaseAlive(callerFor(), depsOf(stub), lease)).rejects.toMatchObject({
      code: 'lease-not-found',
      status: 404,
    });
  });

  it('is revoked once: a revoke that finds no lease after the lease was read counts as successful', async () => {
    const stub = stubEtcd({
      leaseTimeToLive: () => ({ header: HEADER, ttlSeconds: 5, grantedTtlSeconds: 5, keys: [] }),
      leaseRevoke: () => false,
    });
    await expect(revokeLease(callerFor(), depsOf(stub), lease)).resolves.toBeUndefined();
  });

  it('S27: is not revoked by a client with limited rights while it serves one key and that key is missing', async () => {
    const keyLease = randomKeyLease();
    const answers = { leaseTimeToLive: () => EMPTY, leaseRevoke: () => true };
    const [limited, full] = [stubEtcd(answers), stubEtcd(answers)];
    const bob = { ...callerFor(), identity: tokenHolder(scopeOf(['bob/'], 'write'), 'bob') };
    await expect(revokeLease(bob, depsOf(limited), keyLease)).rejects.toMatchObject({
      code: 'lease-not-found',
    });
    await revokeLease(callerFor(), depsOf(full), keyLease);
    expect(leasesOf(limited, 'leaseRevoke')).toEqual([]);
    expect(leasesOf(full, 'leaseRevoke')).toEqual([keyLease]);
  });

  it('shows its first 1,000 keys in key order, none of the hidden ones, and counts all', async () => {
    const keys = Array.from({ length: 1_500 }, (_, index) => Buffer.from(`k${9_999 - index}`));
    const hidden = Buffer.from('\0latchkey/x');
    const answer = { header: HEADER, ttlSeconds: 5, grantedTtlSeconds: 9, keys: [hidden, ...keys] };
    const stub = stubEtcd({ leaseTimeToLive: () => answer });
    const state = await readLease(callerFor(), depsOf(stub), lease);
    expect(state).toMatchObject({ grantedTtlSeconds: 9, expiresInSeconds: 5, keyCount: 1_500 });
    expect(state.keys).toHaveLength(1_000);
    expect(state.keys[0]).toEqual(Buffer.from('k8500'));
  });

  it("is listed by ID, in pages, without the gateway's own", async () => {
    const leases = ['0000000000000003', '4c4b000000000001', '0000000000000001', '7000000000000000'];
    const stub = stubEtcd({ leaseLeases: () => ({ header: HEADER, leases }) });
    const page = (limit: number, after?: string): ReturnType<typeof listLeases> =>
      listLeases(callerFor(), depsOf(stub), { limit, after });
    expect(await page(2)).toEqual({ leases: [leases[2], leases[0]], next: leases[0] });
    expect(await page(2, leases[0])).toEqual({ leases: [leases[3]], next: undefined });
    expect(await page(3)).toEqual({ leases: [leases[2], leases[0], leases[3]], next: undefined });
  });
});
