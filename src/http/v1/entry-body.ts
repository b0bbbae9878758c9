// A key and its value in responses of /v1: as JSON, or as the bytes of the value with headers.
import { isUtf8 } from 'node:buffer';
import type { Request, Response } from 'express';
import type { KeyValue } from '../../etcd/wire.js';
import type { Schema } from '../contract/operation-types.js';
import { toKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';
import { negotiate, sendJson } from './responses.js';

export function toEntryBody(kv: KeyValue, encoding: KeyEncoding): Schema<'Entry'> {
  return { ...toKeyText(kv.key, encoding), ...toValueText(kv.value), ...metadataOf(kv) };
}

/** Returns an entry without its value, for lists with `keysOnly`. */
export function toKeyBody(kv: KeyValue, encoding: KeyEncoding): Schema<'KeyEntry'> {
  return { ...toKeyText(kv.key, encoding), ...metadataOf(kv) };
}

function metadataOf(kv: KeyValue): Omit<Schema<'Entry'>, 'key' | 'value'> {
  const { version, createRevision, modRevision, lease } = kv;
  return { version, createRevision, modRevision, ...(lease !== undefined && { lease }) };
}

function toValueText(value: Buffer): Pick<Schema<'Entry'>, 'value' | 'encoding'> {
  if (isUtf8(value)) return { value: value.toString('utf8') };
  return { value: value.toString('base64'), encoding: 'base64' };
}

export type EntryMediaType = 'application/json' | 'application/octet-stream';

/** Chooses by `?raw`, otherwise by `Accept`. Throws `not-acceptable`. */
export function negotiateEntry(req: Request, raw: boolean | undefined): EntryMediaType {
  if (raw === true) return 'application/octet-stream';
  return negotiate(
    req,
    ['application/json', 'application/octet-stream'],
    'accept application/json, or application/octet-stream for the bytes alone',
  );
}

/** Sends one key as JSON or as the bytes of its value. The headers of bytes prevent browsers from executing them. */
export function sendEntry(
  res: Response,
  kv: KeyValue,
  encoding: KeyEncoding,
  mediaType: EntryMediaType,
): void {
  const isBytes = mediaType === 'application/octet-stream';
  if (isBytes || res.req.method === 'HEAD') setMetadataHeaders(res, kv);
  if (!isBytes) {
    sendJson(res, toEntryBody(kv, encoding));
    return;
  }
  res.setHeader('Content-Type', mediaType);
  res.setHeader('Content-Disposition', 'attachment');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Cache-Control', 'no-cache');
  res.vary('Accept');
  res.end(kv.value);
}

/** Sets the fields that JSON has next to the value, for responses without JSON. */
function setMetadataHeaders(res: Response, kv: KeyValue): void {
  res.setHeader('Etcd-Mod-Revision', kv.modRevision);
  res.setHeader('Etcd-Create-Revision', kv.createRevision);
  res.setHeader('Etcd-Version', kv.version);
  if (kv.lease !== undefined) res.setHeader('Etcd-Lease', kv.lease);
}

export function etagOf(modRevision: number): string {
  return `"${modRevision}"`;
}
