// The body of a PUT of one key: a JSON envelope, or the bytes of the value with the other fields in the query.
import type { Request } from 'express';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import type { KeyPut } from '../../domain/keys/kv.js';
import { parseLeaseId } from '../../domain/leases/lease-id.js';
import { bodyKindOf, bytesOf, jsonOf, mediaTypeOf } from '../body/body-readers.js';
import type { BodyKind, BodyReaders } from '../body/body-readers.js';
import { parseJsonBody } from '../body/json.js';
import type { OperationQuery, Schema } from '../contract/operation-types.js';
import type { OperationValidator } from '../contract/validate.js';
import { parseGuardQuery, toGuard } from './guard.js';

export type ValueText = Pick<Schema<'PutRequest'>, 'value' | 'encoding'>;

const ENVELOPE_FIELDS: readonly string[] = [
  'value',
  'encoding',
  'ttl',
  'lease',
  'guard',
] satisfies (keyof Schema<'PutRequest'>)[];

export type PutFields = Pick<KeyPut, 'value' | 'ttlSeconds' | 'lease' | 'guard'>;

/** Types of bodies that clients send by mistake. */
const UNSUITED_TYPE = /^(?:text|multipart)\//;
const OPENING_BRACE = 0x7b;
const SPACE = 0x20;
/** JSON values in a body or a line with one key. */
export const ENTRY_VALUES_MAX = 1_000;
/** JSON values in an envelope with its guard, and some more for mistakes. */
const ENVELOPE_VALUES_MAX = 32;
const RAW_HINT =
  'to store the bytes as they are, add ?raw or another content type, such as application/octet-stream';
const NOT_BASE64 = /[^A-Za-z0-9+/]/;
const BASE64_GROUP = 4;

/**
 * Throws `invalid-request`, with `?raw` in the hint, for a missing body, for a body that is not JSON but must be, and for an envelope with
 * a content type that would store it as text. Throws `invalid-request` for a field in both body and query, and `unsupported-media-type` for
 * a multipart form.
 */
export function readPut(
  bodies: BodyReaders,
  req: Request,
  operation: Pick<OperationValidator<'putKey'>, 'body'>,
  query: OperationQuery<'putKey'>,
): PutFields {
  const kind = query.raw === true ? 'other' : bodyKindOf(req);
  if (query.raw !== true) refuseMistakenBody(req, kind);
  const isJson = kind === 'json' || kind === 'form';
  const envelope = isJson ? operation.body(parseEnvelope(bodies, req, kind)) : undefined;
  const value = envelope === undefined ? bytesOf(req) : parseValueText(envelope, '');
  bodies.checkValue(value);
  const ttlSeconds = oneOf('ttl', envelope?.ttl, query.ttl);
  const lease = oneOf(
    'lease',
    parseOptionalLease(envelope?.lease, '/lease'),
    parseOptionalLease(query.lease, 'lease'),
  );
  if (ttlSeconds !== undefined && lease !== undefined) {
    throw invalidRequest(
      envelope?.lease === undefined ? 'lease' : '/lease',
      'ttl and lease cannot be combined: a ttl creates a new lease',
      'pass the ttl when you create the lease, at POST /v1/leases',
    );
  }
  const guard = oneOf('guard', envelope?.guard && toGuard(envelope.guard), parseGuardQuery(query));
  return { value, ttlSeconds, lease, guard };
}

/** Rejects common mistakes: no body, a multipart form, and an envelope with the text type that fetch gives to strings. */
function refuseMistakenBody(req: Request, kind: BodyKind): void {
  const bytes = bytesOf(req);
  // fetch without a body and curl -T with an empty file send the same request, without a content type.
  if (kind === 'none' && bytes.length === 0) {
    throw invalidRequest(
      '',
      'the request has no body',
      'send {"value": "…"} as JSON, or add ?raw to store an empty value',
    );
  }
  const type = kind === 'other' ? UNSUITED_TYPE.exec(mediaTypeOf(req))?.[0] : undefined;
  if (type === 'multipart/') {
    throw new GatewayError('unsupported-media-type', {
      detail: `the content type is ${JSON.stringify(req.headers['content-type'])}`,
      hint: 'send the file alone, as curl -T does, or add ?raw to store the multipart body as it is',
    });
  }
  if ((type === 'text/' || kind === 'none') && isEnvelope(bytes)) {
    throw invalidRequest(
      '',
      'the body is JSON with a value, but its content type is not application/json',
      'send it as application/json, or add ?raw to store this text as it is',
    );
  }
}

function isEnvelope(bytes: Buffer): boolean {
  if (bytes[bytes.findIndex((byte) => byte > SPACE)] !== OPENING_BRACE) return false;
  try {
    const json = parseJsonBody(bytes, { valuesMax: ENVELOPE_VALUES_MAX });
    const names = typeof json === 'object' && json !== null ? Object.keys(json) : [];
    return names.includes('value') && names.every((name) => ENVELOPE_FIELDS.includes(name));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return false;
  }
}

function parseOptionalLease(text: string | undefined, pointer: string): string | undefined {
  return text === undefined ? undefined : parseLeaseId(text, pointer);
}

/** Throws `invalid-request` for a field that is in the body and in the query. */
function oneOf<T>(name: string, inBody: T | undefined, inQuery: T | undefined): T | undefined {
  if (inBody === undefined || inQuery === undefined) return inBody ?? inQuery;
  throw invalidRequest(`/${name}`, `${name} is given twice: in the body and in the query`);
}

function parseEnvelope(bodies: BodyReaders, req: Request, kind: 'json' | 'form'): unknown {
  let json: unknown;
  try {
    json = jsonOf(req, bodies.jsonLimits(ENTRY_VALUES_MAX));
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'invalid-request') throw error;
    throw new GatewayError('invalid-request', {
      detail: error.message,
      hint:
        kind === 'form'
          ? `write JSON, because a body of curl -d is read as JSON; ${RAW_HINT}`
          : RAW_HINT,
      fields: error.fields,
    });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalidRequest('', 'the body is not a JSON object like {"value": "…"}', RAW_HINT);
  }
  return json;
}

/** Returns the bytes of `{value, encoding?}`; `at` is the JSON pointer of that object. Throws `invalid-request`. */
export function parseValueText({ value, encoding }: ValueText, at: string): Buffer {
  if (encoding === undefined) return Buffer.from(value, 'utf8');
  if (!isBase64(value)) {
    throw invalidRequest(
      `${at}/value`,
      'value is not base64, but encoding is base64',
      'use the standard alphabet, A-Z a-z 0-9 + /',
    );
  }
  return Buffer.from(value, 'base64');
}

/** With or without padding. A pattern of groups overflows the stack on values of some megabytes. */
function isBase64(text: string): boolean {
  const isPadded = text.length % BASE64_GROUP === 0;
  const digits = isPadded ? text.replace(/={1,2}$/, '') : text;
  return !NOT_BASE64.test(digits) && digits.length % BASE64_GROUP !== 1;
}
