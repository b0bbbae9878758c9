// GET of one key with ?history: its versions, newest first, including deletions.
import type { Request, Response } from 'express';
import { invalidRequest } from '../../core/errors.js';
import { readHistory } from '../../domain/keys/history.js';
import type { HistoryDeps } from '../../domain/keys/history.js';
import type { WatchEvent } from '../../etcd/wire.js';
import { contextOf } from '../request/context.js';
import type { OperationQuery, Schema } from '../contract/operation-types.js';
import type { Validator } from '../contract/validate.js';
import { negotiateEntry, toEntryBody } from './entry-body.js';
import { keyNotFound, toKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';
import { sendJson } from './responses.js';

export interface HistoryRouteDeps extends HistoryDeps {
  readonly validator: Validator;
}

/** Throws `invalid-request` for `limit` without a history, and for a history in another format than JSON. */
export function isHistoryRequested(
  { validator }: HistoryRouteDeps,
  req: Request,
  query: OperationQuery<'getKey'>,
): boolean {
  if (query.history !== true) {
    if (!validator.operation('getKey').given(query).includes('limit')) return false;
    throw invalidRequest('limit', 'limit applies only to lists and histories', 'add history=true');
  }
  if (negotiateEntry(req, query.raw) === 'application/octet-stream') {
    throw invalidRequest(
      'raw',
      'a history is available only as JSON',
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
  { limit, revision: newestRevision, keyEncoding }: OperationQuery<'getKey'>,
): Promise<void> {
  const { caller } = contextOf(req);
  const { versions, more, revision } = await readHistory(caller, deps, {
    key,
    limit,
    revision: newestRevision,
  });
  res.setHeader('Etcd-Revision', revision);
  if (versions.length === 0) throw keyNotFound(key, keyEncoding);
  const body: Schema<'History'> = {
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
): Schema<'History'>['versions'][number] {
  if (kind === 'put') return toEntryBody(kv, encoding);
  return { ...toKeyText(kv.key, encoding), deleted: true, modRevision: kv.modRevision };
}
