// From the JSON of a transaction to what the domain takes. The schema has checked names, types and bounds; here is what takes more than
// one field to judge. Errors name the JSON pointer.
import { invalidRequest } from '../../core/errors.js';
import { parseLeaseId, parseSharedLeaseId } from '../../domain/leases/lease-id.js';
import { spanOf } from '../../domain/keys/span.js';
import type {
  Branch,
  Comparison,
  Operation,
  Transaction,
} from '../../domain/transaction/operation.js';
import { tooManyOperations } from '../../domain/transaction/limits.js';
import type { TransactionLimits } from '../../domain/transaction/limits.js';
import type { KeyRange } from '../../etcd/wire.js';
import type { GuardBody } from './guard-fields.js';
import { parseKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';
import { parseValueText } from './value-body.js';
import type { ValueText } from './value-body.js';

interface RangeBody {
  readonly key?: string;
  readonly prefix?: string | boolean;
  readonly start?: string;
  readonly end?: string;
  readonly keyEncoding?: KeyEncoding;
}

interface ComparisonBody extends RangeBody, Partial<ValueText> {
  readonly version?: number;
  readonly createRevision?: number;
  readonly modRevision?: number;
  readonly lease?: string | null;
  readonly exists?: boolean;
  readonly is?: Comparison['result'];
}

interface PutBody extends ValueText {
  readonly key: string;
  readonly keyEncoding?: KeyEncoding;
  readonly lease?: string;
  readonly previous?: boolean;
}

interface GetBody extends RangeBody {
  readonly limit?: number;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
}

interface DeleteBody extends RangeBody {
  readonly previous?: boolean;
  readonly all?: boolean;
}

export interface OperationBody {
  readonly put?: PutBody;
  readonly get?: GetBody;
  readonly delete?: DeleteBody;
  readonly txn?: NestedBody;
}

export interface NestedBody {
  readonly if?: readonly ComparisonBody[];
  readonly then: readonly OperationBody[];
  readonly else?: readonly OperationBody[];
}

export interface TransactionBody extends NestedBody {
  readonly guard?: GuardBody;
}

const TARGETS = ['version', 'createRevision', 'modRevision', 'value', 'lease', 'exists'] as const;
const GET_KEYS_DEFAULT = 100;
/** What etcd calls the lease of a key without one. */
const NO_LEASE = '0';

/**
 * Throws what `refuseTooMuch` throws, before a body of very many operations is validated. Expects any JSON, and counts no more than one
 * operation above the limit.
 */
export function refuseManyOperations(body: unknown, limits: TransactionLimits): void {
  const transactions: unknown[] = [body];
  let count = 0;
  // The list grows while it is walked.
  for (const transaction of transactions) {
    const { if: compare, then, else: otherwise } = asObject(transaction);
    for (const list of [compare, then, otherwise]) {
      if (!Array.isArray(list)) continue;
      count += list.length;
      if (count > limits.operationsMax) throw tooManyOperations(count, limits);
      for (const operation of list as unknown[]) {
        const { txn } = asObject(operation);
        if (txn !== undefined) transactions.push(txn);
      }
    }
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** `encoding` is that of keys which do not name their own. */
export function parseTransaction(body: NestedBody, encoding: KeyEncoding, at = ''): Transaction {
  const branch = (name: 'then' | 'else'): Branch => ({
    at: `${at}/${name}`,
    operations: (body[name] ?? []).map((each, index) =>
      parseOperation(each, encoding, `${at}/${name}/${index}`),
    ),
  });
  return {
    at,
    comparisons: (body.if ?? []).map((each, index) =>
      parseComparison(each, encoding, `${at}/if/${index}`),
    ),
    success: branch('then'),
    failure: branch('else'),
  };
}

function parseOperation(body: OperationBody, encoding: KeyEncoding, place: string): Operation {
  const { put, get, delete: remove, txn } = body;
  if (put !== undefined) {
    const at = `${place}/put`;
    return {
      kind: 'put',
      at,
      key: parseKey(put.key, put.keyEncoding ?? encoding, `${at}/key`),
      value: parseValueText(put, at),
      lease: put.lease === undefined ? undefined : parseSharedLeaseId(put.lease, `${at}/lease`),
      previous: put.previous,
    };
  }
  if (get !== undefined) {
    const at = `${place}/get`;
    const { limit = GET_KEYS_DEFAULT, keysOnly, countOnly } = get;
    return { kind: 'get', at, range: parseRange(get, encoding, at), limit, keysOnly, countOnly };
  }
  if (remove !== undefined) return parseDelete(remove, encoding, `${place}/delete`);
  if (txn !== undefined) {
    const at = `${place}/txn`;
    return { kind: 'txn', at, transaction: parseTransaction(txn, encoding, at) };
  }
  throw invalidRequest(place, `${place} is no operation`, 'write put, get, delete or txn');
}

function parseDelete(body: DeleteBody, encoding: KeyEncoding, at: string): Operation {
  const range = parseRange(body, encoding, at);
  if (body.previous === true && range.rangeEnd !== undefined) {
    throw invalidRequest(`${at}/previous`, 'previous is for one key, not for a range');
  }
  if (body.prefix === '' && body.all !== true) {
    throw invalidRequest(
      `${at}/all`,
      'an empty prefix is the whole keyspace',
      'add "all": true if that is what you mean',
    );
  }
  return { kind: 'delete', at, range, previous: body.previous };
}

function parseComparison(body: ComparisonBody, encoding: KeyEncoding, at: string): Comparison {
  const range = parseRange(body, encoding, at);
  const named = TARGETS.filter((name) => body[name] !== undefined);
  const [target] = named;
  if (target === undefined || named.length > 1) {
    throw invalidRequest(
      at,
      `${at} compares ${named.length === 0 ? 'nothing' : named.join(' and ')}`,
      `a comparison has exactly one of ${TARGETS.join(', ')}`,
    );
  }
  const { is = '=' } = body;
  const isOrdered = target !== 'lease' && target !== 'exists';
  if (!isOrdered && (is === '<' || is === '>')) {
    throw invalidRequest(`${at}/is`, `${target} has no order`, 'use = or !=');
  }
  return { at, ...range, ...targetOf(body, target, is, at) };
}

function targetOf(
  body: ComparisonBody,
  name: (typeof TARGETS)[number],
  is: Comparison['result'],
  at: string,
): Pick<Comparison, 'target' | 'result'> {
  switch (name) {
    case 'version':
      return { target: { kind: 'version', number: body.version ?? 0 }, result: is };
    case 'createRevision':
      return { target: { kind: 'create', number: body.createRevision ?? 0 }, result: is };
    case 'modRevision':
      return { target: { kind: 'mod', number: body.modRevision ?? 0 }, result: is };
    case 'value': {
      const value = parseValueText({ ...body, value: body.value ?? '' }, at);
      return { target: { kind: 'value', value }, result: is };
    }
    case 'lease': {
      const lease =
        typeof body.lease === 'string' ? parseLeaseId(body.lease, `${at}/lease`) : NO_LEASE;
      return { target: { kind: 'lease', lease }, result: is };
    }
    case 'exists': {
      const isThere = (body.exists === true) === (is === '=');
      return { target: { kind: 'version', number: 0 }, result: isThere ? '>' : '=' };
    }
  }
}

/** One key, or a range: `prefix` as text or as `true` beside a key, or `start` and `end`. */
function parseRange(body: RangeBody, requestEncoding: KeyEncoding, at: string): KeyRange {
  const { key, prefix, start, end } = body;
  const encoding = body.keyEncoding ?? requestEncoding;
  const bytes = (name: 'start' | 'end', text: string | undefined): Buffer | undefined =>
    text === undefined ? undefined : parseKeyText(text, encoding, `${at}/${name}`);
  const forms = [key, typeof prefix === 'string' ? prefix : undefined, start ?? end];
  if (
    forms.filter((form) => form !== undefined).length !== 1 ||
    (prefix === true && key === undefined)
  ) {
    throw invalidRequest(
      at,
      `${at} does not say which keys`,
      'write one of key, prefix, or start and end; "prefix": true beside key makes the key a prefix',
    );
  }
  if (key !== undefined) {
    const first = parseKey(key, encoding, `${at}/key`);
    return prefix === true ? spanOf({ prefix: first }) : { key: first };
  }
  if (typeof prefix === 'string')
    return spanOf({ prefix: parseKeyText(prefix, encoding, `${at}/prefix`) });
  return spanOf({ start: bytes('start', start), end: bytes('end', end) }, `${at}/`);
}

function parseKey(text: string, encoding: KeyEncoding, pointer: string): Buffer {
  const key = parseKeyText(text, encoding, pointer);
  if (key.length === 0) throw invalidRequest(pointer, 'the key must not be empty');
  return key;
}
