// Classifies how one request to one endpoint ended, and reports it to the endpoint pool. failover.ts decides what happens next.
import { remainingMs } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';
import type { GatewayError } from '../../core/errors.js';
import type { Endpoint } from '../endpoint.js';
import type { EndpointPool } from '../endpoints/pool.js';
import { parseObject } from '../json-values.js';
import type { RevisionBaseline, RevisionMonitor } from '../revision-monitor.js';
import type { Rpc } from '../rpc.js';
import { classifyFailure, toGatewayError } from '../status.js';
import { isLocalFault } from '../transport/connection.js';
import { TransportError } from '../transport/http-adapter.js';
import {
  disconnectedDuringCall,
  deadlineExceeded,
  responseTooLarge,
  unreachable,
  wrongCluster,
} from './errors.js';

/** Node counts whole milliseconds, so a timer may fire this long before its deadline. */
const TIMER_EARLY_MS = 1;
/** Time without a response after which the endpoint is probed. A healthy member responds to most calls sooner. */
const SILENCE_MS = 500;

export interface AttemptDeps {
  readonly pool: EndpointPool;
  /** Receives the revisions of linearizable responses. */
  readonly revisionMonitor?: RevisionMonitor;
  /** Called with messages of etcd that status.ts does not contain. */
  readonly onUnrecognizedError?: (message: string, rpc: Rpc) => void;
}

/** How one attempt ended: with a response, with an error for the caller, or with an error that allows the next endpoint. */
export type Attempt =
  | { readonly kind: 'response'; readonly json: Record<string, unknown> }
  /** `isRejection`: etcd is healthy and rejected the request. */
  | { readonly kind: 'failed'; readonly error: GatewayError; readonly isRejection?: boolean }
  | { readonly kind: 'elsewhere'; readonly error: GatewayError };

/**
 * `stale`: the member rejects the session of the call. `outrun`: rights changed between the check and the execution. Nothing was applied.
 */
export type CheckedAttempt =
  | Attempt
  | { readonly kind: 'stale'; readonly message: string }
  | { readonly kind: 'outrun'; readonly message: string };

export function classifyResponse(
  deps: AttemptDeps,
  endpoint: Endpoint,
  rpc: Rpc,
  status: number,
  body: Buffer,
): CheckedAttempt {
  const json = parseObject(body);
  if (
    status === 200 &&
    json !== undefined &&
    (json.error === undefined || json.result !== undefined)
  ) {
    return classifySuccess(deps.pool, endpoint, rpc, json);
  }
  const failure = classifyFailure(json);
  if (!failure.isRecognized) deps.onUnrecognizedError?.(failure.message, rpc);
  if (failure.authentication === 'stale' || failure.authentication === 'outrun') {
    deps.pool.reportSuccess(endpoint);
    return { kind: failure.authentication, message: failure.message };
  }
  const error = toGatewayError(failure, rpc.isWrite);
  if (failure.effect === 'definite' || failure.effect === 'refused-late') {
    deps.pool.reportSuccess(endpoint);
    return { kind: 'failed', error, isRejection: true };
  }
  // An overloaded member is still healthy.
  if (failure.code !== 'too-many-requests') {
    deps.pool.reportFailure(
      endpoint,
      failure.effect === 'not-proposed' ? 'unreachable' : 'transient',
      error,
    );
  }
  const mayRepeat = failure.effect === 'not-proposed' || rpc.repeat === 'safe';
  return { kind: mayRepeat ? 'elsewhere' : 'failed', error };
}

function classifySuccess(
  pool: EndpointPool,
  endpoint: Endpoint,
  rpc: Rpc,
  json: Record<string, unknown>,
): Attempt {
  const clusterId = clusterIdOf(json);
  if (clusterId !== undefined && !pool.checkCluster(endpoint, clusterId)) {
    const error = wrongCluster(rpc);
    return { kind: rpc.repeat === 'safe' && !rpc.isWrite ? 'elsewhere' : 'failed', error };
  }
  pool.reportSuccess(endpoint);
  return { kind: 'response', json };
}

export function recordRevision(
  { revisionMonitor }: AttemptDeps,
  rpc: Rpc,
  baseline: RevisionBaseline,
  { header }: Record<string, unknown>,
): void {
  if (rpc.isLinearizable !== true || typeof header !== 'object' || header === null) return;
  const { revision = 0, raft_term: raftTerm = 0 } = header as Record<string, unknown>;
  const position = { revision: Number(revision), raftTerm: Number(raftTerm) };
  if (Object.values(position).every(Number.isSafeInteger))
    revisionMonitor?.observeResponse(baseline, position);
}

export function reportTransportError(
  caller: Caller,
  pool: EndpointPool,
  endpoint: Endpoint,
  cause: unknown,
): void {
  if (caller.signal.aborted || !(cause instanceof TransportError)) return;
  if (cause.wasQueued || cause.isTooLarge || isLocalFault(cause)) return;
  if (!cause.wasSent) pool.reportFailure(endpoint, 'unreachable');
  else if (!cause.isTimeout) pool.reportFailure(endpoint, 'transient');
  else if (cause.silentMs >= SILENCE_MS - TIMER_EARLY_MS) pool.reportFailure(endpoint, 'suspect');
}

export function classifyTransportError(caller: Caller, rpc: Rpc, cause: unknown): Attempt {
  if (cause instanceof TransportError && cause.isTooLarge)
    return { kind: 'failed', error: responseTooLarge(rpc, cause) };
  const wasSent = cause instanceof TransportError ? cause.wasSent : true;
  const isTimeUp = remainingMs(caller) <= TIMER_EARLY_MS;
  const wasQueued = cause instanceof TransportError && cause.wasQueued;
  const isLate = isTimeUp && (wasSent || wasQueued);
  const error = isLate
    ? deadlineExceeded(rpc, wasSent, cause)
    : isDisconnected(caller)
      ? disconnectedDuringCall(rpc, wasSent, cause)
      : unreachable(rpc, wasSent, cause);
  const mayRepeat = !wasSent || rpc.repeat === 'safe';
  return { kind: mayRepeat && !isTimeUp ? 'elsewhere' : 'failed', error };
}

/** False if the signal is from `AbortSignal.timeout`, as for calls that the gateway makes for itself: no client is involved. */
function isDisconnected({ signal }: Caller): boolean {
  const reason: unknown = signal.reason;
  const isTimeout = reason instanceof DOMException && reason.name === 'TimeoutError';
  return signal.aborted && !isTimeout;
}

function clusterIdOf(json: Record<string, unknown>): string | undefined {
  // The response to a keepalive is the first message of a stream.
  const response = (json.result ?? json) as { header?: { cluster_id?: unknown } };
  const clusterId = response.header?.cluster_id;
  return typeof clusterId === 'string' ? clusterId : undefined;
}
