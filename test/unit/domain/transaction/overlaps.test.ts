import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation, Transaction } from '../../../../src/domain/transaction/operation.js';
import { refuseOverlaps } from '../../../../src/domain/transaction/overlaps.js';
import { containsKey, prefixRange, spanRange } from '../../../../src/etcd/range.js';
import type { KeyRange } from '../../../../src/etcd/wire.js';

function transaction(
  success: readonly Operation[],
  failure: readonly Operation[] = [],
): Transaction {
  return {
    at: '',
    comparisons: [],
    success: { at: '/then', operations: success },
    failure: { at: '/else', operations: failure },
  };
}

const put = (key: Buffer): Operation => ({ kind: 'put', at: 'a put', key, value: key });
const remove = (range: KeyRange): Operation => ({ kind: 'delete', at: 'a delete', range });
const nest = (inside: Transaction): Operation => ({
  kind: 'txn',
  at: 'a txn',
  transaction: inside,
});

/** Returns the writes of one run for each possible path. */
interface Way {
  readonly puts: readonly Buffer[];
  readonly deletions: readonly KeyRange[];
}

function waysOf(operations: readonly Operation[]): Way[] {
  return operations.reduce<Way[]>(
    (ways, operation) => {
      const own: Way[] =
        operation.kind === 'txn'
          ? [
              ...waysOf(operation.transaction.success.operations),
              ...waysOf(operation.transaction.failure.operations),
            ]
          : [
              {
                puts: operation.kind === 'put' ? [operation.key] : [],
                deletions: operation.kind === 'delete' ? [operation.range] : [],
              },
            ];
      return ways.flatMap((way) =>
        own.map((more) => ({
          puts: [...way.puts, ...more.puts],
          deletions: [...way.deletions, ...more.deletions],
        })),
      );
    },
    [{ puts: [], deletions: [] }],
  );
}

function hasOverlap({ puts, deletions }: Way): boolean {
  const distinct = new Set(puts.map((key) => key.toString('hex')));
  if (distinct.size < puts.length) return true;
  return puts.some((key) => deletions.some((range) => containsKey(range, key)));
}

const key = fc
  .array(fc.constantFrom(0, 0x61, 0x62, 0xff), { minLength: 1, maxLength: 3 })
  .map((bytes) => Buffer.from(bytes));
const range = fc.oneof(
  key.map((single): KeyRange => ({ key: single })),
  key.map(prefixRange),
  key.map((start) => spanRange(start)),
  fc.tuple(key, key).map(([start, end]) => spanRange(start, end)),
);
const { tree } = fc.letrec<{ tree: Transaction; operation: Operation }>((tie) => ({
  operation: fc.oneof(
    { depthSize: 'small' },
    key.map(put),
    range.map(remove),
    tie('tree').map(nest),
  ),
  tree: fc
    .tuple(
      fc.array(tie('operation'), { maxLength: 3 }),
      fc.array(tie('operation'), { maxLength: 3 }),
    )
    .map(([success, failure]) => transaction(success, failure)),
}));

describe('refuseOverlaps', () => {
  it('rejects exactly the transactions of which some run would write a key twice', () => {
    const seen = { refused: 0, taken: 0 };
    fc.assert(
      fc.property(tree, (asked) => {
        const { success, failure } = asked;
        const ways = [...waysOf(success.operations), ...waysOf(failure.operations)];
        const isRefused = ways.some(hasOverlap);
        seen[isRefused ? 'refused' : 'taken']++;
        if (isRefused) expect(() => refuseOverlaps(asked)).toThrow(/puts (the|a) key/);
        else expect(() => refuseOverlaps(asked)).not.toThrow();
      }),
      { numRuns: 3_000 },
    );
    expect(Math.min(seen.refused, seen.taken)).toBeGreaterThan(300);
  });
});
