// Reads requests of documented operations: validated, and typed by the OpenAPI document.
import type { Request } from 'express';
import { readJson } from '../body/body-readers.js';
import { queryOf } from '../request/target.js';
import type {
  OperationBody,
  OperationId,
  OperationParams,
  OperationQuery,
} from './operation-types.js';
import type { OperationValidator } from './validate.js';

export interface RequestParameters<Id extends OperationId> {
  readonly query: OperationQuery<Id>;
  readonly params: OperationParams<Id>;
}

export interface DocumentedRequest<Id extends OperationId> extends RequestParameters<Id> {
  readonly body: OperationBody<Id>;
}

/** Returns the query and path parameters. Throws `invalid-request`. */
export function readParameters<Id extends OperationId>(
  req: Request,
  operation: OperationValidator<Id>,
): RequestParameters<Id> {
  return { query: operation.query(queryOf(req.url)), params: operation.params(req.params) };
}

/** Returns the parameters and the JSON body. Throws `unsupported-media-type`, `invalid-request`. */
export function readRequest<Id extends OperationId>(
  req: Request,
  operation: OperationValidator<Id>,
): DocumentedRequest<Id> {
  return { ...readParameters(req, operation), body: operation.body(readJson(req)) };
}
