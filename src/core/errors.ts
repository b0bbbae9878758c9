// The one error class and its closed catalogue: code -> status and title. Imports nothing.
// Doors translate it into their own shape; nothing else in the house chooses a status.

/** What became of a write: `unknown` = old or new, never neither; `not-applied` = surely nothing happened. */
export type Outcome = 'unknown' | 'not-applied';

interface CatalogueEntry {
  readonly status: number;
  readonly title: string;
}

const CATALOGUE = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'future-revision': { status: 400, title: 'The revision does not exist yet' },
  unauthenticated: { status: 401, title: 'Authentication is required' },
  'permission-denied': { status: 403, title: 'Permission denied' },
  'reserved-prefix': { status: 403, title: 'The key is reserved' },
  'foreign-origin': { status: 403, title: 'The request comes from a foreign origin' },
  'key-not-found': { status: 404, title: 'The key does not exist' },
  'lock-not-found': { status: 404, title: 'The lock is not held' },
  'lease-not-found': { status: 404, title: 'The lease does not exist' },
  'not-found': { status: 404, title: 'There is nothing at this path' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'not-acceptable': { status: 406, title: 'No acceptable representation' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'not-holder': { status: 409, title: 'The caller does not hold it' },
  'already-exists': { status: 409, title: 'It exists already' },
  'revision-compacted': { status: 410, title: 'The revision has been compacted' },
  'lock-expired': { status: 410, title: 'The lock has expired' },
  'precondition-failed': { status: 412, title: 'The precondition failed' },
  'lock-lost': { status: 412, title: 'The lock is no longer held' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported' },
  'misdirected-request': { status: 421, title: 'The Host is not served here' },
  'lock-held': { status: 423, title: 'The lock is held' },
  'upgrade-refused': { status: 426, title: 'Upgrades are not passed' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The request headers are too large' },
  'internal-error': { status: 500, title: 'The gateway made a mistake' },
  'etcd-refused': { status: 502, title: 'etcd refuses the gateway or answers garbage' },
  'etcd-unavailable': { status: 503, title: 'etcd is not available' },
  'no-leader': { status: 503, title: 'etcd has no leader' },
  'out-of-space': { status: 503, title: 'etcd is out of space' },
  'shutting-down': { status: 503, title: 'The gateway is shutting down' },
  timeout: { status: 504, title: 'Time is up' },
} as const satisfies Record<string, CatalogueEntry>;

/** Stable, kebab-case, part of the contract: codes are added, none changes its meaning. */
export type ErrorCode = keyof typeof CATALOGUE;

export const ERROR_CODES = Object.keys(CATALOGUE) as readonly ErrorCode[];

export interface GatewayErrorInit {
  /** What happened, with the value that made it happen. For people; not part of the contract. */
  readonly detail?: string;
  /** What the caller can do about it. */
  readonly hint?: string;
  /** Set on every 502, 503 and 504 to a write. */
  readonly outcome?: Outcome;
  readonly retryAfterSeconds?: number;
  /** Members of the problem body that belong to this error alone (`holder`, `errors`, ...). */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Response headers that belong to this error alone (`Allow`, `Etcd-Revision`, ...). */
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
    super(init.detail ?? CATALOGUE[code].title, { cause: init.cause });
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
    return CATALOGUE[this.code].status;
  }

  get title(): string {
    return CATALOGUE[this.code].title;
  }
}

/** A 400 that names one field, as most bad input does. `pointer` is a JSON pointer or a query parameter's name. */
export function invalidRequest(pointer: string, detail: string, hint?: string): GatewayError {
  return new GatewayError('invalid-request', {
    detail,
    ...(hint === undefined ? {} : { hint }),
    fields: { errors: [{ pointer, detail }] },
  });
}

/** The outcome that an error tells; `undefined` for errors that are no question of outcome. */
export function outcomeOf(error: unknown): Outcome | undefined {
  return error instanceof GatewayError ? error.outcome : undefined;
}

/** The messages of an error and of the errors that it consists of. Messages alone: a parser's error carries bytes, which may hold values. */
export function reasonOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : undefined;
}

/** What an error says to people, whoever threw it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
