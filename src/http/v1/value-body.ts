// What a PUT of one key asks: the JSON envelope, or the value's bytes as they are with everything else in the query.
import type { Request } from 'express';
import { GatewayError, invalidRequest } from '../../errors.js';
import type { KeyPut } from '../../domain/keys/kv.js';
import { parseLeaseId } from '../../domain/leases/lease-id.js';
import { bodyKindOf, bytesOf, jsonOf } from '../body.js';
import type { OperationValidator } from '../contract/validate.js';
import { guardOfBody, guardOfQuery } from './guard-fields.js';
import type { GuardBody, GuardQuery } from './guard-fields.js';

export interface ValueText {
  readonly value: string;
  readonly encoding?: 'base64';
}

interface Envelope extends ValueText {
  readonly ttl?: number;
  readonly lease?: string;
  readonly guard?: GuardBody;
}

export interface PutQuery extends GuardQuery {
  readonly raw?: boolean;
  readonly ttl?: number;
  readonly lease?: string;
}

export type PutFields = Pick<KeyPut, 'value' | 'ttlSeconds' | 'lease' | 'guard'>;

const RAW_HINT =
  'to store the bytes as they are, add ?raw or another content type, such as application/octet-stream';
const NOT_BASE64 = /[^A-Za-z0-9+/]/;
const BASE64_GROUP = 4;

/** Throws `invalid-request` with a hint at `?raw` when a body that must be JSON is none, and for a field that is also in the query. */
export function readPut(req: Request, operation: OperationValidator, query: PutQuery): PutFields {
  const kind = query.raw === true ? 'other' : bodyKindOf(req);
  const isEnvelope = kind === 'json' || kind === 'form';
  const envelope = isEnvelope ? (operation.body(parseEnvelope(req, kind)) as Envelope) : undefined;
  const value = envelope === undefined ? bytesOf(req) : parseValueText(envelope, '');
  const ttlSeconds = onlyOne('ttl', envelope?.ttl, query.ttl);
  const lease = onlyOne('lease', leaseOf(envelope?.lease, '/lease'), leaseOf(query.lease, 'lease'));
  if (ttlSeconds !== undefined && lease !== undefined) {
    throw invalidRequest(
      envelope?.lease === undefined ? 'lease' : '/lease',
      'ttl and lease exclude each other: ttl makes a new lease',
      'give the ttl where the lease is made, at POST /v1/leases',
    );
  }
  const guard = onlyOne(
    'guard',
    envelope?.guard && guardOfBody(envelope.guard),
    guardOfQuery(query),
  );
  return { value, ttlSeconds, lease, guard };
}

function leaseOf(text: string | undefined, pointer: string): string | undefined {
  return text === undefined ? undefined : parseLeaseId(text, pointer);
}

function onlyOne<T>(name: string, inBody: T | undefined, inQuery: T | undefined): T | undefined {
  if (inBody === undefined || inQuery === undefined) return inBody ?? inQuery;
  throw invalidRequest(`/${name}`, `${name} is given twice: in the body and in the query`);
}

function parseEnvelope(req: Request, kind: 'json' | 'form'): unknown {
  let json: unknown;
  try {
    json = jsonOf(req);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new GatewayError('invalid-request', {
      detail: error.message,
      hint:
        kind === 'form'
          ? `curl -d sends a form type, which is read as JSON; ${RAW_HINT}`
          : RAW_HINT,
      fields: error.fields,
    });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalidRequest('', 'the body is no JSON object like {"value": "…"}', RAW_HINT);
  }
  return json;
}

/** The bytes of `{value, encoding?}`; `at` is the JSON pointer of the object that has them. */
export function parseValueText({ value, encoding }: ValueText, at: string): Buffer {
  if (encoding === undefined) return Buffer.from(value, 'utf8');
  if (!isBase64(value)) {
    throw invalidRequest(
      `${at}/value`,
      'value is not base64, which "encoding" promises',
      'use the standard alphabet, A-Z a-z 0-9 + /',
    );
  }
  return Buffer.from(value, 'base64');
}

/** Padded or not. A pattern of groups overflows the stack on values of some megabytes. */
function isBase64(text: string): boolean {
  const isPadded = text.length % BASE64_GROUP === 0;
  const digits = isPadded ? text.replace(/={1,2}$/, '') : text;
  return !NOT_BASE64.test(digits) && digits.length % BASE64_GROUP !== 1;
}
