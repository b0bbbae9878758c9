import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createLockResource,
  decodeName,
  encodeName,
  entryId,
  entryKey,
  modeOf,
  modeRanges,
} from '../../../../src/domain/contention/key.js';
import { containsKey } from '../../../../src/etcd/range.js';

const tricky = fc.string({
  unit: fc.constantFrom('a', '/', '%', '2', 'F', '~', ' ', '\x7f', '\n', 'ä', '😀'),
  minLength: 1,
  maxLength: 8,
});
const name = fc.oneof(
  tricky,
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.constantFrom('.', '..', 'a', 'a/b', '__proto__', 'e\u0301', '\u00e9'),
);
const usable = name.filter((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text));

describe('lock names', () => {
  it('S17: decode to the encoded name and contain no slash', () => {
    fc.assert(
      fc.property(usable, (text) => {
        expect(encodeName(text)).not.toContain('/');
        expect(decodeName(encodeName(text))).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('S17: have disjoint ranges when they differ', () => {
    fc.assert(
      fc.property(usable, usable, (a, b) => {
        fc.pre(a !== b);
        const [left, right] = [
          createLockResource('locks/', a, 'name'),
          createLockResource('locks/', b, 'name'),
        ];
        for (const id of ['0000000000000000', 'ffffffffffffffff', 'x/y', '~']) {
          expect(containsKey(right.range, entryKey(left, id, 'exclusive'))).toBe(false);
          expect(containsKey(right.range, entryKey(left, id, 'shared'))).toBe(false);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('encode only what etcdctl users cannot type', () => {
    expect(encodeName('db/migrate 100%')).toBe('db%2Fmigrate%20100%25');
    expect(encodeName('ä-b_c~d')).toBe('ä-b_c~d');
  });

  it('are not decoded from segments that the encoding cannot produce', () => {
    for (const segment of ['a%2f', '%41', 'a b', '%']) expect(decodeName(segment)).toBeUndefined();
  });

  it.each([
    ['', /empty/],
    ['a\0b', /NUL/],
    ['x'.repeat(513), /512/],
  ])('are rejected: %j', (text, reason) => {
    expect(() => createLockResource('locks/', text, 'name')).toThrow(reason);
  });
});

describe('entry keys', () => {
  it('show their mode and lie only in the ranges of that mode', () => {
    const resource = createLockResource('locks/', 'a', 'name');
    for (const mode of ['exclusive', 'shared'] as const) {
      const key = entryKey(resource, entryId('token'), mode);
      const other = mode === 'shared' ? 'exclusive' : 'shared';
      expect(modeOf(resource, key)).toBe(mode);
      expect(modeRanges(resource, mode).filter((range) => containsKey(range, key))).toHaveLength(1);
      expect(modeRanges(resource, other).filter((range) => containsKey(range, key))).toHaveLength(
        0,
      );
    }
  });

  it('contain a digest, never the token', () => {
    expect(entryId('my-token-0123456789')).toMatch(/^[0-9a-f]{16}$/);
    expect(entryId('my-token-0123456789')).not.toContain('my-token');
  });
});
