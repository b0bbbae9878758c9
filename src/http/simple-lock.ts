// The simple lock at `/`. Responses are byte for byte those of the small lock manager, with one newline at the end.
import { Router } from 'express';
import type { Request, Response } from 'express';
import { invalidRequest } from '../core/errors.js';
import {
  acquireSimpleLock,
  inspectSimpleLock,
  releaseSimpleLock,
} from '../domain/locks/simple-lock.js';
import type { LockDeps } from '../domain/locks/locks.js';
import { bytesOf, jsonOf } from './body/body-readers.js';
import type { BodyReaders } from './body/body-readers.js';
import { contextOf } from './request/context.js';
import { readParameters } from './contract/documented-request.js';
import { queryOf } from './request/target.js';
import type { OperationQuery } from './contract/operation-types.js';
import type { Validator } from './contract/validate.js';
import { refuseDoubleEncoding } from './v1/lock-body.js';

export interface SimpleLockRouterDeps extends LockDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
}

type SimpleLockQuery = OperationQuery<'simpleLockInspect'>;

export function createSimpleLockRouter(deps: SimpleLockRouterDeps): Router {
  const { validator } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const readBody = deps.bodies.small();

  router.put('/', readBody, async (req, res) => {
    const operation = validator.operation('simpleLockAcquire');
    const { query } = readParameters(req, operation);
    const { resource, user_id: userId, ttl } = operation.body(readFields(req, query));
    const { caller } = contextOf(req);
    const succeeded = await acquireSimpleLock(caller, deps, {
      resource,
      userId,
      ttlSeconds: ttl ?? null,
    });
    send(res, { succeeded });
  });
  router.get('/', readBody, async (req, res) => {
    if (isBrowser(req)) {
      res.redirect('/docs/');
      return;
    }
    const operation = validator.operation('simpleLockInspect');
    const { query } = readParameters(req, operation);
    const { resource } = operation.body(readFields(req, query));
    const owner = await inspectSimpleLock(contextOf(req).caller, deps, resource);
    send(res, { locked: owner !== undefined, user_id: owner ?? '' });
  });
  router.delete('/', readBody, async (req, res) => {
    const operation = validator.operation('simpleLockRelease');
    const { query } = readParameters(req, operation);
    const { resource, user_id: userId } = operation.body(readFields(req, query));
    send(res, {
      succeeded: await releaseSimpleLock(contextOf(req).caller, deps, resource, userId),
    });
  });
  return router;
}

/**
 * Returns the fields of the body, or of the query of a request without a body, for validation: a misspelled field is rejected, because
 * a misspelled ttl would lock indefinitely.
 */
function readFields(req: Request, query: SimpleLockQuery): unknown {
  if (Object.keys(query).length === 0) return jsonOf(req);
  if (bytesOf(req).length > 0) {
    throw invalidRequest(
      '',
      'the request has fields in both the body and the query',
      'pass the fields in one of the two',
    );
  }
  if (query.resource !== undefined) refuseDoubleEncoding(query.resource, 'resource');
  return query;
}

function send(res: Response, body: object): void {
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Cache-Control', 'no-cache');
  res.end(`${JSON.stringify(body)}\n`);
}

/** Returns whether a person opened `/` in a browser. */
function isBrowser(req: Request): boolean {
  const namesNoLock = bytesOf(req).length === 0 && queryOf(req.url) === '';
  return namesNoLock && (req.headers.accept ?? '').includes('text/html');
}
