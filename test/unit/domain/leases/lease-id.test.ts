import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLeaseId } from '../../../../src/domain/leases/lease-id.js';

describe('parseLeaseId', () => {
  const nonZero = fc.bigInt(1n, (1n << 63n) - 1n);
  const isOwn = (id: bigint): boolean => id >> 48n === 0x4c4bn;

  it('takes every positive 63-bit number, with and without leading zeros, in either case', () => {
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

  it("refuses those of the gateway's own entries, however they are written", () => {
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
