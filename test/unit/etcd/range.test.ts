import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  containsKey,
  nextKey,
  prefixEnd,
  prefixRange,
  spanRange,
  subtractRanges,
} from '../../../src/etcd/range.js';

const bytes = (max: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array));
// Few letters and much 0xff: neighbours and carries are the hard cases.
const edgy = fc
  .array(fc.constantFrom(0x00, 0x61, 0xfe, 0xff), { maxLength: 6 })
  .map((array) => Buffer.from(array));
const key = fc.oneof(edgy, bytes(8)).filter((buffer) => buffer.length > 0);

describe('prefixRange', () => {
  it('contains exactly the keys that begin with the prefix', () => {
    fc.assert(
      fc.property(fc.oneof(edgy, bytes(4)), key, (prefix, candidate) => {
        expect(containsKey(prefixRange(prefix), candidate)).toBe(
          candidate.subarray(0, prefix.length).equals(prefix),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('contains every key that is made by appending to the prefix', () => {
    fc.assert(
      fc.property(edgy, bytes(4), (prefix, rest) => {
        const extended = Buffer.concat([prefix, rest]);
        fc.pre(extended.length > 0);
        expect(containsKey(prefixRange(prefix), extended)).toBe(true);
      }),
    );
  });

  it('runs to the end of the keyspace for a prefix of nothing but 0xff', () => {
    expect(prefixEnd(Buffer.from([0xff, 0xff]))).toEqual(Buffer.from([0]));
    expect(containsKey(prefixRange(Buffer.from([0xff])), Buffer.from([0xff, 0xff, 0xff]))).toBe(
      true,
    );
  });

  it('carries over 0xff', () => {
    expect(prefixEnd(Buffer.from([0x61, 0xff]))).toEqual(Buffer.from([0x62]));
  });
});

describe('nextKey', () => {
  it('leaves no room between a key and the next one', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const isBetween = a.compare(b) < 0 && b.compare(nextKey(a)) < 0;
        expect(isBetween).toBe(false);
      }),
    );
  });
});

describe('subtractRanges', () => {
  it('keeps exactly the keys of the range that lie in no hole', () => {
    const span = fc
      .tuple(edgy, fc.option(edgy, { nil: undefined }))
      .map(([start, end]) => spanRange(start, end?.length === 0 ? undefined : end));
    fc.assert(
      fc.property(
        span,
        fc.array(edgy.filter((p) => p.length > 0).map(prefixRange), { maxLength: 3 }),
        key,
        (range, holes, candidate) => {
          const pieces = subtractRanges(range, holes);
          const expected =
            containsKey(range, candidate) && !holes.some((hole) => containsKey(hole, candidate));
          expect(pieces.filter((piece) => containsKey(piece, candidate))).toHaveLength(
            expected ? 1 : 0,
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
