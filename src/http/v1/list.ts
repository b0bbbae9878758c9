// GET and DELETE of ranges: pages, counts, exports and deletion. Most query parameters pass to the domain by their names.
import { isUtf8 } from 'node:buffer';
import type { Request, Response } from 'express';
import { invalidRequest } from '../../core/errors.js';
import type { KvDeps } from '../../domain/keys/kv.js';
import { countKeys, deleteKeys, listKeys } from '../../domain/keys/listing.js';
import { PAGE_OPTIONS } from '../../domain/keys/page.js';
import type { Page, PageRequest } from '../../domain/keys/page.js';
import { contextOf } from '../request/context.js';
import type { OperationQuery, Schema } from '../contract/operation-types.js';
import type { Validator } from '../contract/validate.js';
import { parseDeleteCondition } from './conditions.js';
import { toEntryBody, toKeyBody } from './entry-body.js';
import { sendExport } from './export.js';
import type { ExportRouteDeps } from './export.js';
import { parseGuardQuery } from './guard.js';
import { parseKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';
import { isSerializable, parseRange } from './range-query.js';
import { negotiate, sendJson } from './responses.js';

export interface ListRouteDeps extends KvDeps, ExportRouteDeps {
  readonly validator: Validator;
}

type ListQuery = OperationQuery<'listKeys'>;

export async function sendList(
  deps: ListRouteDeps,
  req: Request,
  res: Response,
  query: ListQuery,
): Promise<void> {
  for (const name of ['raw', 'history'] as const) {
    if (query[name] === true)
      throw invalidRequest(name, `${name} applies only to a single key`, 'add key=');
  }
  const mediaType = negotiate(
    req,
    ['application/json', 'application/x-ndjson'],
    'accept application/json, or application/x-ndjson for the whole range',
  );
  if (mediaType === 'application/x-ndjson') await exportRange(deps, req, res, query);
  else if (query.countOnly === true) await sendCount(deps, req, res, query);
  else await sendPage(deps, req, res, query);
}

/** The parameters that this folder converts. Every other one must be a field of the domain's request. */
type ConvertedParameter =
  | ('key' | 'keyEncoding' | 'prefix' | 'start' | 'end' | 'delimiter')
  | ('consistency' | 'raw' | 'history' | 'countOnly');

function toRangeRequest(
  query: ListQuery,
): Pick<PageRequest, Exclude<keyof ListQuery, ConvertedParameter> | 'range' | 'serializable'> {
  return { ...query, range: parseRange(query), serializable: isSerializable(query) };
}

async function exportRange(
  deps: ListRouteDeps,
  req: Request,
  res: Response,
  query: ListQuery,
): Promise<void> {
  const given: readonly string[] = deps.validator.operation('listKeys').given(query);
  const pageOption = PAGE_OPTIONS.find((name) => given.includes(name));
  if (pageOption !== undefined) {
    throw invalidRequest(
      pageOption,
      `${pageOption} does not apply to application/x-ndjson, which returns the whole range in key order`,
      'accept application/json to get pages',
    );
  }
  await sendExport(deps, req, res, toRangeRequest(query), query.keyEncoding);
}

async function sendCount(
  deps: ListRouteDeps,
  req: Request,
  res: Response,
  query: ListQuery,
): Promise<void> {
  if (query.delimiter !== undefined)
    throw invalidRequest('delimiter', 'countOnly cannot be combined with delimiter');
  const { caller } = contextOf(req);
  const { count, revision } = await countKeys(caller, deps, toRangeRequest(query));
  res.setHeader('Etcd-Revision', revision);
  const body: Schema<'Count'> = { count, revision };
  sendJson(res, body);
}

async function sendPage(
  deps: ListRouteDeps,
  req: Request,
  res: Response,
  query: ListQuery,
): Promise<void> {
  const { keysOnly, keyEncoding } = query;
  const page = await listKeys(contextOf(req).caller, deps, {
    ...toRangeRequest(query),
    levelBase: parseLevelBase(query),
  });
  const toItem = keysOnly === true ? toKeyBody : toEntryBody;
  res.setHeader('Etcd-Revision', page.revision);
  const body: Schema<'Page'> = {
    items: page.items.map((kv) => toItem(kv, keyEncoding)),
    ...toPrefixesBody(page, keyEncoding),
    count: page.count,
    revision: page.revision,
    ...(page.next !== undefined && { next: page.next }),
  };
  sendJson(res, body);
}

/** Returns the length of the prefix below which one level is listed. Between `start` and `end` that is the topmost level. */
function parseLevelBase({
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
      'a list with delimiter is always in ascending key order',
      'omit sort and order',
    );
  }
  return prefix === undefined ? 0 : parseKeyText(prefix, keyEncoding, 'prefix').length;
}

/** All prefixes have one encoding, because they are strings without a field for each encoding. */
function toPrefixesBody(
  { prefixes }: Page,
  encoding: KeyEncoding,
): Pick<Schema<'Page'>, 'prefixes' | 'prefixEncoding'> {
  if (prefixes === undefined) return {};
  if (encoding === undefined && prefixes.every((prefix) => isUtf8(prefix)))
    return { prefixes: prefixes.map((prefix) => prefix.toString('utf8')) };
  return {
    prefixes: prefixes.map((prefix) => prefix.toString('base64url')),
    prefixEncoding: 'base64url',
  };
}

export async function deleteRange(
  deps: ListRouteDeps,
  req: Request,
  res: Response,
  query: OperationQuery<'deleteKeys'>,
): Promise<void> {
  if (parseDeleteCondition(req) !== undefined) {
    throw invalidRequest('If-Match', 'If-Match applies only to a single key');
  }
  if (query.prefix === undefined && query.start === undefined && query.end === undefined) {
    throw invalidRequest(
      'prefix',
      'a delete requires key, prefix or start',
      'pass prefix=&all=true to delete all keys',
    );
  }
  const range = parseRange(query);
  if (query.prefix === '' && query.all !== true) {
    throw invalidRequest(
      'all',
      'an empty prefix covers all keys',
      'add all=true to delete all keys',
    );
  }
  const { caller } = contextOf(req);
  const { deleted, revision } = await deleteKeys(caller, deps, range, parseGuardQuery(query));
  res.setHeader('Etcd-Revision', revision);
  const body: Schema<'DeleteResult'> = { deleted, revision };
  sendJson(res, body);
}
