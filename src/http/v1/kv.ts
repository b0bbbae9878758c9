// /v1/kv: one key by path or by `?key=`, and ranges of keys.
import { Router } from 'express';
import type { Request, Response } from 'express';
import { GatewayError, invalidRequest } from '../../errors.js';
import { deleteKey, getKey, putKey } from '../../domain/kv.js';
import type { KvDeps, Put, Written } from '../../domain/kv.js';
import { countKeys, deleteKeys, listKeys } from '../../domain/listing.js';
import { createBodyReader } from '../body.js';
import { contextOf } from '../context.js';
import type { Validator } from '../validate.js';
import { deleteConditionOf, isUnchanged, writeConditionOf } from './conditions.js';
import { etagOf, negotiate, sendEntry, sendJson, toEntryBody, toKeyBody } from './entry-body.js';
import { guardOfQuery } from './guard-fields.js';
import type { GuardQuery } from './guard-fields.js';
import { parseKey, toKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';
import { rangeOf, queryOf } from './range-query.js';
import type { RangeQuery } from './range-query.js';
import { readPut } from './value-body.js';
import type { PutFields, PutQuery } from './value-body.js';

export interface KvRouterDeps extends KvDeps {
  readonly validator: Validator;
  readonly limits: { readonly bodyLimitBytes: number };
}

interface ReadQuery {
  readonly keyEncoding?: KeyEncoding;
  readonly raw?: boolean;
  readonly revision?: number;
  readonly consistency?: 'linearizable' | 'serializable';
}

interface WriteQuery extends PutQuery {
  readonly keyEncoding?: KeyEncoding;
  readonly previous?: boolean;
}

const DEFAULT_PAGE_KEYS = 100;

export function createKvRouter(deps: KvRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const body = createBodyReader(deps.limits);
  const operation = (id: string): ReturnType<Validator['operation']> =>
    deps.validator.operation(id);
  const queryFor = (req: Request, id: string): unknown => operation(id).query(queryOf(req));

  // Express routes HEAD to GET, and node leaves the body out.
  router.get('/v1/kv/*key', async (req, res) => {
    const query = queryFor(req, 'getKey') as ReadQuery;
    await readOne(deps, req, res, parseKey(pathKeyOf(req), query.keyEncoding), query);
  });
  router.put('/v1/kv/*key', body, async (req, res) => {
    const query = queryFor(req, 'putKey') as WriteQuery;
    const fields = readPut(req, operation('putKey'), query);
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
    ) as RangeQuery & ReadQuery;
    if (query.key === undefined) await list(deps, req, res, query);
    else await readOne(deps, req, res, onlyKey(query), query);
  });
  router.put('/v1/kv', body, async (req, res) => {
    const query = queryFor(req, 'putKeyByQuery') as WriteQuery & { key: string };
    const fields = readPut(req, operation('putKeyByQuery'), query);
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

function onlyKey(query: RangeQuery): Buffer {
  const beside = (
    ['prefix', 'start', 'end', 'next', 'limit', 'keysOnly', 'countOnly', 'all'] as const
  ).find(
    (name) => query[name] !== undefined && !(name === 'limit' && query.limit === DEFAULT_PAGE_KEYS),
  );
  if (beside !== undefined) throw invalidRequest(beside, `key and ${beside} exclude each other`);
  return parseKey(query.key ?? '', query.keyEncoding);
}

async function readOne(
  deps: KvRouterDeps,
  req: Request,
  res: Response,
  key: Buffer,
  query: ReadQuery,
): Promise<void> {
  const as = negotiate(req, query.raw === true);
  const found = await getKey(contextOf(req).caller, deps, { key, ...readOptions(query) });
  res.setHeader('Etcd-Revision', found.revision);
  if (found.entry === undefined) throw notFound(key, query.keyEncoding);
  res.setHeader('ETag', etagOf(found.entry.modRevision));
  if (isUnchanged(req, found.entry.modRevision)) {
    res.statusCode = 304;
    res.end();
    return;
  }
  sendEntry(res, found.entry, query.keyEncoding, as);
}

function readOptions(query: ReadQuery): { revision: number | undefined; serializable: boolean } {
  return { revision: query.revision, serializable: query.consistency === 'serializable' };
}

function notFound(key: Buffer, encoding: KeyEncoding): GatewayError {
  return new GatewayError('key-not-found', {
    detail: `there is no key ${JSON.stringify(toKeyText(key, encoding).key)}`,
  });
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
  if (deleted === 0) throw notFound(key, query.keyEncoding);
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

async function list(
  deps: KvRouterDeps,
  req: Request,
  res: Response,
  query: RangeQuery & ReadQuery,
): Promise<void> {
  negotiateList(req, query);
  const { caller } = contextOf(req);
  const range = rangeOf(query);
  if (query.countOnly === true) {
    const { count, revision } = await countKeys(caller, deps, { range, ...readOptions(query) });
    res.setHeader('Etcd-Revision', revision);
    sendJson(res, { count, revision });
    return;
  }
  const page = await listKeys(caller, deps, {
    range,
    limit: query.limit ?? DEFAULT_PAGE_KEYS,
    next: query.next,
    keysOnly: query.keysOnly,
    ...readOptions(query),
  });
  const present = query.keysOnly === true ? toKeyBody : toEntryBody;
  res.setHeader('Etcd-Revision', page.revision);
  sendJson(res, {
    items: page.items.map((kv) => present(kv, query.keyEncoding)),
    count: page.count,
    revision: page.revision,
    ...(page.next !== undefined && { next: page.next }),
  });
}

function negotiateList(req: Request, query: RangeQuery & ReadQuery): void {
  if (query.raw === true) throw invalidRequest('raw', 'raw is for one key', 'add key=');
  if (negotiate(req, false) === 'bytes') {
    throw new GatewayError('not-acceptable', {
      detail: 'a list is JSON only',
      hint: 'accept application/json',
    });
  }
}

async function deleteMany(
  deps: KvRouterDeps,
  req: Request,
  res: Response,
  query: RangeQuery & GuardQuery,
): Promise<void> {
  if (deleteConditionOf(req) !== undefined) {
    throw invalidRequest('If-Match', 'If-Match is for one key, not for a range');
  }
  if (query.prefix === undefined && query.start === undefined && query.end === undefined) {
    throw invalidRequest(
      'prefix',
      'a delete needs key, prefix or start',
      'to delete everything write prefix=&all=true',
    );
  }
  const range = rangeOf(query);
  if (query.prefix === '' && query.all !== true) {
    throw invalidRequest(
      'all',
      'an empty prefix is the whole keyspace',
      'add all=true if that is what you mean',
    );
  }
  const { caller } = contextOf(req);
  const { deleted, revision } = await deleteKeys(caller, deps, range, guardOfQuery(query));
  res.setHeader('Etcd-Revision', revision);
  sendJson(res, { deleted, revision });
}
