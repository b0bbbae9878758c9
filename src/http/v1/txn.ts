// /v1/txn: comparisons and one of two branches, at one revision.
import { Router } from 'express';
import type { Request } from 'express';
import { DEFAULT_LIMITS } from '../../domain/transaction/limits.js';
import { transact } from '../../domain/transaction/transaction.js';
import type { TransactionDeps } from '../../domain/transaction/transaction.js';
import type { OperationResult, Verdict } from '../../domain/transaction/operation.js';
import { readJson } from '../body/body-readers.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import type { Validator } from '../contract/validate.js';
import { sendJson, toEntryBody, toKeyBody } from './entry-body.js';
import { guardOfBody } from './guard-fields.js';
import type { KeyEncoding } from './key-text.js';
import { queryOf } from './range-query.js';
import { parseTransaction, refuseManyOperations } from './txn-body.js';
import type { NestedBody, OperationBody, TransactionBody } from './txn-body.js';

export interface TxnRouterDeps extends TransactionDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
}

/** Sixteen for each operation of the largest transaction: with all its fields one has eight. */
const TRANSACTION_VALUES_MAX = 65_536;

export function createTxnRouter(deps: TxnRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const operation = deps.validator.operation('transact');
  router.post('/v1/txn', deps.bodies.values(), async (req: Request, res) => {
    const { keyEncoding } = operation.query(queryOf(req)) as { keyEncoding?: KeyEncoding };
    const json = readJson(req, deps.bodies.jsonLimits(TRANSACTION_VALUES_MAX));
    refuseManyOperations(json, deps.transactionLimits ?? DEFAULT_LIMITS);
    const body = operation.body(json) as TransactionBody;
    const transaction = parseTransaction(body, keyEncoding);
    const guard = body.guard && guardOfBody(body.guard);
    const done = await transact(contextOf(req).caller, deps, transaction, guard);
    const { succeeded, revision } = done;
    res.setHeader('Etcd-Revision', revision);
    sendJson(res, { succeeded, revision, results: toResults(done, body, revision, keyEncoding) });
  });
  return router;
}

function toResults(
  { succeeded, results }: Verdict,
  body: NestedBody,
  revision: number,
  encoding: KeyEncoding,
): object[] {
  const operations = (succeeded ? body.then : body.else) ?? [];
  return results.map((result, index) =>
    toResult(result, operations[index] ?? {}, revision, encoding),
  );
}

/** Each result is called like its operation; keys are in the encoding in which the operation gave them. */
function toResult(
  result: OperationResult,
  operation: OperationBody,
  revision: number,
  requestEncoding: KeyEncoding,
): object {
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
      const inside = operation.txn ?? { then: [] };
      return { txn: { succeeded, results: toResults(result, inside, revision, requestEncoding) } };
    }
  }
}
