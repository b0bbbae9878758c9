// The body of a PUT of one key: the JSON envelope, or the value's bytes as they are.
import type { Request } from 'express';
import { GatewayError, invalidRequest } from '../../errors.js';
import { bodyKindOf, bytesOf, jsonOf } from '../body.js';
import type { OperationValidator } from '../validate.js';

interface Envelope {
  readonly value: string;
  readonly encoding?: 'base64';
}

const RAW_HINT =
  'to store the bytes as they are, add ?raw or another content type, such as application/octet-stream';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** Throws `invalid-request` with a hint at `?raw` when a body that must be JSON is none. */
export function readValue(req: Request, operation: OperationValidator, raw: boolean): Buffer {
  const kind = raw ? 'other' : bodyKindOf(req);
  if (kind === 'none' || kind === 'other') return bytesOf(req);
  return toValue(operation.body(parseEnvelope(req, kind)) as Envelope);
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

function toValue(envelope: Envelope): Buffer {
  if (envelope.encoding === undefined) return Buffer.from(envelope.value, 'utf8');
  if (!BASE64.test(envelope.value)) {
    throw invalidRequest(
      '/value',
      'value is not base64, which "encoding" promises',
      'use the standard alphabet, A-Z a-z 0-9 + /',
    );
  }
  return Buffer.from(envelope.value, 'base64');
}
