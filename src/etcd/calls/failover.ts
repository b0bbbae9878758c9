// Sends one call to the endpoints, one after the other. Decides which failures allow another endpoint, for how long, and which error is
// returned. A write that may have been sent is never sent again.
import { remainingMs } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';
import type { GatewayError } from '../../core/errors.js';
import type { CallAuthenticator } from '../auth/call-authenticator.js';
import { authenticateCall, rejectedSession } from '../auth/authenticate-call.js';
import type { Session } from '../auth/sessions.js';
import {
  classifyResponse,
  classifyTransportError,
  recordRevision,
  reportTransportError,
} from './attempt.js';
import type { Attempt, AttemptDeps, CheckedAttempt } from './attempt.js';
import { backOff } from './back-off.js';
import { deadlineExceeded, noEndpoint } from './errors.js';
import type { CallMetrics, CallResult } from './call-metrics.js';
import type { Endpoint } from '../endpoint.js';
import type { EndpointPool } from '../endpoints/pool.js';
import type { RetryBudget } from './retry-budget.js';
import type { Rpc } from '../rpc.js';
import type { Transport } from '../transport/transport.js';

export interface FailoverLimits {
  /** Milliseconds until a repeatable call without response headers is sent to the next endpoint. */
  readonly attemptTimeoutMs: number;
  /** Milliseconds in which a call may try further endpoints, within the caller's deadline. */
  readonly searchMs: number;
  readonly attemptsMax: number;
}

const FAILOVER_LIMITS: FailoverLimits = {
  attemptTimeoutMs: 2_000,
  searchMs: 3_000,
  attemptsMax: 16,
};

export interface FailoverDeps extends AttemptDeps {
  readonly transport: Transport;
  /** Shared by all calls of a client. */
  readonly budget: RetryBudget;
  /** Authenticates calls. Without it calls are anonymous, and a caller with a login is an error. */
  readonly authenticator?: CallAuthenticator | undefined;
  readonly limits?: FailoverLimits;
  readonly random?: () => number;
  readonly callMetrics?: CallMetrics;
}

// Without this header a member without a leader holds a request for 7 s. With it, the member responds "no leader" at once.
const REQUIRE_LEADER: CallHeaders = { 'grpc-metadata-hasleader': 'true' };
const NO_HEADERS: CallHeaders = {};
type CallHeaders = Readonly<Record<string, string>>;

/** Repeats with the same session after `outrun`: a change of any user's rights causes it. */
const OUTRUN_REPEATS_MAX = 3;

/** Sends a JSON body to an RPC and returns the parsed response. Throws `GatewayError`, with an outcome if the RPC writes. */
export async function callEtcd(
  caller: Caller,
  deps: FailoverDeps,
  rpc: Rpc,
  body: string,
): Promise<Record<string, unknown>> {
  const limits = deps.limits ?? FAILOVER_LIMITS;
  const searchUntil = performance.now() + limits.searchMs;
  deps.budget.recordCall();
  let candidates = deps.pool.candidates();
  let error: GatewayError | undefined;
  for (let attempt = 0, round = 0; attempt < limits.attemptsMax; attempt++) {
    const endpoint = takeNext(deps.pool, candidates);
    if (endpoint === undefined) {
      error ??= noEndpoint(rpc, deps.pool.unavailableReason());
      // Every endpoint was tried, so wait before the next round. A token that every member rejected stays rejected.
      if (performance.now() >= searchUntil || error.code === 'unauthenticated') break;
      await backOff(caller, round++, deps.random);
      candidates = deps.pool.candidates();
      continue;
    }
    if (remainingMs(caller) <= 0 || caller.signal.aborted) break;
    if (round > 0 && !deps.budget.take()) break;
    if (error !== undefined) deps.callMetrics?.recordFailover(rpc.path);
    const startedAt = performance.now();
    const result = await attemptOnce(caller, deps, limits, endpoint, rpc, body);
    const seconds = (performance.now() - startedAt) / 1000;
    deps.callMetrics?.recordCall(rpc.path, endpoint.url, resultOf(result), seconds);
    if (result.kind === 'response') return result.json;
    if (result.kind === 'failed') throw result.error;
    error = result.error;
  }
  throw error ?? deadlineExceeded(rpc, false);
}

/** Endpoints that were ejected since the list was made come last. */
function takeNext(pool: EndpointPool, candidates: Endpoint[]): Endpoint | undefined {
  const next = candidates.findIndex((endpoint) => pool.stateOf(endpoint) === 'healthy');
  return candidates.splice(Math.max(0, next), 1)[0];
}

function resultOf(attempt: Attempt): CallResult {
  if (attempt.kind === 'response') return 'answered';
  return attempt.kind === 'failed' && attempt.isRejection === true ? 'refused' : 'failed';
}

/** Authenticates the call first, and once more if the member rejects the session. Repeats calls that a change of rights has outrun. */
async function attemptOnce(
  caller: Caller,
  deps: FailoverDeps,
  limits: FailoverLimits,
  endpoint: Endpoint,
  rpc: Rpc,
  body: string,
): Promise<Attempt> {
  let isRenewed = false;
  for (let outrun = 0; ;) {
    const auth = await authenticateCall(caller, deps.authenticator, endpoint, rpc);
    if (auth.kind === 'elsewhere' && auth.fault !== undefined)
      deps.pool.reportFailure(endpoint, auth.fault, auth.error);
    if (auth.kind !== 'authenticated') return auth;
    const { session } = auth;
    const result = await exchangeOnce(caller, deps, limits, endpoint, rpc, body, session);
    if (result.kind !== 'stale' && result.kind !== 'outrun') return result;
    if (result.kind === 'outrun' && outrun++ < OUTRUN_REPEATS_MAX) continue;
    const mayRepeat =
      deps.authenticator?.dropSession(caller.identity, endpoint, session) === true && !isRenewed;
    if (!mayRepeat) return rejectedSession(caller, deps.authenticator, rpc, result.message);
    isRenewed = true;
  }
}

async function exchangeOnce(
  caller: Caller,
  deps: FailoverDeps,
  limits: FailoverLimits,
  endpoint: Endpoint,
  rpc: Rpc,
  body: string,
  session: Session | undefined,
): Promise<CheckedAttempt> {
  const baseline = deps.revisionMonitor?.baseline();
  const totalTimeoutMs = Math.max(1, remainingMs(caller));
  const headersTimeoutMs = Math.min(
    rpc.repeat === 'safe' ? limits.attemptTimeoutMs : Infinity,
    caller.responseTimeoutMs ?? Infinity,
    totalTimeoutMs,
  );
  try {
    const response = await deps.transport.unary(endpoint, {
      ...(rpc.method && { method: rpc.method }),
      path: rpc.path,
      body,
      headers: headersOf(caller, rpc, session),
      signal: caller.signal,
      trafficClass: rpc.trafficClass ?? caller.trafficClass,
      timeouts: { headersTimeoutMs, totalTimeoutMs },
    });
    const attempt = classifyResponse(deps, endpoint, rpc, response.status, response.body);
    if (attempt.kind === 'response' && baseline !== undefined)
      recordRevision(deps, rpc, baseline, attempt.json);
    return attempt;
  } catch (cause) {
    reportTransportError(caller, deps.pool, endpoint, cause);
    return classifyTransportError(caller, rpc, cause);
  }
}

function headersOf({ traceparent }: Caller, rpc: Rpc, session: Session | undefined): CallHeaders {
  const headers = rpc.isLocal === true ? NO_HEADERS : REQUIRE_LEADER;
  const token = session?.token;
  if (traceparent === undefined && token === undefined) return headers;
  return {
    ...headers,
    ...(token !== undefined && { authorization: token }),
    // Sent twice: for proxies, and for etcd, whose JSON gateway forwards headers with this prefix.
    ...(traceparent !== undefined && { traceparent, 'grpc-metadata-traceparent': traceparent }),
  };
}
