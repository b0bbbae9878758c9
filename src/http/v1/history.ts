// GET of one key with ?history: its versions, newest first, deletions among them.
import type { Request, Response } from 'express';
import { invalidRequest } from '../../core/errors.js';
import { readHistory } from '../../domain/keys/history.js';
import type { HistoryDeps } from '../../domain/keys/history.js';
import type { WatchEvent } from '../../etcd/wire.js';
import { contextOf } from '../request/context.js';
import type { components } from '../generated/latchkey.js';
import { negotiate, sendJson, toEntryBody } from './entry-body.js';
import { keyNotFound, toKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';
import { DEFAULT_PAGE_KEYS } from './range-query.js';
import type { ReadQuery } from './range-query.js';

export type HistoryRouteDeps = HistoryDeps;

export interface HistoryQuery {
  readonly history?: boolean;
  readonly limit?: number;
}

type HistoryBody = components['schemas']['History'];

/** Throws `invalid-request` for what goes with only one of the two. */
export function isHistory(req: Request, query: HistoryQuery & { readonly raw?: boolean }): boolean {
  if (query.history !== true) {
    if ((query.limit ?? DEFAULT_PAGE_KEYS) === DEFAULT_PAGE_KEYS) return false;
    throw invalidRequest('limit', 'limit is for lists and for history', 'add history=true');
  }
  if (query.raw === true || negotiate(req, false) === 'bytes') {
    throw invalidRequest(
      'raw',
      'a history is JSON only',
      'read one version with raw and revision=',
    );
  }
  return true;
}

export async function sendHistory(
  deps: HistoryRouteDeps,
  req: Request,
  res: Response,
  key: Buffer,
  { limit = DEFAULT_PAGE_KEYS, revision: upTo, keyEncoding }: HistoryQuery & ReadQuery,
): Promise<void> {
  const { caller } = contextOf(req);
  const { versions, more, revision } = await readHistory(caller, deps, {
    key,
    limit,
    revision: upTo,
  });
  res.setHeader('Etcd-Revision', revision);
  if (versions.length === 0) throw keyNotFound(key, keyEncoding);
  const body: HistoryBody = {
    ...toKeyText(key, keyEncoding),
    versions: versions.map((version) => toVersionBody(version, keyEncoding)),
    more,
    revision,
  };
  sendJson(res, body);
}

function toVersionBody(
  { kind, kv }: WatchEvent,
  encoding: KeyEncoding,
): HistoryBody['versions'][number] {
  if (kind === 'put') return toEntryBody(kv, encoding);
  return { ...toKeyText(kv.key, encoding), deleted: true, modRevision: kv.modRevision };
}
