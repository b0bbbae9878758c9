// What one key looks like in an answer of /v1: JSON with plain text where that is possible, or the value's bytes and headers.
import { isUtf8 } from 'node:buffer';
import type { Request, Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import type { KeyValue } from '../../etcd/wire.js';
import type { components } from '../generated/latchkey.js';
import { toKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';

/** As the document has it. */
export type EntryBody = components['schemas']['Entry'];

export function toEntryBody(kv: KeyValue, encoding: KeyEncoding): EntryBody {
  return { ...toKeyText(kv.key, encoding), ...toValueText(kv.value), ...numbersOf(kv) };
}

/** All but the value: an item of a list with `keysOnly`. */
export function toKeyBody(kv: KeyValue, encoding: KeyEncoding): Omit<EntryBody, 'value'> {
  return { ...toKeyText(kv.key, encoding), ...numbersOf(kv) };
}

function numbersOf(kv: KeyValue): Omit<EntryBody, 'key' | 'value'> {
  const { version, createRevision, modRevision, lease } = kv;
  return { version, createRevision, modRevision, ...(lease !== undefined && { lease }) };
}

function toValueText(value: Buffer): { value: string; encoding?: 'base64' } {
  if (isUtf8(value)) return { value: value.toString('utf8') };
  return { value: value.toString('base64'), encoding: 'base64' };
}

export type Representation = 'json' | 'bytes';

/** By `?raw`, else by `Accept`. Throws `not-acceptable`. */
export function negotiate(req: Request, raw: boolean): Representation {
  if (raw) return 'bytes';
  const { accept } = req.headers;
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return 'json';
  const chosen = req.accepts(['application/json', 'application/octet-stream']);
  if (chosen === false) {
    throw new GatewayError('not-acceptable', {
      detail: `Accept is ${JSON.stringify(accept)}`,
      hint: 'accept application/json, or application/octet-stream for the bytes alone',
    });
  }
  return chosen === 'application/json' ? 'json' : 'bytes';
}

/** For lists. Throws `not-acceptable`. */
export function negotiateList(req: Request): 'json' | 'ndjson' {
  const { accept } = req.headers;
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return 'json';
  const chosen = req.accepts(['application/json', 'application/x-ndjson']);
  if (chosen === false) {
    throw new GatewayError('not-acceptable', {
      detail: `Accept is ${JSON.stringify(accept)}`,
      hint: 'accept application/json, or application/x-ndjson for the whole range',
    });
  }
  return chosen === 'application/json' ? 'json' : 'ndjson';
}

export function sendJson(res: Response, body: unknown): void {
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Cache-Control', 'no-cache');
  res.vary('Accept');
  res.end(`${JSON.stringify(body)}\n`);
}

/** One key, as JSON or as its bytes. Bytes are typed and framed so that no browser ever runs them. */
export function sendEntry(
  res: Response,
  kv: KeyValue,
  encoding: KeyEncoding,
  as: Representation,
): void {
  if (as === 'bytes' || res.req.method === 'HEAD') sendNumbers(res, kv);
  if (as === 'json') {
    sendJson(res, toEntryBody(kv, encoding));
    return;
  }
  res.setHeader('Content-Type', 'application/octet-stream');
  res.setHeader('Content-Disposition', 'attachment');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Cache-Control', 'no-cache');
  res.vary('Accept');
  res.end(kv.value);
}

/** What stands beside the value in JSON, for callers who get no JSON. */
function sendNumbers(res: Response, kv: KeyValue): void {
  res.setHeader('Etcd-Mod-Revision', kv.modRevision);
  res.setHeader('Etcd-Create-Revision', kv.createRevision);
  res.setHeader('Etcd-Version', kv.version);
  if (kv.lease !== undefined) res.setHeader('Etcd-Lease', kv.lease);
}

export function etagOf(modRevision: number): string {
  return `"${modRevision}"`;
}
