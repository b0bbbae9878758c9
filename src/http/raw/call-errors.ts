// The gateway's own errors at the raw API, for calls that end without a response of etcd.
import { GatewayError, shuttingDown } from '../../core/errors.js';

const READ_FIRST_HINT = 'read before you repeat the write: it may or may not have been applied';

/** Returns a 413. `isSent`: etcd already has a part of the body, which may contain a whole call. */
export function bodyTooLarge(bodyLimitBytes: number, isSent: boolean): GatewayError {
  return new GatewayError('too-large', {
    detail: `the request body is larger than ${bodyLimitBytes} bytes`,
    hint: 'raise --body-limit (LATCHKEY_BODY_LIMIT) if etcd accepts more',
    ...(isSent ? { outcome: 'unknown' as const } : {}),
  });
}

/** Returns a 408. */
export function bodyTimeout(limitMs: number): GatewayError {
  return new GatewayError('request-timeout', {
    detail: `the request body did not arrive within ${limitMs} ms`,
  });
}

/** Returns a 504 for a call that was sent, otherwise a 503. */
export function responseTimeout(limitMs: number, isSent: boolean): GatewayError {
  if (isSent) {
    return new GatewayError('timeout', {
      detail: `etcd did not respond within ${limitMs} ms`,
      hint: READ_FIRST_HINT,
      outcome: 'unknown',
    });
  }
  return new GatewayError('etcd-unavailable', {
    detail: `no etcd endpoint accepted the call within ${limitMs} ms; nothing was sent`,
    outcome: 'not-applied',
    retryAfterSeconds: 1,
  });
}

/** Returns a 502. */
export function redirectNotFollowed(status: number): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: `etcd responded with a redirect (${status}), which the gateway does not follow`,
    outcome: 'unknown',
  });
}

/** Returns a 503: a member lost the session, for example in a restart. The next call opens another one. */
export function sessionLost(): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: 'etcd no longer has the session of this client; nothing was done',
    outcome: 'not-applied',
    retryAfterSeconds: 1,
  });
}

/** Returns a 503. */
export function gatewayShuttingDown(isSent: boolean): GatewayError {
  return shuttingDown({
    detail: 'the gateway is shutting down',
    outcome: isSent ? 'unknown' : 'not-applied',
    retryAfterSeconds: 1,
  });
}

/** Returns a 502 or 503 for a call whose connection broke before the response. */
export function connectionBroken(cause: unknown): GatewayError {
  const isInvalid =
    cause instanceof Error && 'code' in cause && String(cause.code).startsWith('HPE_');
  return new GatewayError(isInvalid ? 'etcd-refused' : 'etcd-unavailable', {
    detail: isInvalid
      ? 'the response of etcd is not HTTP'
      : 'the connection to etcd broke before the response',
    hint: READ_FIRST_HINT,
    outcome: 'unknown',
    cause,
  });
}

/** Returns a 401 for a client whose token was valid when the call began. */
export function tokenRevokedDuringCall(isSent: boolean): GatewayError {
  return new GatewayError('unauthenticated', {
    detail: 'the token was removed from the list of API tokens, or its scope changed',
    outcome: isSent ? 'unknown' : 'not-applied',
  });
}
