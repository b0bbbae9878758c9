// The gateway's errors in the shape of etcd's JSON gateway: {error, message, code} with a gRPC code.
import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { ErrorCode, GatewayError } from '../../core/errors.js';
import { noteErrorCode } from '../response/error-code.js';

export interface RawErrorBody {
  /** The same text as `message`, as etcd 3.4 and 3.5 have it; from 3.6 on etcd has `message` alone. */
  readonly error: string;
  readonly message: string;
  /** A gRPC status code. */
  readonly code: number;
  /** What the gateway adds where `message` is etcd's own text: the cause, the hint and the outcome. */
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

/** What etcd says in the same situation. Clients compare these texts, so that nothing is added to them. */
const WORDS_OF_ETCD: Partial<Record<ErrorCode, string>> = {
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

/** Status and body of an error at the raw API. */
export function toRawError(error: GatewayError): RawError {
  const own = error.detail ?? error.title;
  const words = own.startsWith(ETCD_PREFIX) ? own : WORDS_OF_ETCD[error.code];
  const rest = [
    ...(words === undefined || words === own ? [] : [own]),
    ...(error.hint === undefined ? [] : [error.hint]),
    ...(error.outcome === undefined ? [] : [`outcome: ${error.outcome}`]),
  ];
  const message = words ?? [own, ...rest].join('; ');
  const detail = words === undefined ? '' : rest.join('; ');
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

/** The last line of a stream that breaks, with the members that etcd's streams had up to 3.5 and those they have since 3.6. */
export function rawStreamError(refusal: GatewayError): string {
  const { status, body } = toRawError(refusal);
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

/** Writes an error as the whole answer. Does nothing when an answer has begun or nobody is there to read it. */
export function writeRawError(res: ServerResponse, error: GatewayError): void {
  if (res.headersSent || res.destroyed) return;
  noteErrorCode(res, error.code);
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
