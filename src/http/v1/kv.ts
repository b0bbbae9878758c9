// /v1/kv: one key by path or by `?key=`, and ranges of keys.
import { Router } from 'express';
import type { Request, Response } from 'express';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import { deleteKey, getKey, putKey } from '../../domain/keys/kv.js';
import type { KvDeps, Put, Written } from '../../domain/keys/kv.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import type { Validator } from '../contract/validate.js';
import { deleteConditionOf, isUnchanged, writeConditionOf } from './conditions.js';
import { etagOf, negotiate, sendEntry, sendJson, toEntryBody } from './entry-body.js';
import { guardOfQuery } from './guard-fields.js';
import { isHistory, sendHistory } from './history.js';
import type { HistoryQuery, HistoryRouteDeps } from './history.js';
import { serveImport } from './import.js';
import { keyNotFound, parseKey, toKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';
import { deleteMany, serveList } from './list.js';
import type { ListQuery, ListRouteDeps } from './list.js';
import { DEFAULT_PAGE_KEYS, queryOf, readOptionsOf } from './range-query.js';
import type { RangeQuery, ReadQuery } from './range-query.js';
import { readPut } from './value-body.js';
import type { PutFields, PutQuery } from './value-body.js';

export interface KvRouterDeps extends KvDeps, ListRouteDeps, HistoryRouteDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
}

interface OneQuery extends ReadQuery, HistoryQuery {
  readonly raw?: boolean;
}

interface WriteQuery extends PutQuery {
  readonly keyEncoding?: KeyEncoding;
  readonly previous?: boolean;
}

export function createKvRouter(deps: KvRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const body = deps.bodies.values();
  const operation = (id: string): ReturnType<Validator['operation']> =>
    deps.validator.operation(id);
  const queryFor = (req: Request, id: string): unknown => operation(id).query(queryOf(req));

  // Express routes HEAD to GET, and node leaves the body out.
  router.get('/v1/kv/*key', async (req, res) => {
    const query = queryFor(req, 'getKey') as OneQuery;
    await readOne(deps, req, res, parseKey(pathKeyOf(req), query.keyEncoding), query);
  });
  router.put('/v1/kv/*key', body, async (req, res) => {
    const query = queryFor(req, 'putKey') as WriteQuery;
    const fields = readPut(deps.bodies, req, operation('putKey'), query);
    await writeOne(deps, req, res, parseKey(pathKeyOf(req), query.keyEncoding), fields, query);
  });
  router.delete('/v1/kv/*key', async (req, res) => {
    const query = queryFor(req, 'deleteKey') as WriteQuery;
    await deleteOne(deps, req, res, parseKey(pathKeyOf(req), query.keyEncoding), query);
  });

  router.get('/v1/kv', async (req, res) => {
    const query = queryFor(
      req,
      req.method === 'HEAD' ? 'headKeyByQuery' : 'listKeys',
    ) as ListQuery & OneQuery;
    if (query.key === undefined) await serveList(deps, req, res, query);
    else await readOne(deps, req, res, onlyKey(query), query);
  });
  router.post('/v1/kv/import', async (req, res) => {
    await serveImport(deps, operation('importKeys'), req, res);
  });
  router.put('/v1/kv', body, async (req, res) => {
    const query = queryFor(req, 'putKeyByQuery') as WriteQuery & { key: string };
    const fields = readPut(deps.bodies, req, operation('putKeyByQuery'), query);
    await writeOne(deps, req, res, parseKey(query.key, query.keyEncoding), fields, query);
  });
  router.delete('/v1/kv', async (req, res) => {
    const query = queryFor(req, 'deleteKeys') as RangeQuery & WriteQuery;
    if (query.key === undefined) await deleteMany(deps, req, res, query);
    else await deleteOne(deps, req, res, onlyKey(query), query);
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

// Segments arrive decoded once; joined they are the key, whatever slashes it has.
function pathKeyOf(req: Request): string {
  return (req.params.key as unknown as string[]).join('/');
}

const OF_RANGES = [
  ...(['prefix', 'start', 'end', 'next', 'limit', 'keysOnly', 'countOnly', 'all'] as const),
  ...(['sort', 'order', 'delimiter'] as const),
];

function onlyKey(query: RangeQuery & HistoryQuery): Buffer {
  const mayHave = (name: keyof RangeQuery): boolean =>
    name === 'limit' && (query.history === true || query.limit === DEFAULT_PAGE_KEYS);
  const beside = OF_RANGES.find((name) => query[name] !== undefined && !mayHave(name));
  if (beside !== undefined) throw invalidRequest(beside, `key and ${beside} exclude each other`);
  return parseKey(query.key ?? '', query.keyEncoding);
}

async function readOne(
  deps: KvRouterDeps,
  req: Request,
  res: Response,
  key: Buffer,
  query: OneQuery,
): Promise<void> {
  if (isHistory(req, query)) {
    await sendHistory(deps, req, res, key, query);
    return;
  }
  const as = negotiate(req, query.raw === true);
  const found = await getKey(contextOf(req).caller, deps, { key, ...readOptionsOf(query) });
  res.setHeader('Etcd-Revision', found.revision);
  if (found.entry === undefined) throw keyNotFound(key, query.keyEncoding);
  res.setHeader('ETag', etagOf(found.entry.modRevision));
  if (isUnchanged(req, found.entry.modRevision)) {
    res.statusCode = 304;
    res.end();
    return;
  }
  sendEntry(res, found.entry, query.keyEncoding, as);
}

async function writeOne(
  deps: KvRouterDeps,
  req: Request,
  res: Response,
  key: Buffer,
  fields: PutFields,
  query: WriteQuery,
): Promise<void> {
  const condition = writeConditionOf(req);
  const written = await putKey(contextOf(req).caller, deps, {
    ...fields,
    key,
    condition,
    previous: query.previous,
  });
  const { revision, previous } = doneOf(written, query.keyEncoding);
  res.setHeader('ETag', etagOf(revision));
  res.setHeader('Etcd-Revision', revision);
  sendJson(res, {
    ...toKeyText(key, query.keyEncoding),
    revision,
    ...leaseFields(written, fields),
    ...(previous !== undefined && { previous: toEntryBody(previous, query.keyEncoding) }),
  });
}

function leaseFields({ granted }: Put, { lease }: PutFields): { lease?: string; ttl?: number } {
  if (granted !== undefined) return { lease: granted.lease, ttl: granted.ttlSeconds };
  return lease === undefined ? {} : { lease };
}

async function deleteOne(
  deps: KvRouterDeps,
  req: Request,
  res: Response,
  key: Buffer,
  query: WriteQuery,
): Promise<void> {
  const condition = deleteConditionOf(req);
  const written = await deleteKey(contextOf(req).caller, deps, {
    key,
    condition,
    guard: guardOfQuery(query),
    previous: query.previous,
  });
  const { revision, previous, deleted } = doneOf(written, query.keyEncoding);
  res.setHeader('Etcd-Revision', revision);
  if (deleted === 0) throw keyNotFound(key, query.keyEncoding);
  sendJson(res, {
    deleted,
    revision,
    ...(previous !== undefined && { previous: toEntryBody(previous, query.keyEncoding) }),
  });
}

function doneOf(written: Written, encoding: KeyEncoding): Extract<Written, { kind: 'done' }> {
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
