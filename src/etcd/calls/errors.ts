// Errors of calls that received no response of etcd, or an unusable one. For writes they carry the outcome.
import { ClientDisconnectedError, GatewayError } from '../../core/errors.js';
import type { GatewayErrorInit, Outcome } from '../../core/errors.js';
import { isLocalFault } from '../transport/connection.js';
import { TransportError } from '../transport/http-adapter.js';
import type { Rpc } from '../rpc.js';
import { RETRY_AFTER_SECONDS, UNKNOWN_HINT } from '../status.js';

export function deadlineExceeded(rpc: Rpc, wasSent: boolean, cause?: unknown): GatewayError {
  return new GatewayError('timeout', {
    detail: 'etcd did not respond before the deadline of this request',
    ...(rpc.isWrite && { outcome: wasSent ? 'unknown' : 'not-applied' }),
    ...(rpc.isWrite && wasSent && { hint: UNKNOWN_HINT }),
    cause,
  });
}

/** The same outcome as of a broken connection: a write that was sent may be applied. */
export function disconnectedDuringCall(
  rpc: Rpc,
  wasSent: boolean,
  cause: unknown,
): ClientDisconnectedError {
  return new ClientDisconnectedError({ ...brokenOff(rpc, wasSent), cause });
}

export function unreachable(rpc: Rpc, wasSent: boolean, cause: unknown): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: wasSent
      ? 'the connection to etcd broke before it responded'
      : isLocalFault(cause)
        ? 'the gateway has no free file or port for a connection to etcd'
        : 'etcd cannot be reached',
    ...brokenOff(rpc, wasSent),
    cause,
  });
}

/** Nothing was sent, because no endpoint can take the call. `reason`: why. */
export function noEndpoint(rpc: Rpc, reason: GatewayError): GatewayError {
  return new GatewayError(reason.code, {
    detail: reason.message,
    ...(reason.hint !== undefined && { hint: reason.hint }),
    ...(rpc.isWrite && { outcome: 'not-applied' }),
    ...(reason.status === 503 && { retryAfterSeconds: RETRY_AFTER_SECONDS }),
    cause: reason.cause,
  });
}

export function responseTooLarge(rpc: Rpc, cause: TransportError): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: `the response of etcd is too large for the gateway: ${cause.message}`,
    ...unknownIfWrite(rpc),
    cause,
  });
}

/** The response came from another cluster. A write may have been applied there. */
export function wrongCluster(rpc: Rpc): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: 'an etcd endpoint belongs to another cluster now',
    ...unknownIfWrite(rpc),
  });
}

/** True if the response of etcd exceeded the gateway's limit. A request for fewer keys may succeed. */
export function isResponseTooLarge(error: unknown): boolean {
  return (
    error instanceof GatewayError && error.cause instanceof TransportError && error.cause.isTooLarge
  );
}

function brokenOff(rpc: Rpc, wasSent: boolean): Omit<GatewayErrorInit, 'detail'> {
  return {
    ...(rpc.isWrite && { outcome: wasSent ? 'unknown' : 'not-applied' }),
    ...(rpc.isWrite && wasSent
      ? { hint: UNKNOWN_HINT }
      : { retryAfterSeconds: RETRY_AFTER_SECONDS }),
  };
}

function unknownIfWrite(rpc: Rpc): { outcome?: Outcome; hint?: string } {
  return rpc.isWrite ? { outcome: 'unknown', hint: UNKNOWN_HINT } : {};
}
