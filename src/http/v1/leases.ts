// /v1/leases: sessions that several keys and locks can hang on.
import { isUtf8 } from 'node:buffer';
import { Router } from 'express';
import type { Request } from 'express';
import { invalidRequest } from '../../core/errors.js';
import { parseLeaseId, parseSharedLeaseId } from '../../domain/leases/lease-id.js';
import {
  createLease,
  endLease,
  keepLeaseAlive,
  listLeases,
  readLease,
} from '../../domain/leases/leases.js';
import type { LeaseDeps, LeaseState } from '../../domain/leases/leases.js';
import { bytesOf, readJson } from '../body/body-readers.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import type { Validator } from '../contract/validate.js';
import { sendJson } from './entry-body.js';
import type { KeyEncoding } from './key-text.js';
import { queryOf } from './range-query.js';

export interface LeasesRouterDeps extends LeaseDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
}

export function createLeasesRouter(deps: LeasesRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const body = deps.bodies.small();
  const queryFor = (req: Request, id: string): unknown =>
    deps.validator.operation(id).query(queryOf(req));

  router.post('/v1/leases', body, async (req, res) => {
    queryFor(req, 'createLease');
    const asked = deps.validator.operation('createLease').body(readJson(req)) as {
      readonly ttl: number;
      readonly id?: string;
    };
    const granted = await createLease(contextOf(req).caller, deps, {
      ttlSeconds: asked.ttl,
      lease: asked.id === undefined ? undefined : parseSharedLeaseId(asked.id, '/id'),
    });
    sendJson(res, { id: granted.lease, ttl: granted.ttlSeconds });
  });
  router.get('/v1/leases', async (req, res) => {
    const query = queryFor(req, 'listLeases') as { limit: number; next?: string };
    const page = await listLeases(contextOf(req).caller, deps, {
      limit: query.limit,
      after: query.next === undefined ? undefined : parseLeaseId(query.next, 'next'),
    });
    const { leases, next } = page;
    sendJson(res, { leases: leases.map((id) => ({ id })), ...(next !== undefined && { next }) });
  });
  router.get('/v1/leases/:id', async (req, res) => {
    const { keyEncoding } = queryFor(req, 'getLease') as { keyEncoding?: KeyEncoding };
    const state = await readLease(contextOf(req).caller, deps, idOf(req));
    sendJson(res, toLeaseBody(state, keyEncoding));
  });
  router.post('/v1/leases/:id/keepalive', body, async (req, res) => {
    queryFor(req, 'keepLeaseAlive');
    refuseFields(req);
    const id = idOf(req);
    sendJson(res, { id, ttl: await keepLeaseAlive(contextOf(req).caller, deps, id) });
  });
  router.delete('/v1/leases/:id', async (req, res) => {
    queryFor(req, 'deleteLease');
    const id = idOf(req);
    await endLease(contextOf(req).caller, deps, id);
    sendJson(res, { id, revoked: true });
  });
  return router;
}

function idOf(req: Request): string {
  return parseLeaseId(String(req.params.id), 'id');
}

/** The keepalive of a lease needs to know nothing; a body that says something is a mistake. */
function refuseFields(req: Request): void {
  if (bytesOf(req).length === 0) return;
  const json = readJson(req);
  const isEmpty = typeof json === 'object' && json !== null && Object.keys(json).length === 0;
  if (!isEmpty) throw invalidRequest('', 'the keepalive of a lease takes no body');
}

/** Keys are texts while all are UTF-8 and nobody asks otherwise; else all of them are base64url. */
function toLeaseBody(state: LeaseState, asked: KeyEncoding): object {
  const encoding = asked ?? (state.keys.every(isUtf8) ? undefined : 'base64url');
  return {
    id: state.lease,
    ttl: state.grantedTtlSeconds,
    expiresIn: state.expiresInSeconds,
    keys: state.keys.map((key) => key.toString(encoding ?? 'utf8')),
    ...(encoding !== undefined && { keyEncoding: encoding }),
    keyCount: state.keyCount,
  };
}
