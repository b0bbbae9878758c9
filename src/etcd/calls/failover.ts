// One call over the list of endpoints: which failures may be tried elsewhere, for how long, and what is told when nothing worked.
// The rule that matters: a write that may have been sent is never sent again.
import { remainingMs } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';
import type { GatewayError } from '../../core/errors.js';
import type { CallAuthenticator } from '../auth/call-authenticator.js';
import { authenticateCall, rejectedSession } from '../auth/authenticate-call.js';
import type { Session } from '../auth/sessions.js';
import { backOff } from './back-off.js';
import {
  responseTooLarge,
  wrongCluster,
  noEndpoint,
  deadlineExceeded,
  unreachable,
} from './errors.js';
import type { CallMetrics, CallResult } from './call-metrics.js';
import type { Endpoint } from '../endpoint.js';
import type { EndpointPool } from '../endpoints/pool.js';
import { isLocalFault } from '../transport/connection.js';
import { TransportError } from '../transport/http-adapter.js';
import { parseObject } from '../json-values.js';
import type { RetryBudget } from './retry-budget.js';
import type { RevisionBaseline, RevisionMonitor } from '../revision-monitor.js';
import type { Rpc } from '../rpc.js';
import { classifyFailure, toGatewayError } from '../status.js';
import type { Transport } from '../transport/transport.js';

export interface FailoverLimits {
  /** Until a repeatable call must have answered headers, else it goes to the next endpoint. */
  readonly attemptTimeoutMs: number;
  /** How long a call looks for a member that can take it, inside the caller's deadline. */
  readonly searchMs: number;
  readonly attemptsMax: number;
}

const FAILOVER_LIMITS: FailoverLimits = {
  attemptTimeoutMs: 2_000,
  searchMs: 3_000,
  attemptsMax: 16,
};

/** Node counts in whole milliseconds: a timer may fire this much before the deadline that it stands for. */
const TIMER_EARLY_MS = 1;
/** Silence after which the prober asks the endpoint. A healthy member answers most calls sooner. */
const SILENCE_MS = 500;

export interface FailoverDeps {
  readonly pool: EndpointPool;
  readonly transport: Transport;
  /** Shared by all calls of a client. */
  readonly budget: RetryBudget;
  /** Who calls are made as. Without it they are all anonymous, and nobody may call who has a login. */
  readonly authenticator?: CallAuthenticator | undefined;
  readonly limits?: FailoverLimits;
  /** Learns the revisions of linearizable responses. */
  readonly revisionMonitor?: RevisionMonitor;
  /** Called with errors that no table lists; wired to the log. */
  readonly onUnrecognizedError?: (message: string, rpc: Rpc) => void;
  readonly random?: () => number;
  readonly callMetrics?: CallMetrics;
}

// Without it a member that lost its leader holds a request for 7 s; with it the answer is an immediate, definite "no leader".
const REQUIRE_LEADER: CallHeaders = { 'grpc-metadata-hasleader': 'true' };
const NO_HEADERS: CallHeaders = {};
type CallHeaders = Readonly<Record<string, string>>;

/** How one attempt ended: with an answer, with the error to tell, or with one after which the next endpoint may be asked. */
type Attempt =
  | { readonly kind: 'answer'; readonly json: Record<string, unknown> }
  /** `isMeant`: etcd is well, and this is its answer. */
  | { readonly kind: 'failed'; readonly error: GatewayError; readonly isMeant?: boolean }
  | { readonly kind: 'elsewhere'; readonly error: GatewayError };

/** `stale`, `outrun`: the member refuses the session that the call was made with, or judged it by rights that are new since. Nothing was applied. */
type Exchanged =
  | Attempt
  | { readonly kind: 'stale'; readonly message: string }
  | { readonly kind: 'outrun'; readonly message: string };

/** The same session may well do: somebody changes rights, whoever's they are. */
const OUTRUN_REPEATS_MAX = 3;

/** Sends one JSON body to an RPC and gives the parsed answer. Throws `GatewayError`, with an outcome when the RPC writes. */
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
      // Every endpoint was asked once: only now is there a reason to wait. A token that none of them takes none will take.
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
    if (result.kind === 'answer') return result.json;
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
  if (attempt.kind === 'answer') return 'answered';
  return attempt.kind === 'failed' && attempt.isMeant === true ? 'refused' : 'failed';
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
): Promise<Exchanged> {
  const mark = deps.revisionMonitor?.baseline();
  const totalTimeoutMs = Math.max(1, remainingMs(caller));
  const headersTimeoutMs = Math.min(
    rpc.repeat === 'safe' ? limits.attemptTimeoutMs : Infinity,
    caller.responseTimeoutMs ?? Infinity,
    totalTimeoutMs,
  );
  try {
    const answer = await deps.transport.unary(endpoint, {
      ...(rpc.method && { method: rpc.method }),
      path: rpc.path,
      body,
      headers: headersOf(caller, rpc, session),
      signal: caller.signal,
      trafficClass: rpc.trafficClass ?? caller.trafficClass,
      timeouts: { headersTimeoutMs, totalTimeoutMs },
    });
    const judged = judgeAnswer(deps, endpoint, rpc, answer.status, answer.body);
    if (judged.kind === 'answer' && mark !== undefined) follow(deps, rpc, mark, judged.json);
    return judged;
  } catch (cause) {
    reportSilence(caller, deps.pool, endpoint, cause);
    return judgeSilence(caller, rpc, cause);
  }
}

function headersOf({ traceparent }: Caller, rpc: Rpc, session: Session | undefined): CallHeaders {
  const headers = rpc.isLocal === true ? NO_HEADERS : REQUIRE_LEADER;
  const token = session?.token;
  if (traceparent === undefined && token === undefined) return headers;
  return {
    ...headers,
    ...(token !== undefined && { authorization: token }),
    // Twice: for proxies on the way, and for etcd, whose gateway hands on what has this prefix.
    ...(traceparent !== undefined && { traceparent, 'grpc-metadata-traceparent': traceparent }),
  };
}

function judgeAnswer(
  deps: FailoverDeps,
  endpoint: Endpoint,
  rpc: Rpc,
  status: number,
  body: Buffer,
): Exchanged {
  const json = parseObject(body);
  if (
    status === 200 &&
    json !== undefined &&
    (json.error === undefined || json.result !== undefined)
  ) {
    return judgeSuccess(deps.pool, endpoint, rpc, json);
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
    return { kind: 'failed', error, isMeant: true };
  }
  // A member that is behind with its work is well all the same.
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

function judgeSuccess(
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
  return { kind: 'answer', json };
}

function follow(
  { revisionMonitor }: FailoverDeps,
  rpc: Rpc,
  mark: RevisionBaseline,
  { header }: Record<string, unknown>,
): void {
  if (rpc.isLinearizable !== true || typeof header !== 'object' || header === null) return;
  const { revision = 0, raft_term: raftTerm = 0 } = header as Record<string, unknown>;
  const told = { revision: Number(revision), raftTerm: Number(raftTerm) };
  if (Object.values(told).every(Number.isSafeInteger)) revisionMonitor?.observeResponse(mark, told);
}

function reportSilence(
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

function judgeSilence(caller: Caller, rpc: Rpc, cause: unknown): Attempt {
  if (cause instanceof TransportError && cause.isTooLarge)
    return { kind: 'failed', error: responseTooLarge(rpc, cause) };
  const wasSent = cause instanceof TransportError ? cause.wasSent : true;
  const isTimeUp = remainingMs(caller) <= TIMER_EARLY_MS;
  const wasQueued = cause instanceof TransportError && cause.wasQueued;
  const isLate = isTimeUp && (wasSent || wasQueued);
  const error = isLate ? deadlineExceeded(rpc, wasSent, cause) : unreachable(rpc, wasSent, cause);
  const mayRepeat = !wasSent || rpc.repeat === 'safe';
  return { kind: mayRepeat && !isTimeUp ? 'elsewhere' : 'failed', error };
}

function clusterIdOf(json: Record<string, unknown>): string | undefined {
  // A keepalive's answer is the first line of a stream.
  const answer = (json.result ?? json) as { header?: { cluster_id?: unknown } };
  const clusterId = answer.header?.cluster_id;
  return typeof clusterId === 'string' ? clusterId : undefined;
}
