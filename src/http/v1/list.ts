// GET and DELETE of many keys: pages, counts, exports, and the deletion of a range.
import { isUtf8 } from 'node:buffer';
import type { Request, Response } from 'express';
import { invalidRequest } from '../../core/errors.js';
import type { KvDeps } from '../../domain/keys/kv.js';
import { countKeys, deleteKeys, listKeys } from '../../domain/keys/listing.js';
import type { Page } from '../../domain/keys/page.js';
import { contextOf } from '../request/context.js';
import { deleteConditionOf } from './conditions.js';
import { negotiateList, sendJson, toEntryBody, toKeyBody } from './entry-body.js';
import { serveExport } from './export.js';
import type { ExportRouteDeps } from './export.js';
import { guardOfQuery } from './guard-fields.js';
import type { GuardQuery } from './guard-fields.js';
import { parseKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';
import { DEFAULT_PAGE_KEYS, rangeOf, readOptionsOf } from './range-query.js';
import type { RangeQuery, ReadQuery } from './range-query.js';

export interface ListRouteDeps extends KvDeps, ExportRouteDeps {}

export interface ListQuery extends RangeQuery, ReadQuery {
  readonly raw?: boolean;
  readonly history?: boolean;
}

export async function serveList(
  deps: ListRouteDeps,
  req: Request,
  res: Response,
  query: ListQuery,
): Promise<void> {
  for (const name of ['raw', 'history'] as const) {
    if (query[name] === true) throw invalidRequest(name, `${name} is for one key`, 'add key=');
  }
  if (negotiateList(req) === 'ndjson') await exportRange(deps, req, res, query);
  else if (query.countOnly === true) await sendCount(deps, req, res, query);
  else await sendPage(deps, req, res, query);
}

const OF_PAGES = ['limit', 'next', 'countOnly', 'sort', 'order', 'delimiter'] as const;

async function exportRange(
  deps: ListRouteDeps,
  req: Request,
  res: Response,
  query: ListQuery,
): Promise<void> {
  const isAsked = (name: (typeof OF_PAGES)[number]): boolean =>
    query[name] !== undefined && !(name === 'limit' && query.limit === DEFAULT_PAGE_KEYS);
  const beside = OF_PAGES.find(isAsked);
  if (beside !== undefined) {
    throw invalidRequest(
      beside,
      `${beside} is for pages: application/x-ndjson is the whole range, in the order of its keys`,
      'accept application/json for pages',
    );
  }
  const request = { range: rangeOf(query), keysOnly: query.keysOnly, ...readOptionsOf(query) };
  await serveExport(deps, req, res, request, query.keyEncoding);
}

async function sendCount(
  deps: ListRouteDeps,
  req: Request,
  res: Response,
  query: ListQuery,
): Promise<void> {
  if (query.delimiter !== undefined)
    throw invalidRequest('delimiter', 'countOnly counts keys, not levels');
  const range = rangeOf(query);
  const { caller } = contextOf(req);
  const { count, revision } = await countKeys(caller, deps, { range, ...readOptionsOf(query) });
  res.setHeader('Etcd-Revision', revision);
  sendJson(res, { count, revision });
}

async function sendPage(
  deps: ListRouteDeps,
  req: Request,
  res: Response,
  query: ListQuery,
): Promise<void> {
  const { sort, order, next, keysOnly, keyEncoding } = query;
  const page = await listKeys(contextOf(req).caller, deps, {
    range: rangeOf(query),
    limit: query.limit ?? DEFAULT_PAGE_KEYS,
    next,
    sort,
    order,
    levelBase: levelBaseOf(query),
    keysOnly,
    ...readOptionsOf(query),
  });
  const present = keysOnly === true ? toKeyBody : toEntryBody;
  res.setHeader('Etcd-Revision', page.revision);
  sendJson(res, {
    items: page.items.map((kv) => present(kv, keyEncoding)),
    ...prefixesOf(page, keyEncoding),
    count: page.count,
    revision: page.revision,
    ...(page.next !== undefined && { next: page.next }),
  });
}

/** The length of the prefix below which one level is listed; between `start` and `end` it is the topmost level. */
function levelBaseOf({
  delimiter,
  sort,
  order,
  prefix,
  keyEncoding,
}: ListQuery): number | undefined {
  if (delimiter === undefined) return undefined;
  if ((sort ?? 'key') !== 'key' || (order ?? 'asc') !== 'asc') {
    throw invalidRequest(
      'delimiter',
      'a level is listed in the order of its keys',
      'leave sort and order out',
    );
  }
  return prefix === undefined ? 0 : parseKeyText(prefix, keyEncoding, 'prefix').length;
}

/** All in one encoding, as they are texts without fields of their own. */
function prefixesOf(
  { prefixes }: Page,
  encoding: KeyEncoding,
): { prefixes?: string[]; prefixEncoding?: 'base64url' } {
  if (prefixes === undefined) return {};
  if (encoding === undefined && prefixes.every((prefix) => isUtf8(prefix)))
    return { prefixes: prefixes.map((prefix) => prefix.toString('utf8')) };
  return {
    prefixes: prefixes.map((prefix) => prefix.toString('base64url')),
    prefixEncoding: 'base64url',
  };
}

export async function deleteMany(
  deps: ListRouteDeps,
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
