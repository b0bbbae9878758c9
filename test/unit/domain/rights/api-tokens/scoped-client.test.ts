import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Caller, Right, Scope } from '../../../../../src/core/caller.js';
import { createLockResource } from '../../../../../src/domain/contention/key.js';
import {
  randomKeyLease,
  randomLeaseOf,
  randomOwnLease,
} from '../../../../../src/domain/leases/lease-id.js';
import { KeyRights } from '../../../../../src/domain/rights/api-tokens/key-rights.js';
import {
  withScopedWatches,
  withScopes,
} from '../../../../../src/domain/rights/api-tokens/scoped-client.js';
import { V2_EVENT_RECORD_KEY } from '../../../../../src/domain/v2-private-keys.js';
import type { EtcdClient } from '../../../../../src/etcd/client.js';
import { containsKey, prefixRange } from '../../../../../src/etcd/range.js';
import { isEmptyRange } from '../../../../../src/etcd/compare.js';
import type { KeyRange, RequestOp, TxnRequest } from '../../../../../src/etcd/wire.js';
import type { AccessMode } from '../../../../../src/domain/rights/api-tokens/scope-ranges.js';
import { callerAs } from '../../../../support/identities.js';
import { scopeOf, tokenHolder } from '../../../../support/scopes.js';
import { LETTERS, SAMPLE_KEYS, PREFIXES, isAllowed, recordingClient } from './keyspace.js';

const rights = new KeyRights(PREFIXES);
const NUL = Buffer.from([0]);

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...LETTERS), { maxLength }).map((letters) => letters.join(''));
const anyScope: fc.Arbitrary<Scope> = fc
  .record({
    prefixes: fc.array(text(2), { maxLength: 3 }),
    rights: fc.subarray<Right>(['read', 'write', 'lock', 'admin']),
  })
  .map(({ prefixes, rights: some }) => scopeOf(prefixes, ...some));
const anyKey = fc.oneof(
  fc.constantFrom(...SAMPLE_KEYS).map(({ key }) => key),
  text(3)
    .filter((key) => key !== '')
    .map((key) => Buffer.from(key)),
);
const anyRange: fc.Arbitrary<KeyRange> = fc.oneof(
  anyKey.map((key) => ({ key })),
  anyKey.map((key) => prefixRange(key)),
  fc.record({
    key: fc.oneof(anyKey, fc.constant(NUL)),
    rangeEnd: fc.oneof(anyKey, fc.constant(NUL)),
  }),
  fc
    .tuple(fc.constantFrom('a/', 'b/'), text(2))
    .map(([below, name]) =>
      name === '' ? prefixRange(Buffer.from(below)) : createLockResource(below, name, 'name').range,
    ),
);

/** One access of a request to a range of keys. */
interface Access {
  readonly range: KeyRange;
  readonly mode: AccessMode;
}

const anyOp: fc.Arbitrary<{ op: RequestOp; accesses: readonly Access[] }> = fc.oneof(
  anyRange.map((range) => ({
    op: { kind: 'range' as const, range },
    accesses: [{ range, mode: 'read' as const }],
  })),
  fc.tuple(anyKey, fc.boolean()).map(([key, prevKv]) => ({
    op: { kind: 'put' as const, put: { key, prevKv } },
    accesses: accessesOf({ key }, prevKv),
  })),
  fc.tuple(anyRange, fc.boolean()).map(([range, prevKv]) => ({
    op: { kind: 'deleteRange' as const, deleteRange: { ...range, prevKv } },
    accesses: accessesOf(range, prevKv),
  })),
);

function accessesOf(range: KeyRange, prevKv: boolean): Access[] {
  return [{ range, mode: 'write' }, ...(prevKv ? [{ range, mode: 'read' as const }] : [])];
}

interface AnyTxn {
  readonly txn: TxnRequest;
  readonly accesses: readonly Access[];
}

const { txn: anyTxn } = fc.letrec<{ txn: AnyTxn }>((tie) => ({
  txn: fc
    .record({
      compare: fc.array(anyRange, { maxLength: 1 }),
      success: fc.array(anyOp, { maxLength: 2 }),
      failure: fc.array(anyOp, { maxLength: 1 }),
      nested: fc.option(tie('txn'), { maxDepth: 2 }),
    })
    .map(({ compare, success, failure, nested }) => ({
      txn: {
        compare: compare.map(isEmptyRange),
        success: success.map(({ op }) => op),
        failure: [
          ...failure.map(({ op }) => op),
          ...(nested === null ? [] : [{ kind: 'txn' as const, txn: nested.txn }]),
        ],
      },
      accesses: [
        ...compare.map((range) => ({ range, mode: 'read' as const })),
        ...[...success, ...failure].flatMap(({ accesses }) => accesses),
        ...(nested?.accesses ?? []),
      ],
    })),
}));

function mustBeRefused(scope: Scope, accesses: readonly Access[]): boolean {
  return accesses.some(({ range, mode }) =>
    SAMPLE_KEYS.some((sample) => containsKey(range, sample.key) && !isAllowed(scope, sample, mode)),
  );
}

async function send(scope: Scope, op: RequestOp): Promise<{ passed: string[]; error: unknown }> {
  const { etcd, passed } = recordingClient();
  const client = withScopes(etcd, rights);
  const caller = callerAs(tokenHolder(scope));
  const calls = {
    range: () => op.kind === 'range' && client.range(caller, op.range),
    put: () => op.kind === 'put' && client.put(caller, op.put),
    deleteRange: () => op.kind === 'deleteRange' && client.deleteRange(caller, op.deleteRange),
    txn: () => op.kind === 'txn' && client.txn(caller, op.txn),
  };
  try {
    await calls[op.kind]();
    return { passed, error: undefined };
  } catch (error) {
    return { passed, error };
  }
}

describe('a client with scopes', () => {
  it('rejects every request that reaches a key outside the scope', async () => {
    const anyRequest = fc.oneof(
      anyOp,
      anyTxn.map(({ txn, accesses }) => ({ op: { kind: 'txn' as const, txn }, accesses })),
    );
    const seen = { passed: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(anyScope, anyRequest, async (scope, { op, accesses }) => {
        const { passed, error } = await send(scope, op);
        if (mustBeRefused(scope, accesses)) expect(passed).toEqual([]);
        if (passed.length === 0) expect(error).toMatchObject({ code: 'permission-denied' });
        seen[passed.length === 0 ? 'refused' : 'passed']++;
      }),
      { numRuns: 4_000 },
    );
    expect(Math.min(seen.passed, seen.refused)).toBeGreaterThan(200);
  });

  it('passes requests for every single key that the scope covers', async () => {
    await fc.assert(
      fc.asyncProperty(anyScope, fc.constantFrom(...SAMPLE_KEYS), async (scope, sample) => {
        const { key } = sample;
        const read = await send(scope, { kind: 'range', range: { key } });
        expect(read.passed.length > 0).toBe(isAllowed(scope, sample, 'read'));
        const deleted = await send(scope, { kind: 'deleteRange', deleteRange: { key } });
        expect(deleted.passed.length > 0).toBe(isAllowed(scope, sample, 'write'));
      }),
      { numRuns: 4_000 },
    );
  });

  it('passes lists of keys, locks and elections that begin with a prefix of the scope', async () => {
    const scope = scopeOf(['app/'], 'read');
    const ranges = [
      prefixRange(Buffer.from('app/')),
      prefixRange(Buffer.from('app/x/')),
      prefixRange(Buffer.from('a/app%2F')),
      createLockResource('a/', 'app/deploy', 'name').range,
      createLockResource('b/', 'app/leader', 'name').range,
    ];
    for (const range of ranges) {
      expect((await send(scope, { kind: 'range', range })).passed).toEqual(['range']);
    }
    const wider = [
      prefixRange(Buffer.from('app')),
      prefixRange(Buffer.from('a/')),
      prefixRange(Buffer.alloc(0)),
    ];
    for (const range of wider) {
      expect((await send(scope, { kind: 'range', range })).error).toMatchObject({
        code: 'permission-denied',
        hint: expect.stringContaining('pass a range within one prefix of the token: "app/"'),
      });
    }
  });

  it('passes a list that several prefixes cover together', async () => {
    const scope = scopeOf(['x/a', 'x/b'], 'read');
    const together = { key: Buffer.from('x/a'), rangeEnd: Buffer.from('x/c') };
    expect((await send(scope, { kind: 'range', range: together })).passed).toEqual(['range']);
    const further = { key: Buffer.from('x/a'), rangeEnd: Buffer.from('x/c0') };
    expect((await send(scope, { kind: 'range', range: further })).passed).toEqual([]);
  });

  it('covers the whole keyspace with an empty prefix', async () => {
    const everything = scopeOf([''], 'read', 'lock');
    const range = { key: NUL, rangeEnd: NUL };
    expect((await send(everything, { kind: 'range', range })).passed).toEqual(['range']);
  });

  it('names the missing right, and a lock by its name', async () => {
    const op: RequestOp = {
      kind: 'put',
      put: { key: createLockResource('a/', 'app/deploy', 'name').range.key },
    };
    expect((await send(scopeOf(['app/'], 'read', 'write'), op)).error).toMatchObject({
      detail: 'the token "ci" may not change the lock "app/deploy": it lacks the right lock',
    });
    expect((await send(scopeOf(['web/'], 'lock'), op)).error).toMatchObject({
      detail: expect.stringContaining('may not change the lock "app/deploy": no prefix'),
      hint: 'stay within the prefixes of the token: "web/"',
    });
  });

  it('writes the record of v2 changes, and the list of v2 directories within the scope', async () => {
    const scope = scopeOf(['/app/'], 'read', 'write');
    const put = (key: string | Buffer): RequestOp => ({
      kind: 'put',
      put: { key: Buffer.from(key) },
    });
    expect((await send(scope, put(V2_EVENT_RECORD_KEY))).passed).toEqual(['put']);
    expect((await send(scope, put('\0latchkey/v2/ends/app/x'))).passed).toEqual(['put']);
    expect((await send(scope, put('\0latchkey/v2/ends/web/x'))).passed).toEqual([]);
    expect((await send(scope, put('\0latchkey/v2/else'))).passed).toEqual([]);
    const below = prefixRange(Buffer.from('\0latchkey/v2/ends/app/x/'));
    const deletion: RequestOp = { kind: 'deleteRange', deleteRange: below };
    expect((await send(scope, deletion)).passed).toEqual(['deleteRange']);
    const all = prefixRange(Buffer.from('\0latchkey/v2/ends/'));
    expect((await send(scope, { kind: 'range', range: all })).passed).toEqual([]);
  });

  it('rejects a watch outside the scope before it reaches etcd', async () => {
    const opened: string[] = [];
    const watches = withScopedWatches(
      {
        watch: () => {
          opened.push('watch');
          return { close: () => undefined, requestProgress: () => undefined };
        },
        streams: 0,
        watches: 0,
        close: () => undefined,
      },
      rights,
    );
    const identity = tokenHolder(scopeOf(['app/'], 'read'));
    const end = await new Promise((resolve) => {
      watches.watch(identity, prefixRange(Buffer.from('ap')), {
        onEvents: () => undefined,
        onEnd: resolve,
      });
    });
    expect(end).toMatchObject({ kind: 'refused', error: { code: 'permission-denied' } });
    expect(opened).toEqual([]);
    const listener = { onEvents: () => undefined, onEnd: () => undefined };
    watches.watch(identity, prefixRange(Buffer.from('app/')), listener);
    expect(opened).toEqual(['watch']);
  });

  it('compacts and changes members only with the right admin', async () => {
    const { etcd, passed } = recordingClient();
    const client = withScopes(etcd, rights);
    const callsOf = (scope: Scope) => {
      const caller = callerAs(tokenHolder(scope));
      return [
        () => client.compact(caller, 5),
        () => client.memberAdd(caller, []),
        () => client.memberUpdate(caller, '3', []),
        () => client.memberRemove(caller, '3'),
      ];
    };
    for (const call of callsOf(scopeOf([''], 'read', 'write', 'lock')))
      await expect(call()).rejects.toMatchObject({ code: 'permission-denied' });
    expect(passed).toEqual([]);
    for (const call of callsOf(scopeOf([], 'admin'))) await call();
    expect(passed).toEqual(['compact', 'memberAdd', 'memberUpdate', 'memberRemove']);
  });
});

describe('a lease, for a client with a scope,', () => {
  const lock = createLockResource('a/', 'app/x', 'name').range.key;
  const holder = tokenHolder(scopeOf(['app/'], 'read', 'write', 'lock'));
  const made = randomLeaseOf(holder);
  const madeByAnother = randomLeaseOf({ ...holder, name: 'another' });
  const ofOneKey = randomKeyLease();
  const leases = {
    '1': [Buffer.from('app/x'), lock],
    '2': [Buffer.from('app/x'), Buffer.from('web/x')],
    '3': [],
    [madeByAnother]: [],
    [made]: [],
    [ofOneKey]: [],
  };
  const connect = () => {
    const { etcd, passed } = recordingClient(leases);
    return { client: withScopes(etcd, rights), passed };
  };
  const caller = callerAs(holder);

  it.each([
    ['covers all its keys', '1'],
    ['created it, while it is empty', made],
  ])('is used by a caller that %s', async (_, lease) => {
    const { client, passed } = connect();
    await client.leaseTimeToLive(caller, lease, true);
    await client.leaseKeepAlive(caller, lease);
    await client.put(caller, { key: Buffer.from('app/y'), lease });
    await client.leaseRevoke(caller, lease);
    expect(passed).toEqual(['leaseKeepAlive', 'put', 'leaseRevoke']);
  });

  it('is not read, renewed, used or revoked if one of its keys is outside the scope', async () => {
    const { client, passed } = connect();
    const put: RequestOp = { kind: 'put', put: { key: Buffer.from('app/y'), lease: '2' } };
    const nested: TxnRequest = {
      compare: [],
      success: [],
      failure: [{ kind: 'txn', txn: { compare: [], success: [put], failure: [] } }],
    };
    for (const use of [
      client.leaseTimeToLive(caller, '2', true),
      client.leaseKeepAlive(caller, '2'),
      client.put(caller, { key: Buffer.from('app/y'), lease: '2' }),
      client.txn(caller, nested),
      client.leaseRevoke(caller, '2'),
    ])
      await expect(use).rejects.toMatchObject({ code: 'permission-denied' });
    expect(passed).toEqual([]);
  });

  it.each([
    ['of another client', madeByAnother],
    ['of an unknown creator', '3'],
  ])('S27: %s requires the right admin while it is empty', async (_, lease) => {
    const put: RequestOp = { kind: 'put', put: { key: Buffer.from('app/y'), lease } };
    const usesOf = (client: EtcdClient, by: Caller): (() => Promise<unknown>)[] => [
      () => client.leaseTimeToLive(by, lease, true),
      () => client.leaseKeepAlive(by, lease),
      () => client.put(by, { key: Buffer.from('app/y'), lease }),
      () => client.txn(by, { compare: [], success: [], failure: [put] }),
      () => client.leaseRevoke(by, lease),
    ];
    const { client, passed } = connect();
    for (const use of usesOf(client, caller))
      await expect(use()).rejects.toMatchObject({ code: 'permission-denied' });
    expect(passed).toEqual([]);
    const admin = callerAs(tokenHolder(scopeOf(['app/'], 'read', 'write', 'lock', 'admin')));
    for (const use of usesOf(client, admin)) await use();
    expect(passed).toEqual(['leaseKeepAlive', 'put', 'txn', 'leaseRevoke']);
  });

  it('S27: is granted under an ID that contains its creator, or with the right admin', async () => {
    const { client, passed } = connect();
    for (const lease of ['777', madeByAnother])
      await expect(client.leaseGrant(caller, lease, 5)).rejects.toThrow('choose the ID of a lease');
    expect(passed).toEqual([]);
    for (const lease of [made, ofOneKey, randomOwnLease()])
      await client.leaseGrant(caller, lease, 5);
    const admin = callerAs(tokenHolder(scopeOf(['app/'], 'lock', 'admin')));
    await client.leaseGrant(admin, '777', 5);
    expect(passed).toHaveLength(4);
  });

  it('passes while it is empty if it was created for a single key', async () => {
    const { client, passed } = connect();
    await client.put(caller, { key: Buffer.from('app/y'), lease: ofOneKey });
    await client.leaseRevoke(caller, ofOneKey);
    expect(passed).toEqual(['put', 'leaseRevoke']);
  });

  it('requires the right lock if a lock entry is attached to it', async () => {
    const { client } = connect();
    const writer = callerAs(tokenHolder(scopeOf(['app/'], 'read', 'write')));
    await expect(client.leaseRevoke(writer, '1')).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  it('gets no call if a member reports that it does not exist, because the member may lag behind', async () => {
    const { client, passed } = connect();
    expect(await client.leaseRevoke(caller, '9')).toBe(false);
    expect((await client.leaseKeepAlive(caller, '9')).ttlSeconds).toBeUndefined();
    const put = client.put(caller, { key: Buffer.from('app/y'), lease: '9' });
    await expect(put).rejects.toMatchObject({ code: 'lease-not-found' });
    expect(passed.filter((name) => name !== 'range')).toEqual([]);
  });
});
