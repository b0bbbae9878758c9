// /v1/locks: list, inspect, acquire, renew, release, hold and watch locks.
import { Router } from 'express';
import type { Request } from 'express';
import type { Caller } from '../../core/caller.js';
import { createLockResource } from '../../domain/contention/key.js';
import { inspectLock, listLocks } from '../../domain/locks/view.js';
import type { LockView } from '../../domain/locks/view.js';
import { acquireLock, breakLock, releaseLock, renewLock } from '../../domain/locks/locks.js';
import type { LockDeps } from '../../domain/locks/locks.js';
import type { StateFeeds } from './state-feed.js';
import type { Log } from '../../process/log.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import { readParameters, readRequest } from '../contract/documented-request.js';
import type { Schema } from '../contract/operation-types.js';
import type { Validator } from '../contract/validate.js';
import { streamHold } from './hold.js';
import {
  checkName,
  readRelease,
  toAcquiredBody,
  toLockRequest,
  toRenewedBody,
} from './lock-body.js';
import { sendJson, skipHead } from './responses.js';
import { streamStates } from './state-stream.js';

export interface LocksRouterDeps extends LockDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
  readonly streams: StreamLimiter;
  readonly feeds: StateFeeds<LockView>;
  readonly log: Log;
}

const METADATA_SETTING = '--lock-metadata-limit (LATCHKEY_LOCK_METADATA_LIMIT)';

export function createLocksRouter(deps: LocksRouterDeps): Router {
  const { validator, bodies, lockLimits, streams } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const readBody = bodies.small();
  const readBodyWithMetadata = bodies.small(lockLimits.metadataBytesMax, METADATA_SETTING);
  addReads(router, deps);
  router.put('/v1/locks/:name', readBodyWithMetadata, async (req, res) => {
    const { params, body } = readRequest(req, validator.operation('acquireLock'));
    const request = toLockRequest(checkName(params.name), body);
    const { wait = 0 } = body;
    if (wait > 0) streams.enterWait(res);
    const acquired = await acquireLock(contextOf(req).caller, deps, request, wait);
    sendJson(res, toAcquiredBody(acquired));
  });
  router.delete('/v1/locks/:name', readBody, async (req, res) => {
    const release = readRelease(req, validator.operation('releaseLock'));
    if ('force' in release) await breakByForce(deps, req, release.name);
    else await releaseLock(contextOf(req).caller, deps, release);
    const released: Schema<'Released'> = { released: true };
    sendJson(res, released);
  });
  router.post('/v1/locks/:name/keepalive', readBody, async (req, res) => {
    const { params, body } = readRequest(req, validator.operation('renewLock'));
    const request = { name: checkName(params.name), ...body };
    sendJson(res, toRenewedBody(await renewLock(contextOf(req).caller, deps, request)));
  });
  router.post('/v1/locks/:name/hold', readBodyWithMetadata, async (req, res) => {
    const { params, body } = readRequest(req, validator.operation('holdLock'));
    streams.enter(res);
    await streamHold(deps, req, res, checkName(params.name), body);
  });
  return router;
}

function addReads(router: Router, deps: LocksRouterDeps): void {
  const { validator } = deps;
  router.get('/v1/locks', async (req, res) => {
    const { query } = readParameters(req, validator.operation('listLocks'));
    const { prefix = '', limit, next, expires: withExpiry = false } = query;
    const page = await listLocks(contextOf(req).caller, deps, { prefix, limit, next, withExpiry });
    const list: Schema<'LockList'> = {
      locks: page.locks,
      ...(page.next !== undefined && { next: page.next }),
    };
    sendJson(res, list);
  });
  router.get('/v1/locks/:name', async (req, res) => {
    const { params } = readParameters(req, validator.operation('inspectLock'));
    const lock = await inspectLock(contextOf(req).caller, deps, checkName(params.name));
    sendJson(res, toLockBody(lock));
  });
  router.get('/v1/locks/:name/events', skipHead, (req, res) => {
    const { params } = readParameters(req, validator.operation('watchLock'));
    const name = checkName(params.name);
    const { range } = createLockResource(deps.lockPrefix, name, 'name');
    deps.streams.enter(res);
    const { identity } = contextOf(req).caller;
    const read = (caller: Caller): ReturnType<typeof inspectLock> =>
      inspectLock(caller, deps, name);
    streamStates(deps, res, { identity, range, read }, toLockBody);
  });
}

async function breakByForce(deps: LocksRouterDeps, req: Request, name: string): Promise<void> {
  const { caller, requestId } = contextOf(req);
  const broken = await breakLock(caller, deps, name);
  const holders = broken.map((holder) => holder?.owner ?? null);
  deps.log.warn(
    { requestId, lock: name, by: caller.identity.name, holders },
    'a lock was broken by force',
  );
}

function toLockBody({ name, locked, holders, waiters, queueLength }: LockView): Schema<'Lock'> {
  return { name, locked, holders, waiters, queueLength };
}
