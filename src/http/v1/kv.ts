// /v1/kv: one key, by path or by `?key=`, and ranges of keys.
import { Router } from 'express';
import type { Request, Response } from 'express';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import { deleteKey, getKey, putKey } from '../../domain/keys/kv.js';
import type { KvDeps, PutResult, WriteResult } from '../../domain/keys/kv.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import type { OperationQuery, Schema } from '../contract/operation-types.js';
import { readParameters } from '../contract/documented-request.js';
import { isUnchanged, parseDeleteCondition, parseWriteCondition } from './conditions.js';
import { etagOf, negotiateEntry, sendEntry, toEntryBody } from './entry-body.js';
import { parseGuardQuery } from './guard.js';
import type { GuardQuery } from './guard.js';
import { isHistoryRequested, sendHistory } from './history.js';
import type { HistoryRouteDeps } from './history.js';
import { importKeys } from './import.js';
import { keyNotFound, parseKey, toKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';
import { deleteRange, sendList } from './list.js';
import type { ListRouteDeps } from './list.js';
import { isSerializable, parseOptionalKey } from './range-query.js';
import { sendJson } from './responses.js';
import { readPut } from './value-body.js';
import type { PutFields } from './value-body.js';

export interface KvRouterDeps extends KvDeps, ListRouteDeps, HistoryRouteDeps {
  readonly bodies: BodyReaders;
}

type ReadQuery = OperationQuery<'headKey'>;
type DeleteQuery = GuardQuery & Pick<OperationQuery<'deleteKey'>, 'keyEncoding' | 'previous'>;

export function createKvRouter(deps: KvRouterDeps): Router {
  const { validator } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  addKeyRoutes(router, deps);

  router.head('/v1/kv', async (req, res) => {
    const { query } = readParameters(req, validator.operation('headKeyByQuery'));
    await readOne(deps, req, res, parseKey(query.key, query.keyEncoding), query);
  });
  router.get('/v1/kv', async (req, res) => {
    const operation = validator.operation('listKeys');
    const { query } = readParameters(req, operation);
    const key = parseOptionalKey(query, operation, validator.operation('getKey'));
    if (key === undefined) await sendList(deps, req, res, query);
    else await readOneOrHistory(deps, req, res, key, query);
  });
  router.post('/v1/kv/import', async (req, res) => {
    await importKeys(deps, req, res);
  });
  router.put('/v1/kv', deps.bodies.values(), async (req, res) => {
    const operation = validator.operation('putKeyByQuery');
    const { query } = readParameters(req, operation);
    const fields = readPut(deps.bodies, req, operation, query);
    await writeOne(deps, req, res, parseKey(query.key, query.keyEncoding), fields, query);
  });
  router.delete('/v1/kv', async (req, res) => {
    const operation = validator.operation('deleteKeys');
    const { query } = readParameters(req, operation);
    const key = parseOptionalKey(query, operation, validator.operation('deleteKey'));
    if (key === undefined) await deleteRange(deps, req, res, query);
    else await deleteOne(deps, req, res, key, query);
  });
  router.all('/v1/kv/', () => {
    throw invalidRequest(
      'key',
      'the key must not be empty',
      'lists are at /v1/kv, without the slash',
    );
  });
  return router;
}

function addKeyRoutes(router: Router, deps: KvRouterDeps): void {
  const { validator } = deps;
  // Express routes HEAD to GET, and node omits the body.
  router.get('/v1/kv/*key', async (req, res) => {
    const { query, params } = readParameters(req, validator.operation('getKey'));
    await readOneOrHistory(deps, req, res, parseKey(params.key, query.keyEncoding), query);
  });
  router.put('/v1/kv/*key', deps.bodies.values(), async (req, res) => {
    const operation = validator.operation('putKey');
    const { query, params } = readParameters(req, operation);
    const fields = readPut(deps.bodies, req, operation, query);
    await writeOne(deps, req, res, parseKey(params.key, query.keyEncoding), fields, query);
  });
  router.delete('/v1/kv/*key', async (req, res) => {
    const { query, params } = readParameters(req, validator.operation('deleteKey'));
    await deleteOne(deps, req, res, parseKey(params.key, query.keyEncoding), query);
  });
}

async function readOneOrHistory(
  deps: KvRouterDeps,
  req: Request,
  res: Response,
  key: Buffer,
  query: OperationQuery<'getKey'>,
): Promise<void> {
  if (isHistoryRequested(deps, req, query)) await sendHistory(deps, req, res, key, query);
  else await readOne(deps, req, res, key, query);
}

async function readOne(
  deps: KvRouterDeps,
  req: Request,
  res: Response,
  key: Buffer,
  query: ReadQuery,
): Promise<void> {
  const mediaType = negotiateEntry(req, query.raw);
  const found = await getKey(contextOf(req).caller, deps, {
    key,
    revision: query.revision,
    serializable: isSerializable(query),
  });
  res.setHeader('Etcd-Revision', found.revision);
  if (found.entry === undefined) throw keyNotFound(key, query.keyEncoding);
  res.setHeader('ETag', etagOf(found.entry.modRevision));
  if (isUnchanged(req, found.entry.modRevision)) {
    res.statusCode = 304;
    res.end();
    return;
  }
  sendEntry(res, found.entry, query.keyEncoding, mediaType);
}

async function writeOne(
  deps: KvRouterDeps,
  req: Request,
  res: Response,
  key: Buffer,
  fields: PutFields,
  query: OperationQuery<'putKey'>,
): Promise<void> {
  const condition = parseWriteCondition(req);
  const written = await putKey(contextOf(req).caller, deps, {
    ...fields,
    key,
    condition,
    previous: query.previous,
  });
  const { revision, previous } = requireWritten(written, query.keyEncoding);
  res.setHeader('ETag', etagOf(revision));
  res.setHeader('Etcd-Revision', revision);
  const body: Schema<'PutResult'> = {
    ...toKeyText(key, query.keyEncoding),
    revision,
    ...toLeaseBody(written, fields),
    ...(previous !== undefined && { previous: toEntryBody(previous, query.keyEncoding) }),
  };
  sendJson(res, body);
}

function toLeaseBody(
  { granted }: PutResult,
  { lease }: PutFields,
): Pick<Schema<'PutResult'>, 'lease' | 'ttl'> {
  if (granted !== undefined) return { lease: granted.lease, ttl: granted.ttlSeconds };
  return lease === undefined ? {} : { lease };
}

async function deleteOne(
  deps: KvRouterDeps,
  req: Request,
  res: Response,
  key: Buffer,
  query: DeleteQuery,
): Promise<void> {
  const condition = parseDeleteCondition(req);
  const written = await deleteKey(contextOf(req).caller, deps, {
    key,
    condition,
    guard: parseGuardQuery(query),
    previous: query.previous,
  });
  const { revision, previous, deleted } = requireWritten(written, query.keyEncoding);
  res.setHeader('Etcd-Revision', revision);
  if (deleted === 0) throw keyNotFound(key, query.keyEncoding);
  const body: Schema<'DeleteResult'> = {
    deleted,
    revision,
    ...(previous !== undefined && { previous: toEntryBody(previous, query.keyEncoding) }),
  };
  sendJson(res, body);
}

/** Throws `precondition-failed`, with the current entry, if the condition of the write was false. */
function requireWritten(
  written: WriteResult,
  encoding: KeyEncoding,
): Extract<WriteResult, { kind: 'done' }> {
  if (written.kind === 'done') return written;
  const { current, revision } = written;
  throw new GatewayError('precondition-failed', {
    detail:
      current === undefined
        ? 'the key does not exist'
        : `the key is at modRevision ${current.modRevision}`,
    fields: current === undefined ? {} : { current: toEntryBody(current, encoding) },
    headers: {
      'Etcd-Revision': String(revision),
      ...(current && { ETag: etagOf(current.modRevision) }),
    },
  });
}
