// If-Match and If-None-Match, RFC 9110 section 13.1: entity tags are mod revisions.
import type { Request } from 'express';
import { invalidRequest } from '../../core/errors.js';
import type { Condition } from '../../domain/keys/kv.js';
import { etagOf } from './entry-body.js';

const REVISION_TAG = /^"(\d{1,16})"$/;

/** Returns the condition of a write. Throws `invalid-request` for both headers at once: the transaction of a write has one comparison. */
export function parseWriteCondition(req: Request): Condition | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch } = req.headers;
  if (match !== undefined && noneMatch !== undefined) {
    throw invalidRequest('If-None-Match', 'If-Match and If-None-Match cannot be combined');
  }
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return { kind: 'absent' };
    throw invalidRequest(
      'If-None-Match',
      `If-None-Match is ${JSON.stringify(noneMatch)}; a write accepts only *`,
      'use If-Match: "<modRevision>" to overwrite one revision',
    );
  }
  return match === undefined ? undefined : parseMatch(match.trim());
}

function parseMatch(match: string): Condition {
  if (match === '*') return { kind: 'present' };
  const modRevision = Number(REVISION_TAG.exec(match)?.[1] ?? NaN);
  if (Number.isSafeInteger(modRevision)) return { kind: 'modRevision', modRevision };
  throw invalidRequest(
    'If-Match',
    `If-Match is ${JSON.stringify(match)}, not * or a modRevision in double quotes`,
    matchHint(match),
  );
}

function matchHint(match: string): string {
  const [revision] = /\d{1,16}/.exec(match) ?? [];
  const isOneRevision =
    revision !== undefined && match.replace(/^W\//, '').replaceAll('"', '') === revision;
  return isOneRevision
    ? `write the revision in double quotes: If-Match: "${revision}"`
    : 'write * or one modRevision in double quotes, such as If-Match: "41"';
}

/** Returns the condition of a delete, which cannot be If-None-Match. Throws `invalid-request`. */
export function parseDeleteCondition(req: Request): Condition | undefined {
  if (req.headers['if-none-match'] !== undefined) {
    throw invalidRequest('If-None-Match', 'DELETE does not accept If-None-Match');
  }
  return parseWriteCondition(req);
}

/** Returns true if the client already has this revision: the response is then 304. */
export function isUnchanged(req: Request, modRevision: number): boolean {
  const header = req.headers['if-none-match'];
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etagOf(modRevision));
}
