// The simple lock at `/`: byte for byte what clients of the small lock manager expect, one newline at the end of each answer.
import { Router } from 'express';
import type { Request, Response } from 'express';
import { invalidRequest } from '../core/errors.js';
import { acquireSimply, inspectSimply, releaseSimply } from '../domain/locks/simple-lock.js';
import type { LockDeps } from '../domain/locks/locks.js';
import { bytesOf, jsonOf } from './body/body-readers.js';
import type { BodyReaders } from './body/body-readers.js';
import { contextOf } from './request/context.js';
import type { OperationValidator, Validator } from './contract/validate.js';
import { refuseDoubleEncoding } from './v1/lock-body.js';
import { queryOf } from './v1/range-query.js';

export interface SimpleLockRouterDeps extends LockDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
}

interface SimpleLockBody {
  readonly resource: string;
  readonly user_id: string;
  readonly ttl?: number | null;
}

export function createSimpleLockRouter(deps: SimpleLockRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const body = deps.bodies.small();
  const asked = (req: Request, operationId: string): SimpleLockBody =>
    readFields(req, deps.validator.operation(operationId));

  router.put('/', body, async (req, res) => {
    const { resource, user_id: userId, ttl } = asked(req, 'simpleLockAcquire');
    const { caller } = contextOf(req);
    const succeeded = await acquireSimply(caller, deps, {
      resource,
      userId,
      ttlSeconds: ttl ?? null,
    });
    send(res, { succeeded });
  });
  router.get('/', body, async (req, res) => {
    if (isBrowser(req)) {
      res.redirect('/docs/');
      return;
    }
    const owner = await inspectSimply(
      contextOf(req).caller,
      deps,
      asked(req, 'simpleLockInspect').resource,
    );
    send(res, { locked: owner !== undefined, user_id: owner ?? '' });
  });
  router.delete('/', body, async (req, res) => {
    const { resource, user_id: userId } = asked(req, 'simpleLockRelease');
    send(res, {
      succeeded: await releaseSimply(contextOf(req).caller, deps, resource, userId),
    });
  });
  return router;
}

/** From the body, or from the query of a request that has none. A misspelled field in either is refused, because a misspelled ttl locks indefinitely. */
function readFields(req: Request, operation: OperationValidator): SimpleLockBody {
  const inQuery = operation.query(queryOf(req));
  // In the query the fields are optional only because the body may have them.
  if (Object.keys(inQuery).length === 0) return operation.body(jsonOf(req)) as SimpleLockBody;
  if (bytesOf(req).length > 0) {
    throw invalidRequest(
      '',
      'the request has fields in its body and in its query',
      'use one of the two',
    );
  }
  const fields = operation.body(inQuery) as SimpleLockBody;
  refuseDoubleEncoding(fields.resource, 'resource');
  return fields;
}

function send(res: Response, answer: object): void {
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Cache-Control', 'no-cache');
  res.end(`${JSON.stringify(answer)}\n`);
}

/** A person who opened `/`, not a client that asks for a resource. */
function isBrowser(req: Request): boolean {
  const asksNothing = bytesOf(req).length === 0 && queryOf(req) === '';
  return asksNothing && (req.headers.accept ?? '').includes('text/html');
}
