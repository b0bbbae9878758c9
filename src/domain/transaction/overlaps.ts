// Finds keys that one run of a transaction would put twice, or put and delete, with their pointers. etcd rejects such transactions, but
// not in every order and version. Pure.
import { invalidRequest } from '../../core/errors.js';
import type { KeyRange } from '../../etcd/wire.js';
import type { Operation, Transaction } from './operation.js';

/** Bytes as text with one character per byte, so that texts compare in the order of the bytes. */
type ByteText = string;

interface Put {
  readonly key: ByteText;
  readonly at: string;
  /** The index of the operation in its list. Puts of one nested transaction do not conflict: only one of its branches runs. */
  readonly part: number;
}

interface SortedPut extends Put {
  /** The index of the next put that belongs to another operation. */
  nextOfOtherPart: number;
}

interface Deletion {
  readonly from: ByteText;
  /** Exclusive; undefined = to the end of the keyspace. */
  readonly to: ByteText | undefined;
  readonly at: string;
  readonly part: number;
}

interface Writes {
  readonly puts: readonly Put[];
  readonly deletions: readonly Deletion[];
}

/** Throws `invalid-request` at the later of two operations that write one key. */
export function refuseOverlaps({ success, failure }: Transaction): void {
  writesOf(success.operations);
  writesOf(failure.operations);
}

function writesOf(operations: readonly Operation[]): Writes {
  const parts = operations.map(writesOfOne);
  const puts = parts.flatMap((writes, part) => writes.puts.map((put) => ({ ...put, part })));
  const deletions = parts.flatMap((writes, part) =>
    writes.deletions.map((deletion) => ({ ...deletion, part })),
  );
  const sorted = sortPuts(puts);
  refuseDoublePuts(sorted);
  refuseDeletedPuts(sorted, deletions);
  return { puts, deletions };
}

function writesOfOne(operation: Operation): Writes {
  const { at } = operation;
  switch (operation.kind) {
    case 'get':
      return { puts: [], deletions: [] };
    case 'put':
      return { puts: [{ key: toByteText(operation.key), at, part: 0 }], deletions: [] };
    case 'delete':
      return { puts: [], deletions: [{ ...boundsOf(operation.range), at, part: 0 }] };
    case 'txn': {
      const { success, failure } = operation.transaction;
      const [ofSuccess, ofFailure] = [writesOf(success.operations), writesOf(failure.operations)];
      return {
        puts: [...ofSuccess.puts, ...ofFailure.puts],
        deletions: [...ofSuccess.deletions, ...ofFailure.deletions],
      };
    }
  }
}

function refuseDoublePuts(puts: readonly SortedPut[]): void {
  // Puts of one key are adjacent. One nested transaction can have several of them.
  for (const put of puts) {
    const next = puts[put.nextOfOtherPart];
    if (next?.key !== put.key) continue;
    const [first, second] = put.part < next.part ? [put, next] : [next, put];
    throw invalidRequest(
      second.at,
      `${second.at} puts the key that ${first.at} also puts`,
      'put each key at most once in a transaction',
    );
  }
}

function refuseDeletedPuts(puts: readonly SortedPut[], deletions: readonly Deletion[]): void {
  for (const deletion of deletions) {
    const first = puts[lowerBound(puts, deletion.from)];
    const put = first?.part === deletion.part ? puts[first.nextOfOtherPart] : first;
    if (put === undefined || (deletion.to !== undefined && put.key >= deletion.to)) continue;
    throw invalidRequest(
      put.part < deletion.part ? deletion.at : put.at,
      `${put.at} puts a key that ${deletion.at} deletes`,
      'write each key at most once in a transaction',
    );
  }
}

/** One pass for all puts: a search from each put would take quadratic time. */
function sortPuts(puts: readonly Put[]): SortedPut[] {
  const sorted = puts
    .map((put) => ({ ...put, nextOfOtherPart: puts.length }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  let next: SortedPut | undefined;
  for (let index = sorted.length - 1; index >= 0; index--) {
    const put = sorted[index];
    if (put === undefined) continue;
    if (next !== undefined)
      put.nextOfOtherPart = next.part === put.part ? next.nextOfOtherPart : index + 1;
    next = put;
  }
  return sorted;
}

function lowerBound(puts: readonly Put[], key: ByteText): number {
  let [low, high] = [0, puts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((puts[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function toByteText(bytes: Buffer): ByteText {
  return bytes.toString('latin1');
}

function boundsOf({ key, rangeEnd }: KeyRange): { from: ByteText; to: ByteText | undefined } {
  const from = toByteText(key);
  if (rangeEnd === undefined) return { from, to: `${from}\0` };
  const to = toByteText(rangeEnd);
  return { from, to: to === '\0' ? undefined : to };
}
