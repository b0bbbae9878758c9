// The error class and its closed catalog: code -> status and title. Imports nothing. Each API translates errors into its own format, and
// nothing else chooses a status.

/** The outcome of a failed write. `unknown`: etcd has the old or the new state. `not-applied`: etcd has the old state. */
export type Outcome = 'unknown' | 'not-applied';

interface CatalogEntry {
  readonly status: number;
  readonly title: string;
}

const CATALOG = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'future-revision': { status: 400, title: 'The revision does not exist yet' },
  unauthenticated: { status: 401, title: 'Authentication is required' },
  'permission-denied': { status: 403, title: 'Permission denied' },
  'reserved-prefix': { status: 403, title: 'The key is reserved' },
  'foreign-origin': { status: 403, title: 'The request comes from another origin' },
  'key-not-found': { status: 404, title: 'The key does not exist' },
  'lock-not-found': { status: 404, title: 'The lock is not held' },
  'lease-not-found': { status: 404, title: 'The lease does not exist' },
  'not-found': { status: 404, title: 'The path does not exist' },
  'method-not-allowed': { status: 405, title: 'The path does not support this method' },
  'not-acceptable': { status: 406, title: 'No response type is acceptable' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'not-holder': { status: 409, title: 'The client is not the holder' },
  'already-exists': { status: 409, title: 'It already exists' },
  'revision-compacted': { status: 410, title: 'The revision has been compacted' },
  'lock-expired': { status: 410, title: 'The lock has expired' },
  'precondition-failed': { status: 412, title: 'The precondition failed' },
  'lock-lost': { status: 412, title: 'The lock is no longer held' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported' },
  'misdirected-request': { status: 421, title: 'The gateway does not serve this host' },
  'lock-held': { status: 423, title: 'The lock is held' },
  'upgrade-refused': { status: 426, title: 'WebSocket upgrades are not supported' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The request headers are too large' },
  'internal-error': { status: 500, title: 'Internal error of the gateway' },
  'etcd-refused': { status: 502, title: 'etcd rejects the gateway or returns an invalid response' },
  'etcd-unavailable': { status: 503, title: 'etcd is not available' },
  'no-leader': { status: 503, title: 'etcd has no leader' },
  'out-of-space': { status: 503, title: 'etcd is out of space' },
  'shutting-down': { status: 503, title: 'The gateway is shutting down' },
  timeout: { status: 504, title: 'The deadline passed' },
} as const satisfies Record<string, CatalogEntry>;

/** Part of the API contract: codes may be added, but no code changes its meaning. */
export type ErrorCode = keyof typeof CATALOG;

export const ERROR_CODES = Object.keys(CATALOG) as readonly ErrorCode[];

export interface GatewayErrorInit {
  /** The fact with its value, for people. Not part of the API contract. */
  readonly detail?: string;
  /** What the client can do about it. */
  readonly hint?: string;
  /** Set on every 502, 503 and 504 of a write. */
  readonly outcome?: Outcome;
  readonly retryAfterSeconds?: number;
  /** Further members of the problem document (`holder`, `errors`, ...). */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Further response headers (`Allow`, `Etcd-Revision`, ...). */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly outcome: Outcome | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, init: GatewayErrorInit = {}) {
    super(init.detail ?? CATALOG[code].title, { cause: init.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.detail = init.detail;
    this.hint = init.hint;
    this.outcome = init.outcome;
    this.retryAfterSeconds = init.retryAfterSeconds;
    this.fields = init.fields ?? {};
    this.headers = init.headers ?? {};
  }

  get status(): number {
    return CATALOG[this.code].status;
  }

  get title(): string {
    return CATALOG[this.code].title;
  }
}

/**
 * The client disconnected before the response. No client receives this error. Its code appears in the access log, next to `aborted`.
 */
export class ClientDisconnectedError extends GatewayError {
  constructor(init: Omit<GatewayErrorInit, 'detail'> = {}) {
    super('etcd-unavailable', { detail: 'the client disconnected', ...init });
    this.name = 'ClientDisconnectedError';
  }
}

/** Rejects work because the gateway drains. `init` replaces the default, which asks for a retry after a second. */
export function shuttingDown(init: GatewayErrorInit = { retryAfterSeconds: 1 }): GatewayError {
  return new GatewayError('shutting-down', init);
}

/** Returns a 400 that names one field. `pointer`: a JSON pointer, or the name of a query parameter. */
export function invalidRequest(pointer: string, detail: string, hint?: string): GatewayError {
  return new GatewayError('invalid-request', {
    detail,
    ...(hint === undefined ? {} : { hint }),
    fields: { errors: [{ pointer, detail }] },
  });
}

/** Returns `undefined` for errors without an outcome. */
export function outcomeOf(error: unknown): Outcome | undefined {
  return error instanceof GatewayError ? error.outcome : undefined;
}

/** Returns the messages of an error and of its parts. Only the messages, because the errors of parsers contain input, which may be secret. */
export function reasonOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : undefined;
}

/** Returns the text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
