// A simple model of transactions over a map of texts. Tests compare etcd's results with it.

export type Contents = ReadonlyMap<string, string>;

interface ModelComparison {
  readonly key: string;
  readonly value?: string;
  readonly exists?: boolean;
  readonly version?: number;
  readonly is?: '=' | '!=' | '<' | '>';
}

interface ModelOperation {
  readonly put?: { readonly key: string; readonly value: string };
  readonly delete?: { readonly key: string };
  readonly get?: { readonly key: string };
  readonly txn?: ModelTransaction;
}

export interface ModelTransaction {
  readonly if: readonly ModelComparison[];
  readonly then: readonly ModelOperation[];
  readonly else: readonly ModelOperation[];
}

export interface ModelVerdict {
  readonly succeeded: boolean;
  /** `put`, the number of deleted keys, the value that was read (null: none), or the result of a branch. */
  readonly results: readonly unknown[];
}

/** `undefined` for a transaction that may write a key twice in one run. Every key that exists has version 1. */
export function runModel(
  transaction: ModelTransaction,
  before: Contents,
): { verdict: ModelVerdict; contents: Contents } | undefined {
  if (isAmbiguous(transaction)) return undefined;
  const contents = new Map(before);
  return { verdict: run(transaction, before, contents), contents };
}

/** Comparisons use `before`, reads use `now`. */
function run(
  transaction: ModelTransaction,
  before: Contents,
  now: Map<string, string>,
): ModelVerdict {
  const succeeded = transaction.if.every((comparison) => isTrue(comparison, before));
  const results = transaction[succeeded ? 'then' : 'else'].map((operation) => {
    if (operation.txn !== undefined) return run(operation.txn, before, now);
    if (operation.get !== undefined) return now.get(operation.get.key) ?? null;
    if (operation.put !== undefined) {
      now.set(operation.put.key, operation.put.value);
      return 'put';
    }
    return now.delete(operation.delete!.key) ? 1 : 0;
  });
  return { succeeded, results };
}

function isTrue(
  { key, value, exists, version, is = '=' }: ModelComparison,
  before: Contents,
): boolean {
  const there = before.get(key);
  if (exists !== undefined) return (there !== undefined) === exists;
  if (version !== undefined) return holds(there === undefined ? 0 : 1, is, version);
  return there === undefined ? is === '!=' : holds(there, is, value!);
}

function holds<T extends string | number>(left: T, is: string, right: T): boolean {
  if (is === '<') return left < right;
  if (is === '>') return left > right;
  return (left === right) === (is === '=');
}

/** Each way through it as the lists of keys that it puts and deletes. */
interface Way {
  readonly puts: readonly string[];
  readonly deletes: readonly string[];
}

function isAmbiguous({ then, else: otherwise }: ModelTransaction): boolean {
  return [...waysOf(then), ...waysOf(otherwise)].some(
    ({ puts, deletes }) =>
      new Set(puts).size < puts.length || puts.some((key) => deletes.includes(key)),
  );
}

function waysOf(operations: readonly ModelOperation[]): Way[] {
  return operations.reduce<Way[]>(
    (ways, { put, delete: remove, txn }) => {
      const own: Way[] =
        txn === undefined
          ? [{ puts: put ? [put.key] : [], deletes: remove ? [remove.key] : [] }]
          : [...waysOf(txn.then), ...waysOf(txn.else)];
      return ways.flatMap((way) =>
        own.map(({ puts, deletes }) => ({
          puts: [...way.puts, ...puts],
          deletes: [...way.deletes, ...deletes],
        })),
      );
    },
    [{ puts: [], deletes: [] }],
  );
}
