// The gateway's errors in the format of etcd's JSON gateway: {error, message, code} with a gRPC code.
import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { ErrorCode, GatewayError } from '../../core/errors.js';
import { recordErrorCode } from '../response/error-code.js';

export interface RawErrorBody {
  /** The same text as `message`. etcd 3.4 and 3.5 have both, later versions only `message`. */
  readonly error: string;
  readonly message: string;
  /** A gRPC status code. */
  readonly code: number;
  /** The cause, the hint and the outcome, if `message` is a text of etcd. */
  readonly detail?: string;
}

export interface RawError {
  readonly status: number;
  readonly body: RawErrorBody;
}

const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const OUT_OF_RANGE = 11;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

const GRPC_CODES: Readonly<Record<ErrorCode, number>> = {
  'invalid-request': INVALID_ARGUMENT,
  'future-revision': OUT_OF_RANGE,
  unauthenticated: UNAUTHENTICATED,
  'permission-denied': PERMISSION_DENIED,
  'reserved-prefix': PERMISSION_DENIED,
  'foreign-origin': PERMISSION_DENIED,
  'key-not-found': NOT_FOUND,
  'lock-not-found': NOT_FOUND,
  'lease-not-found': NOT_FOUND,
  'not-found': NOT_FOUND,
  'method-not-allowed': UNIMPLEMENTED,
  'not-acceptable': INVALID_ARGUMENT,
  'request-timeout': DEADLINE_EXCEEDED,
  'not-holder': FAILED_PRECONDITION,
  'already-exists': ALREADY_EXISTS,
  'revision-compacted': OUT_OF_RANGE,
  'lock-expired': NOT_FOUND,
  'precondition-failed': FAILED_PRECONDITION,
  'lock-lost': FAILED_PRECONDITION,
  'too-large': INVALID_ARGUMENT,
  'unsupported-media-type': INVALID_ARGUMENT,
  'misdirected-request': PERMISSION_DENIED,
  'lock-held': FAILED_PRECONDITION,
  'upgrade-refused': UNIMPLEMENTED,
  'too-many-requests': RESOURCE_EXHAUSTED,
  'headers-too-large': RESOURCE_EXHAUSTED,
  'internal-error': INTERNAL,
  'etcd-refused': INTERNAL,
  'etcd-unavailable': UNAVAILABLE,
  'no-leader': UNAVAILABLE,
  'out-of-space': RESOURCE_EXHAUSTED,
  'shutting-down': UNAVAILABLE,
  timeout: DEADLINE_EXCEEDED,
};

/** etcd's own texts for the same errors. Clients compare them, so the gateway adds nothing. */
const ETCD_MESSAGES: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'etcdserver: invalid auth token',
  'permission-denied': 'etcdserver: permission denied',
  'method-not-allowed': 'Method Not Allowed',
  'too-large': 'etcdserver: request is too large',
  'too-many-requests': 'etcdserver: too many requests',
  'no-leader': 'etcdserver: no leader',
  'out-of-space': 'etcdserver: mvcc: database space exceeded',
  'shutting-down': 'etcdserver: server stopped',
  timeout: 'context deadline exceeded',
};
const ETCD_PREFIX = 'etcdserver: ';

/** Returns the status and body of an error at the raw API. */
export function toRawError(error: GatewayError): RawError {
  const own = error.detail ?? error.title;
  const etcdMessage = own.startsWith(ETCD_PREFIX) ? own : ETCD_MESSAGES[error.code];
  const rest = [
    ...(etcdMessage === undefined || etcdMessage === own ? [] : [own]),
    ...(error.hint === undefined ? [] : [error.hint]),
    ...(error.outcome === undefined ? [] : [`outcome: ${error.outcome}`]),
  ];
  const message = etcdMessage ?? [own, ...rest].join('; ');
  const detail = etcdMessage === undefined ? '' : rest.join('; ');
  return {
    status: error.status,
    body: {
      error: message,
      message,
      code: GRPC_CODES[error.code],
      ...(detail !== '' && { detail }),
    },
  };
}

/** Returns the last line of a broken stream, with the fields that etcd's streams have up to 3.5 and since 3.6. */
export function rawStreamError(streamError: GatewayError): string {
  const { status, body } = toRawError(streamError);
  const error = {
    code: body.code,
    grpc_code: body.code,
    http_code: status,
    http_status: STATUS_CODES[status],
    message: body.message,
    ...(body.detail !== undefined && { detail: body.detail }),
  };
  return `${JSON.stringify({ error })}\n`;
}

/** Sends an error as the whole response. Does nothing if a response has begun or the client disconnected. */
export function writeRawError(res: ServerResponse, error: GatewayError): void {
  if (res.headersSent || res.destroyed) return;
  recordErrorCode(res, error.code);
  const { status, body } = toRawError(error);
  for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
  if (error.retryAfterSeconds !== undefined) res.setHeader('Retry-After', error.retryAfterSeconds);
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  res.end(text);
}
