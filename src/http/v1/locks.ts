// /v1/locks: acquire, inspect, renew, release, hold, follow.
import { Router } from 'express';
import type { Request } from 'express';
import type { Caller } from '../../core/caller.js';
import { createArena } from '../../domain/contention/key.js';
import { inspectLock, listLocks } from '../../domain/locks/view.js';
import type { LockView } from '../../domain/locks/view.js';
import { acquireLock, breakLock, releaseLock, renewLock } from '../../domain/locks/locks.js';
import type { LockDeps } from '../../domain/locks/locks.js';
import type { StateFeeds } from '../../domain/contention/state-feed.js';
import type { Log } from '../../process/log.js';
import { readJson } from '../body/body-readers.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import type { Validator } from '../contract/validate.js';
import { sendJson } from './entry-body.js';
import { serveHold } from './hold.js';
import { nameOf, readRelease, toAcquiredBody, toLifetimeBody, toLockRequest } from './lock-body.js';
import type { LockBody } from './lock-body.js';
import { queryOf } from './range-query.js';
import { serveStates } from './states.js';

export interface LocksRouterDeps extends LockDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
  readonly streams: StreamLimiter;
  readonly feeds: StateFeeds<LockView>;
  readonly log: Log;
}

const METADATA_SETTING = '--lock-metadata-limit / LATCHKEY_LOCK_METADATA_LIMIT';

export function createLocksRouter(deps: LocksRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const body = deps.bodies.small();
  const { metadataBytesMax } = deps.lockLimits;
  const bodyWithMetadata = deps.bodies.small(metadataBytesMax, METADATA_SETTING);
  addReads(router, deps);
  router.put('/v1/locks/:name', bodyWithMetadata, async (req, res) => {
    const asked = bodyFor(deps, req, 'acquireLock') as LockBody;
    const request = toLockRequest(nameOf(req), asked);
    const { wait = 0 } = asked;
    if (wait > 0) deps.streams.enterWait(res);
    const acquired = await acquireLock(contextOf(req).caller, deps, request, wait);
    sendJson(res, toAcquiredBody(acquired));
  });
  router.delete('/v1/locks/:name', body, async (req, res) => {
    const release = readRelease(req, deps.validator.operation('releaseLock'), nameOf(req));
    if ('force' in release) await forceRelease(deps, req, release.name);
    else await releaseLock(contextOf(req).caller, deps, release);
    sendJson(res, { released: true });
  });
  router.post('/v1/locks/:name/keepalive', body, async (req, res) => {
    const asked = bodyFor(deps, req, 'renewLock') as { token: string; fencingToken?: number };
    const renewed = await renewLock(contextOf(req).caller, deps, { name: nameOf(req), ...asked });
    sendJson(res, { ...toLifetimeBody(renewed.lifetime), fencingToken: renewed.fencingToken });
  });
  router.post('/v1/locks/:name/hold', bodyWithMetadata, async (req, res) => {
    const asked = bodyFor(deps, req, 'holdLock') as LockBody;
    deps.streams.enter(res);
    await serveHold(deps, req, res, nameOf(req), asked);
  });
  return router;
}

function addReads(router: Router, deps: LocksRouterDeps): void {
  router.get('/v1/locks', async (req, res) => {
    const query = queryFor(deps, req, 'listLocks') as ListQuery;
    const { prefix = '', limit, next, expires: withExpiry = false } = query;
    const page = await listLocks(contextOf(req).caller, deps, { prefix, limit, next, withExpiry });
    sendJson(res, { locks: page.locks, ...(page.next !== undefined && { next: page.next }) });
  });
  router.get('/v1/locks/:name', async (req, res) => {
    queryFor(deps, req, 'inspectLock');
    sendJson(res, toLockBody(await inspectLock(contextOf(req).caller, deps, nameOf(req))));
  });
  router.get('/v1/locks/:name/events', (req, res, next) => {
    // It would never end.
    if (req.method === 'HEAD') {
      next();
      return;
    }
    queryFor(deps, req, 'watchLock');
    const name = nameOf(req);
    const { range } = createArena(deps.lockPrefix, name, 'name');
    deps.streams.enter(res);
    const { identity } = contextOf(req).caller;
    const read = (caller: Caller): ReturnType<typeof inspectLock> =>
      inspectLock(caller, deps, name);
    serveStates(deps, res, { identity, range, read }, toLockBody);
  });
}

async function forceRelease(deps: LocksRouterDeps, req: Request, name: string): Promise<void> {
  const { caller, requestId } = contextOf(req);
  const ended = await breakLock(caller, deps, name);
  const holders = ended.map((holder) => holder?.owner ?? null);
  deps.log.warn(
    { requestId, lock: name, by: caller.identity.name, holders },
    'a lock was broken by force',
  );
}

function queryFor(deps: LocksRouterDeps, req: Request, operationId: string): unknown {
  return deps.validator.operation(operationId).query(queryOf(req));
}

/** The body; the operation takes no query. */
function bodyFor(deps: LocksRouterDeps, req: Request, operationId: string): unknown {
  queryFor(deps, req, operationId);
  return deps.validator.operation(operationId).body(readJson(req));
}

interface ListQuery {
  readonly prefix?: string;
  readonly limit: number;
  readonly next?: string;
  readonly expires?: boolean;
}

function toLockBody({
  name,
  locked,
  holders,
  waiters,
  queueLength,
}: LockView): Record<string, unknown> {
  return { name, locked, holders, waiters, queueLength };
}
