// The simple lock at `/`: byte for byte what clients of the small lock manager expect, one newline at the end of each answer.
import { Router } from 'express';
import type { Request, Response } from 'express';
import { GatewayError } from '../errors.js';
import { acquireSimply, inspectSimply, releaseSimply } from '../domain/locks/simple-lock.js';
import type { LockDeps } from '../domain/locks/locks.js';
import { bytesOf, createBodyReader, jsonOf } from './body.js';
import type { BodyLimits } from './body.js';
import { contextOf } from './context.js';
import type { Validator } from './contract/validate.js';
import { queryOf } from './v1/range-query.js';

export interface SimpleLockRouterDeps extends LockDeps {
  readonly validator: Validator;
  readonly limits: BodyLimits;
}

interface SimpleLockBody {
  readonly resource: string;
  readonly user_id: string;
  readonly ttl?: number | null;
}

export function createSimpleLockRouter(deps: SimpleLockRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const body = createBodyReader(deps.limits);
  const asked = (req: Request, operationId: string): SimpleLockBody => {
    const operation = deps.validator.operation(operationId);
    const isInQuery = bytesOf(req).length === 0 && queryOf(req) !== '';
    // In the query the same fields are a must: there each of them is optional only because the body may have it.
    return operation.body(
      isInQuery ? operation.query(queryOf(req)) : jsonOf(req),
    ) as SimpleLockBody;
  };

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
  router.all('/', () => {
    throw new GatewayError('method-not-allowed', {
      detail: 'the simple lock knows PUT, GET and DELETE',
      headers: { Allow: 'PUT, GET, HEAD, DELETE' },
    });
  });
  return router;
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
