// What is told of a call that got no answer of etcd's: how sure it is, and what became of a write.
import { GatewayError } from '../../core/errors.js';
import type { Outcome } from '../../core/errors.js';
import { isLocalFault } from '../transport/connection.js';
import { TransportError } from '../transport/http-adapter.js';
import type { Rpc } from '../rpc.js';
import { RETRY_AFTER_SECONDS, UNKNOWN_HINT } from '../status.js';

export function deadlineExceeded(rpc: Rpc, wasSent: boolean, cause?: unknown): GatewayError {
  return new GatewayError('timeout', {
    detail: 'etcd did not answer before the deadline of this request',
    ...(rpc.isWrite && { outcome: wasSent ? 'unknown' : 'not-applied' }),
    ...(rpc.isWrite && wasSent && { hint: UNKNOWN_HINT }),
    cause,
  });
}

export function unreachable(rpc: Rpc, wasSent: boolean, cause: unknown): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: wasSent
      ? 'the connection to etcd broke before an answer came'
      : isLocalFault(cause)
        ? 'the gateway has no free file or port for a connection to etcd'
        : 'etcd cannot be reached',
    ...(rpc.isWrite && { outcome: wasSent ? 'unknown' : 'not-applied' }),
    ...(rpc.isWrite && wasSent
      ? { hint: UNKNOWN_HINT }
      : { retryAfterSeconds: RETRY_AFTER_SECONDS }),
    cause,
  });
}

/** Nothing was sent, as there is no endpoint that may be asked: `why` says more. */
export function noEndpoint(rpc: Rpc, why: GatewayError): GatewayError {
  return new GatewayError(why.code, {
    detail: why.message,
    ...(why.hint !== undefined && { hint: why.hint }),
    ...(rpc.isWrite && { outcome: 'not-applied' }),
    ...(why.status === 503 && { retryAfterSeconds: RETRY_AFTER_SECONDS }),
    cause: why.cause,
  });
}

export function responseTooLarge(rpc: Rpc, cause: TransportError): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: `etcd's answer is more than the gateway takes in: ${cause.message}`,
    ...unknownIfWrite(rpc),
    cause,
  });
}

/** The answer came from a cluster that is not ours; a write may have happened there. */
export function wrongCluster(rpc: Rpc): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: 'an etcd endpoint belongs to another cluster all of a sudden',
    ...unknownIfWrite(rpc),
  });
}

/** True when etcd's answer was more than this process reads: fewer keys at a time may go through. */
export function isResponseTooLarge(error: unknown): boolean {
  return (
    error instanceof GatewayError && error.cause instanceof TransportError && error.cause.isTooLarge
  );
}

function unknownIfWrite(rpc: Rpc): { outcome?: Outcome; hint?: string } {
  return rpc.isWrite ? { outcome: 'unknown', hint: UNKNOWN_HINT } : {};
}
