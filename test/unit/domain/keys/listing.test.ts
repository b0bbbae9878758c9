import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../../src/domain/cursor.js';
import { createReservedKeys } from '../../../../src/domain/reserved.js';
import { spanOf } from '../../../../src/domain/keys/span.js';
import { containsKey } from '../../../../src/etcd/range.js';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((array) => Buffer.from(array));

describe('cursors', () => {
  it('decode to the encoded cursor', () => {
    fc.assert(
      fc.property(
        bytes,
        bytes,
        bytes,
        fc.nat(),
        fc.constantFrom('asc' as const, 'desc' as const),
        fc.option(fc.nat(), { nil: undefined }),
        (key, rangeEnd, from, revision, order, levelBase) => {
          const numbers = { revision: revision + 1, count: revision + 2 };
          const cursor = { range: { key, rangeEnd }, from, ...numbers, order, levelBase };
          expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
        },
      ),
    );
  });

  it.each([
    '',
    'x',
    'bnVsbA',
    'WzEsMiwzXQ',
    Buffer.from('[1,"YQ","Yg","YQ",1,1]').toString('base64url'),
    Buffer.from('[2,"YQ","Yg","YQ",0,1,"asc",-1]').toString('base64url'),
    Buffer.from('[2,"YQ","Yg","YQ",1,1,"up",-1]').toString('base64url'),
  ])('rejects %j', (text) => {
    expect(() => decodeCursor(text)).toThrow(/not a cursor/);
  });
});

describe('reserved keys', () => {
  const reserved = createReservedKeys({ lockPrefix: 'locks/', electionPrefix: 'elections/' });

  it.each(['locks/', 'locks/a/b', 'elections/x', '\0latchkey/y'])(
    'refuse the write of %j',
    (key) => {
      expect(() => reserved.refuseWrite(Buffer.from(key))).toThrow(/are reserved for the gateway/);
    },
  );

  it.each(['locks', 'locks0', 'lock', '\0latchkey', 'a/locks/b'])(
    'allow the write of %j',
    (key) => {
      expect(() => reserved.refuseWrite(Buffer.from(key))).not.toThrow();
    },
  );

  it('reject a comparison of a range only if it contains hidden keys', () => {
    const compare = (prefix: string) => (): void =>
      reserved.refuseCompare(spanOf({ prefix: Buffer.from(prefix) }));
    for (const prefix of ['', '\0', '\0latchkey/', '\0latchkey/x'])
      expect(compare(prefix)).toThrow(/cannot be compared/);
    for (const prefix of ['a', 'locks/', '\0a', '\0latchkey0'])
      expect(compare(prefix)).not.toThrow();
  });

  it('S18: are never in the ranges of a delete', () => {
    const inside = fc
      .tuple(fc.constantFrom('locks/', 'elections/', '\0latchkey/'), bytes)
      .map(([prefix, rest]) => Buffer.concat([Buffer.from(prefix), rest]));
    const prefix = fc
      .constantFrom('', 'l', 'lo', 'e', '\0', 'locks', 'x')
      .map((text) => Buffer.from(text));
    fc.assert(
      fc.property(prefix, inside, (start, key) => {
        const pieces = reserved.deletable(spanOf({ prefix: start }));
        expect(pieces.some((piece) => containsKey(piece, key))).toBe(false);
      }),
    );
  });
});
