// Converts the error bodies of etcd's JSON gateway to `GatewayError`. Matches the message first, then the gRPC code, never the HTTP
// status: grpc-gateway v1 (etcd 3.4, 3.5) and v2 (3.6, Debian's 3.5) map the same code to different statuses.
import { GatewayError } from '../core/errors.js';
import type { ErrorCode } from '../core/errors.js';

/**
 * The effect of the failed request. `definite`: etcd rejects it, and nothing was applied. `not-proposed`: this member could not process
 * it, nothing was applied, and another member may succeed. `unknown`: a write may have been applied. `refused-late`: etcd rejects it,
 * but may have applied the write.
 */
export type Effect = 'definite' | 'not-proposed' | 'unknown' | 'refused-late';

export interface EtcdFailure {
  readonly code: ErrorCode;
  readonly effect: Effect;
  /** etcd's own message, without its prefix. */
  readonly message: string;
  /** False for a body that is not an error of etcd; such a body is logged. */
  readonly isRecognized: boolean;
  /**
   * The authentication problem, if the error reports one. `stale`: the token is not or no longer valid. `outrun`: rights changed after
   * the proposal (or after a JSON web token was issued). `wrong`: wrong name or password. `off`: authentication is not enabled.
   */
  readonly authentication?: Authentication;
}

type Authentication = 'stale' | 'outrun' | 'wrong' | 'off';
type MessageRow = readonly [
  message: string,
  code: ErrorCode,
  effect: Effect,
  authentication?: Authentication,
];

// The messages of etcd 3.4 to 3.7, without `etcdserver: ` and `mvcc: `; a row matches as a prefix, the first one wins.
const BY_MESSAGE: readonly MessageRow[] = [
  ['no leader', 'no-leader', 'not-proposed'],
  ['too many requests', 'too-many-requests', 'not-proposed'],
  ['rpc not supported for learner', 'etcd-unavailable', 'not-proposed'],
  ['request timed out', 'etcd-unavailable', 'unknown'],
  ['leader changed', 'etcd-unavailable', 'unknown'],
  ['server stopped', 'etcd-unavailable', 'unknown'],
  ['unhealthy cluster', 'etcd-unavailable', 'unknown'],
  ['context deadline exceeded', 'etcd-unavailable', 'unknown'],
  ['context canceled', 'etcd-unavailable', 'unknown'],
  ['raft: stopped', 'etcd-unavailable', 'unknown'],
  // etcd checks its quota before the proposal and again when it applies it. The second check reports this error after the write.
  ['database space exceeded', 'out-of-space', 'refused-late'],
  ['corrupt cluster', 'etcd-unavailable', 'definite'],
  ['required revision has been compacted', 'revision-compacted', 'definite'],
  ['required revision is a future revision', 'future-revision', 'definite'],
  ['requested lease not found', 'lease-not-found', 'definite'],
  ['lease already exists', 'already-exists', 'definite'],
  ['too large lease TTL', 'invalid-request', 'definite'],
  ['request is too large', 'too-large', 'definite'],
  ['grpc: received message larger than max', 'too-large', 'definite'],
  ['too many operations in txn request', 'invalid-request', 'definite'],
  ['duplicate key given in txn request', 'invalid-request', 'definite'],
  ['watcher range is empty', 'invalid-request', 'definite'],
  ['member not found', 'not-found', 'definite'],
  ['member ID already exist', 'already-exists', 'definite'],
  ['Peer URLs already exists', 'already-exists', 'definite'],
  ['given member URLs are invalid', 'invalid-request', 'definite'],
  ['permission denied', 'permission-denied', 'definite'],
  ['user name is empty', 'etcd-refused', 'definite', 'stale'],
  ['invalid auth token', 'etcd-refused', 'definite', 'stale'],
  ['revision of auth store is old', 'etcd-refused', 'definite', 'outrun'],
  ['authentication failed', 'etcd-refused', 'definite', 'wrong'],
  ['authentication is not enabled', 'etcd-refused', 'definite', 'off'],
];

// gRPC's own numbers (google.golang.org/grpc/codes).
const BY_GRPC_CODE: Readonly<Record<number, readonly [ErrorCode, Effect]>> = {
  1: ['etcd-unavailable', 'unknown'],
  3: ['invalid-request', 'definite'],
  4: ['timeout', 'unknown'],
  5: ['key-not-found', 'definite'],
  6: ['already-exists', 'definite'],
  7: ['permission-denied', 'definite'],
  8: ['etcd-unavailable', 'definite'],
  9: ['precondition-failed', 'definite'],
  11: ['invalid-request', 'definite'],
  12: ['etcd-refused', 'definite'],
  14: ['etcd-unavailable', 'unknown'],
  16: ['etcd-refused', 'definite'],
};

/** Classifies the body of an error response: of a unary call (`{error, message, code}`) or of a stream (`{error: {...}}`). */
export function classifyFailure(body: unknown): EtcdFailure {
  const { message, grpcCode } = errorParts(body);
  if (message === undefined) {
    return {
      code: 'etcd-refused',
      effect: 'unknown',
      message: 'an error in an unknown format',
      isRecognized: false,
    };
  }
  const bare = message
    // The prefix of the reasons why watches were cancelled.
    .replace(/^rpc error: code = \w+ desc = /, '')
    .replace(/^(etcdserver|mvcc|etcdserver: mvcc|auth): /, '')
    .replace(/^mvcc: /, '');
  const row = BY_MESSAGE.find(([start]) => bare.startsWith(start));
  if (row !== undefined) {
    const [, code, effect, authentication] = row;
    return {
      code,
      effect,
      message: bare,
      isRecognized: true,
      ...(authentication && { authentication }),
    };
  }
  const byCode = grpcCode === undefined ? undefined : BY_GRPC_CODE[grpcCode];
  const [code, effect] = byCode ?? (['etcd-unavailable', 'unknown'] as const);
  return { code, effect, message: bare, isRecognized: byCode !== undefined };
}

function errorParts(body: unknown): { message: string | undefined; grpcCode: number | undefined } {
  const outer = isRecord(body) ? body : {};
  const parts = isRecord(outer.error) ? outer.error : outer;
  const message = firstString(parts.message, parts.error) ?? unhealthyText(outer);
  const grpcCode = [parts.code, parts.grpc_code].find((code) => typeof code === 'number');
  return { message, grpcCode };
}

/** Returns the problem that `/health` reports with its 503. */
function unhealthyText({ health, reason }: Record<string, unknown>): string | undefined {
  if (health !== 'false') return undefined;
  return typeof reason === 'string' && reason !== ''
    ? `unhealthy cluster: ${reason}`
    : 'unhealthy cluster';
}

function firstString(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  'out-of-space': 'compact and defragment etcd, then disarm its NOSPACE alarm',
  'too-large': 'send less; etcd accepts 1.5 MiB per request by default (--max-request-bytes)',
  'etcd-refused': "check the gateway's own etcd identity and endpoints",
  'revision-compacted': 'read the current revision and continue from it',
};

/** Seconds after which a client may retry if definitely nothing was applied. */
export const RETRY_AFTER_SECONDS = 1;

/** Returns the error for the rest of the code base. `isWrite`: the error has an outcome. */
export function toGatewayError(failure: EtcdFailure, isWrite: boolean): GatewayError {
  const error = new GatewayError(failure.code, { detail: `etcd reports: ${failure.message}` });
  const hint = HINTS[failure.code];
  if (error.status < 502) {
    return new GatewayError(failure.code, {
      detail: error.message,
      ...(hint && { hint }),
      ...(error.status === 429 && { retryAfterSeconds: RETRY_AFTER_SECONDS }),
    });
  }
  const isUnknown = failure.effect === 'unknown' || failure.effect === 'refused-late';
  const hints = [...(isWrite && isUnknown ? [UNKNOWN_HINT] : []), ...(hint ? [hint] : [])];
  return new GatewayError(failure.code, {
    detail: error.message,
    ...(isWrite && { outcome: isUnknown ? 'unknown' : 'not-applied' }),
    ...(hints.length > 0 && { hint: hints.join('; ') }),
    ...((!isWrite || !isUnknown) &&
      error.status === 503 && { retryAfterSeconds: RETRY_AFTER_SECONDS }),
  });
}

export const UNKNOWN_HINT = 'read before you repeat the write: it may or may not have been applied';
