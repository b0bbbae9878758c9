// /v1/leases: sessions that several keys and locks can be attached to.
import { isUtf8 } from 'node:buffer';
import { Router } from 'express';
import type { Request } from 'express';
import { invalidRequest } from '../../core/errors.js';
import { parseLeaseId, parseSharedLeaseId } from '../../domain/leases/lease-id.js';
import {
  createLease,
  revokeLease,
  keepLeaseAlive,
  listLeases,
  readLease,
} from '../../domain/leases/leases.js';
import type { LeaseDeps, LeaseState } from '../../domain/leases/leases.js';
import { bytesOf, readJson } from '../body/body-readers.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import { readParameters, readRequest } from '../contract/documented-request.js';
import type { Schema } from '../contract/operation-types.js';
import type { Validator } from '../contract/validate.js';
import type { KeyEncoding } from './key-text.js';
import { sendJson } from './responses.js';

export interface LeasesRouterDeps extends LeaseDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
}

export function createLeasesRouter(deps: LeasesRouterDeps): Router {
  const { validator } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const readBody = deps.bodies.small();

  router.post('/v1/leases', readBody, async (req, res) => {
    const { body } = readRequest(req, validator.operation('createLease'));
    const granted = await createLease(contextOf(req).caller, deps, {
      ttlSeconds: body.ttl,
      lease: body.id === undefined ? undefined : parseSharedLeaseId(body.id, '/id'),
    });
    const lease: Schema<'Lease'> = { id: granted.lease, ttl: granted.ttlSeconds };
    sendJson(res, lease);
  });
  router.get('/v1/leases', async (req, res) => {
    const { query } = readParameters(req, validator.operation('listLeases'));
    const { leases, next } = await listLeases(contextOf(req).caller, deps, {
      limit: query.limit,
      after: query.next === undefined ? undefined : parseLeaseId(query.next, 'next'),
    });
    const list: Schema<'LeaseList'> = {
      leases: leases.map((id) => ({ id })),
      ...(next !== undefined && { next }),
    };
    sendJson(res, list);
  });
  router.get('/v1/leases/:id', async (req, res) => {
    const { query, params } = readParameters(req, validator.operation('getLease'));
    const state = await readLease(contextOf(req).caller, deps, parseLeaseId(params.id, 'id'));
    sendJson(res, toLeaseBody(state, query.keyEncoding));
  });
  router.post('/v1/leases/:id/keepalive', readBody, async (req, res) => {
    const { params } = readParameters(req, validator.operation('keepLeaseAlive'));
    refuseFields(req);
    const id = parseLeaseId(params.id, 'id');
    const lease: Schema<'Lease'> = {
      id,
      ttl: await keepLeaseAlive(contextOf(req).caller, deps, id),
    };
    sendJson(res, lease);
  });
  router.delete('/v1/leases/:id', async (req, res) => {
    const { params } = readParameters(req, validator.operation('deleteLease'));
    const id = parseLeaseId(params.id, 'id');
    await revokeLease(contextOf(req).caller, deps, id);
    const end: Schema<'LeaseEnd'> = { id, revoked: true };
    sendJson(res, end);
  });
  return router;
}

/** The keepalive of a lease has no parameters. Throws `invalid-request` for a body with fields, which is a mistake. */
function refuseFields(req: Request): void {
  if (bytesOf(req).length === 0) return;
  const json = readJson(req);
  const isEmpty = typeof json === 'object' && json !== null && Object.keys(json).length === 0;
  if (!isEmpty) throw invalidRequest('', 'the keepalive of a lease does not accept a body');
}

/** Keys are text if all of them are UTF-8 and the client requests no encoding. Otherwise all of them are base64url. */
function toLeaseBody(state: LeaseState, requested: KeyEncoding): Schema<'LeaseState'> {
  const encoding = requested ?? (state.keys.every(isUtf8) ? undefined : 'base64url');
  return {
    id: state.lease,
    ttl: state.grantedTtlSeconds,
    expiresIn: state.expiresInSeconds,
    keys: state.keys.map((key) => key.toString(encoding ?? 'utf8')),
    ...(encoding !== undefined && { keyEncoding: encoding }),
    keyCount: state.keyCount,
  };
}
