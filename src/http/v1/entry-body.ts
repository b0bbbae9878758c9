// What one key looks like in an answer of /v1: JSON with plain text where that is possible, or the value's bytes and headers.
import { isUtf8 } from 'node:buffer';
import type { Request, Response } from 'express';
import { GatewayError } from '../../errors.js';
import type { KeyValue } from '../../etcd/wire.js';
import { toKeyText } from './key-text.js';
import type { KeyEncoding, KeyText } from './key-text.js';

export interface EntryBody extends KeyText {
  readonly value?: string;
  readonly encoding?: 'base64';
  readonly version: number;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly lease?: string;
}

export function toEntryBody(kv: KeyValue, encoding: KeyEncoding, withValue = true): EntryBody {
  return {
    ...toKeyText(kv.key, encoding),
    ...(withValue && toValueText(kv.value)),
    version: kv.version,
    createRevision: kv.createRevision,
    modRevision: kv.modRevision,
    ...(kv.lease !== undefined && { lease: kv.lease }),
  };
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

export function sendJson(res: Response, body: unknown): void {
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Cache-Control', 'no-cache');
  res.setHeader('Vary', 'Accept');
  res.end(`${JSON.stringify(body)}\n`);
}

/** One key, as JSON or as its bytes. Bytes are typed and framed so that no browser ever runs them. */
export function sendEntry(
  res: Response,
  kv: KeyValue,
  encoding: KeyEncoding,
  as: Representation,
): void {
  if (as === 'json') {
    sendJson(res, toEntryBody(kv, encoding));
    return;
  }
  res.setHeader('Content-Type', 'application/octet-stream');
  res.setHeader('Content-Disposition', 'attachment');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Cache-Control', 'no-cache');
  res.setHeader('Vary', 'Accept');
  res.setHeader('Etcd-Mod-Revision', kv.modRevision);
  res.setHeader('Etcd-Create-Revision', kv.createRevision);
  res.setHeader('Etcd-Version', kv.version);
  if (kv.lease !== undefined) res.setHeader('Etcd-Lease', kv.lease);
  res.end(kv.value);
}

export function etagOf(modRevision: number): string {
  return `"${modRevision}"`;
}
