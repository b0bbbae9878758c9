import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Identity } from '../../../../src/core/caller.js';
import {
  isKeyLease,
  isMadeBy,
  isOwnLease,
  isRevocableKeyLease,
  parseLeaseId,
  parseSharedLeaseId,
  randomKeyLease,
  randomLeaseOf,
} from '../../../../src/domain/leases/lease-id.js';
import { tokenIdentity, userIdentity } from '../../../support/identities.js';
import { scopeOf, tokenHolder } from '../../../support/scopes.js';

describe('parseLeaseId', () => {
  const nonZero = fc.bigInt(1n, (1n << 63n) - 1n);
  const isOwn = (id: bigint): boolean => id >> 48n === 0x4c4bn;

  it('accepts every positive 63-bit number, with and without leading zeros, in either case', () => {
    fc.assert(
      fc.property(nonZero, (id) => {
        fc.pre(!isOwn(id));
        const hex = id.toString(16);
        const lease = hex.padStart(16, '0');
        for (const text of [hex, lease, hex.toUpperCase()])
          expect(parseLeaseId(text, 'id')).toBe(lease);
      }),
    );
  });

  it("rejects those of the gateway's own entries in every notation", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 48n) - 1n), (rest) => {
        const text = ((0x4c4bn << 48n) | rest).toString(16);
        expect(() => parseLeaseId(text.toUpperCase(), 'id')).toThrow(/belongs to a lock/);
      }),
    );
  });

  it.each(['', '0', '00', '-1', '1 ', '8000000000000000', '00000000000000001', '1g'])(
    'S16: refuses %j and names the field',
    (text) => {
      const error = (() => {
        try {
          return parseLeaseId(text, '/lease');
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(error).toMatchObject({
        code: 'invalid-request',
        fields: { errors: [{ pointer: '/lease' }] },
      });
    },
  );
});

describe('S27: the creator of a lease', () => {
  const scope = scopeOf(['app/'], 'write');
  const creators: readonly Identity[] = [
    { key: 'gateway', name: 'anonymous' },
    tokenHolder(scope, 'ann'),
    tokenHolder(scope, 'bob'),
    userIdentity('ann'),
    userIdentity('bob'),
    tokenIdentity('abcdefghijklmnop.7'),
    tokenIdentity('abcdefghijklmnop.8'),
  ];

  it('is recognized by the ID; other clients are not', () => {
    for (const creator of creators) {
      for (let made = 0; made < 100; made++) {
        const lease = randomLeaseOf(creator);
        expect(parseSharedLeaseId(lease, 'id')).toBe(lease);
        expect(isOwnLease(lease) || isKeyLease(lease)).toBe(false);
        expect(creators.filter((each) => isMadeBy(lease, each))).toEqual([creator]);
      }
    }
  });

  it('is the same with another scope, secret or session', () => {
    const lease = randomLeaseOf(tokenHolder(scope, 'ann'));
    expect(isMadeBy(lease, tokenHolder(scopeOf([''], 'read'), 'ann'))).toBe(true);
    const ofUser = randomLeaseOf(userIdentity('ann', 'old'));
    expect(isMadeBy(ofUser, { ...userIdentity('ann', 'new'), key: 'another process' })).toBe(true);
  });

  it('is unknown for random IDs', () => {
    const random = fc.bigInt(1n, (1n << 63n) - 1n).map((id) => id.toString(16).padStart(16, '0'));
    fc.assert(
      fc.property(random, (lease) => !creators.some((creator) => isMadeBy(lease, creator))),
    );
  });
});

describe('the lease of a single key', () => {
  it('is a lease ID that nothing else can be attached to', () => {
    for (let made = 0; made < 100; made++) {
      const lease = randomKeyLease();
      expect(parseLeaseId(lease, 'id')).toBe(lease);
      expect(() => parseSharedLeaseId(lease, 'id')).toThrow('belongs to a single key');
    }
    expect(() => parseSharedLeaseId('4c20000000000001', 'id')).toThrow('belongs to a single key');
  });

  it('is recognized by its last digits; a lease with only the same beginning is not', () => {
    for (let made = 0; made < 100; made++) {
      const lease = randomKeyLease();
      const last = (Number.parseInt(lease.slice(-1), 16) ^ 1).toString(16);
      const named = lease.slice(0, -1) + last;
      expect([isKeyLease(lease), isRevocableKeyLease(lease)]).toEqual([true, true]);
      expect([isKeyLease(named), isRevocableKeyLease(named)]).toEqual([false, false]);
      expect(parseSharedLeaseId(named, 'id')).toBe(named);
    }
  });
});
