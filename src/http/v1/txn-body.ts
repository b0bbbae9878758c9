// Converts the JSON of a transaction for the domain. The schema has checked names, types and bounds; this file checks rules that depend on
// several fields. Errors name the JSON pointer.
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
import type { Schema } from '../contract/operation-types.js';
import { parseKey, parseKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';
import { parseValueText } from './value-body.js';

type RangeBody = Pick<Schema<'TxnComparison'>, 'key' | 'keyEncoding' | 'prefix' | 'start' | 'end'>;

const TARGETS = ['version', 'createRevision', 'modRevision', 'value', 'lease', 'exists'] as const;
/** As `TxnGetLimit` in the OpenAPI document. */
const GET_KEYS_DEFAULT = 100;
/** etcd's lease ID of a key without a lease. */
const NO_LEASE = '0';

/**
 * Rejects a transaction with too many operations before the schema is checked, which would take long. Takes any JSON, and stops counting
 * above the limit. Throws what `requireWithinLimits` throws.
 */
export function refuseManyOperations(body: unknown, limits: TransactionLimits): void {
  const transactions: unknown[] = [body];
  let count = 0;
  // The list grows during the loop.
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

/** `encoding` is the encoding of keys without `keyEncoding`. */
export function parseTransaction(
  body: Schema<'TxnNested'>,
  encoding: KeyEncoding,
  at = '',
): Transaction {
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

function parseOperation(
  body: Schema<'TxnOperation'>,
  encoding: KeyEncoding,
  pointer: string,
): Operation {
  const { put, get, delete: remove, txn } = body;
  if (put !== undefined) {
    const at = `${pointer}/put`;
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
    const at = `${pointer}/get`;
    const { limit = GET_KEYS_DEFAULT, keysOnly, countOnly } = get;
    return { kind: 'get', at, range: parseRange(get, encoding, at), limit, keysOnly, countOnly };
  }
  if (remove !== undefined) return parseDelete(remove, encoding, `${pointer}/delete`);
  if (txn !== undefined) {
    const at = `${pointer}/txn`;
    return { kind: 'txn', at, transaction: parseTransaction(txn, encoding, at) };
  }
  throw invalidRequest(pointer, `${pointer} is not an operation`, 'write put, get, delete or txn');
}

function parseDelete(body: Schema<'TxnDelete'>, encoding: KeyEncoding, at: string): Operation {
  const range = parseRange(body, encoding, at);
  if (body.previous === true && range.rangeEnd !== undefined) {
    throw invalidRequest(`${at}/previous`, 'previous applies only to a single key');
  }
  if (body.prefix === '' && body.all !== true) {
    throw invalidRequest(
      `${at}/all`,
      'an empty prefix covers all keys',
      'add "all": true to delete all keys',
    );
  }
  return { kind: 'delete', at, range, previous: body.previous };
}

function parseComparison(
  body: Schema<'TxnComparison'>,
  encoding: KeyEncoding,
  at: string,
): Comparison {
  const range = parseRange(body, encoding, at);
  const targets = TARGETS.filter((name) => body[name] !== undefined);
  const [target] = targets;
  if (target === undefined || targets.length > 1) {
    throw invalidRequest(
      at,
      `${at} compares ${targets.length === 0 ? 'nothing' : targets.join(' and ')}`,
      `write exactly one of ${TARGETS.join(', ')}`,
    );
  }
  const { is = '=' } = body;
  const isOrdered = target !== 'lease' && target !== 'exists';
  if (!isOrdered && (is === '<' || is === '>')) {
    throw invalidRequest(`${at}/is`, `${target} cannot be compared with ${is}`, 'use = or !=');
  }
  return { at, ...range, ...targetOf(body, target, is, at) };
}

function targetOf(
  body: Schema<'TxnComparison'>,
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
      const mustExist = (body.exists === true) === (is === '=');
      return { target: { kind: 'version', number: 0 }, result: mustExist ? '>' : '=' };
    }
  }
}

/** Returns one key, or a range: `prefix` as a text, `prefix: true` with a key, or `start` and `end`. */
function parseRange(body: RangeBody, requestEncoding: KeyEncoding, at: string): KeyRange {
  const { key, prefix, start, end } = body;
  const encoding = body.keyEncoding ?? requestEncoding;
  const parseBound = (name: 'start' | 'end', text: string | undefined): Buffer | undefined =>
    text === undefined ? undefined : parseKeyText(text, encoding, `${at}/${name}`);
  const forms = [key, typeof prefix === 'string' ? prefix : undefined, start ?? end];
  if (
    forms.filter((form) => form !== undefined).length !== 1 ||
    (prefix === true && key === undefined)
  ) {
    throw invalidRequest(
      at,
      `${at} must name its keys in exactly one way`,
      'write one of key, prefix, or start and end; "prefix": true with key makes the key a prefix',
    );
  }
  if (key !== undefined) {
    const first = parseKey(key, encoding, `${at}/key`);
    return prefix === true ? spanOf({ prefix: first }) : { key: first };
  }
  if (typeof prefix === 'string')
    return spanOf({ prefix: parseKeyText(prefix, encoding, `${at}/prefix`) });
  return spanOf({ start: parseBound('start', start), end: parseBound('end', end) }, `${at}/`);
}
