// /v1/txn: comparisons, then one of two branches, at one revision.
import { Router } from 'express';
import { DEFAULT_LIMITS } from '../../domain/transaction/limits.js';
import { transact } from '../../domain/transaction/transaction.js';
import type { TransactionDeps } from '../../domain/transaction/transaction.js';
import type { OperationResult, BranchResult } from '../../domain/transaction/operation.js';
import { readJson } from '../body/body-readers.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import { readParameters } from '../contract/documented-request.js';
import type { Schema } from '../contract/operation-types.js';
import type { Validator } from '../contract/validate.js';
import { toEntryBody, toKeyBody } from './entry-body.js';
import { toGuard } from './guard.js';
import type { KeyEncoding } from './key-text.js';
import { sendJson } from './responses.js';
import { parseTransaction, refuseManyOperations } from './txn-body.js';

export interface TxnRouterDeps extends TransactionDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
}

/** JSON values: sixteen per operation of the largest transaction. An operation with all fields has eight. */
const TRANSACTION_VALUES_MAX = 65_536;

export function createTxnRouter(deps: TxnRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const operation = deps.validator.operation('transact');
  router.post('/v1/txn', deps.bodies.values(), async (req, res) => {
    const { keyEncoding } = readParameters(req, operation).query;
    const json = readJson(req, deps.bodies.jsonLimits(TRANSACTION_VALUES_MAX));
    refuseManyOperations(json, deps.transactionLimits ?? DEFAULT_LIMITS);
    const body = operation.body(json);
    const transaction = parseTransaction(body, keyEncoding);
    const guard = body.guard && toGuard(body.guard);
    const result = await transact(contextOf(req).caller, deps, transaction, guard);
    const { succeeded, revision } = result;
    const results = toResults(result, body, revision, keyEncoding);
    res.setHeader('Etcd-Revision', revision);
    const responseBody: Schema<'TxnResult'> = { succeeded, revision, results };
    sendJson(res, responseBody);
  });
  return router;
}

function toResults(
  { succeeded, results }: BranchResult,
  body: Schema<'TxnNested'>,
  revision: number,
  encoding: KeyEncoding,
): Schema<'TxnOperationResults'> {
  const operations = (succeeded ? body.then : body.else) ?? [];
  return results.map((result, index) =>
    toResult(result, operations[index] ?? {}, revision, encoding),
  );
}

/** Each result has the name of its operation; its keys have the encoding of the operation's key. */
function toResult(
  result: OperationResult,
  operation: Schema<'TxnOperation'>,
  revision: number,
  requestEncoding: KeyEncoding,
): Schema<'TxnOperationResult'> {
  switch (result.kind) {
    case 'put': {
      const encoding = operation.put?.keyEncoding ?? requestEncoding;
      const { previous } = result;
      return { put: { revision, ...(previous && { previous: toEntryBody(previous, encoding) }) } };
    }
    case 'get': {
      const { keysOnly, countOnly, keyEncoding } = operation.get ?? {};
      const { count, kvs, isCutOff } = result;
      if (countOnly === true) return { get: { count } };
      const encoding = keyEncoding ?? requestEncoding;
      const toItem = keysOnly === true ? toKeyBody : toEntryBody;
      const items = kvs.map((kv) => toItem(kv, encoding));
      return { get: { items, count, more: isCutOff } };
    }
    case 'delete': {
      const encoding = operation.delete?.keyEncoding ?? requestEncoding;
      const { deleted, previous } = result;
      return {
        delete: { deleted, ...(previous && { previous: toEntryBody(previous, encoding) }) },
      };
    }
    case 'txn': {
      const { succeeded } = result;
      const nested = operation.txn ?? { then: [] };
      return { txn: { succeeded, results: toResults(result, nested, revision, requestEncoding) } };
    }
  }
}
