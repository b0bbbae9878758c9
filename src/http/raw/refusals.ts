// What the raw door itself says, whatever etcd would.
import { GatewayError, shuttingDown } from '../../core/errors.js';

const READ_FIRST = 'read before you repeat it';

/** 413. `isSent`: a part of the body is with etcd already, which may have found a whole call in it. */
export function tooLarge(bodyLimitBytes: number, isSent: boolean): GatewayError {
  return new GatewayError('too-large', {
    detail: `the request body is larger than ${bodyLimitBytes} bytes`,
    hint: 'raise LATCHKEY_BODY_LIMIT / --body-limit if etcd takes more',
    ...(isSent ? { outcome: 'unknown' as const } : {}),
  });
}

/** 408. */
export function lateBody(limitMs: number): GatewayError {
  return new GatewayError('request-timeout', {
    detail: `the request body did not arrive within ${limitMs} ms`,
  });
}

/** 504 for a call that was sent, else 503. */
export function lateAnswer(limitMs: number, isSent: boolean): GatewayError {
  if (isSent) {
    return new GatewayError('timeout', {
      detail: `etcd did not answer within ${limitMs} ms`,
      hint: READ_FIRST,
      outcome: 'unknown',
    });
  }
  return new GatewayError('etcd-unavailable', {
    detail: `no etcd endpoint took the call within ${limitMs} ms, nothing was sent`,
    outcome: 'not-applied',
    retryAfterSeconds: 1,
  });
}

/** 502. */
export function redirected(status: number): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: `etcd answers with a redirect (${status}), which is not followed`,
    outcome: 'unknown',
  });
}

/** 503: a member does not know the session any more, after a restart, say. The next call opens another one. */
export function sessionForgotten(): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: 'etcd forgot the session of this caller; nothing was done',
    outcome: 'not-applied',
    retryAfterSeconds: 1,
  });
}

/** 503 while the gateway stops. */
export function callCutShort(isSent: boolean): GatewayError {
  return shuttingDown({
    detail: 'the gateway is shutting down',
    outcome: isSent ? 'unknown' : 'not-applied',
    retryAfterSeconds: 1,
  });
}

/** 502 or 503 for a call whose connection broke before there was an answer. */
export function brokenCall(cause: unknown): GatewayError {
  const isGarbage =
    cause instanceof Error && 'code' in cause && String(cause.code).startsWith('HPE_');
  return new GatewayError(isGarbage ? 'etcd-refused' : 'etcd-unavailable', {
    detail: isGarbage
      ? 'etcd answers something that is not HTTP'
      : 'the connection to etcd broke before it answered',
    hint: READ_FIRST,
    outcome: 'unknown',
    cause,
  });
}

/** 401 for who was let in, and is not any more. */
export function withdrawn(isSent: boolean): GatewayError {
  return new GatewayError('unauthenticated', {
    detail: 'the token was removed from the list of API tokens, or its scope changed',
    outcome: isSent ? 'unknown' : 'not-applied',
  });
}
