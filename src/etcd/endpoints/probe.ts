// Asks one endpoint who it is, and judges whether it may take calls: an etcd member that is new enough, knows a leader, is no learner and
// no gateway that leads back here. Which cluster it belongs to is for the pool to judge.
import { GatewayError } from '../../core/errors.js';
import { PLAINTEXT_CODES, certificateProblemOf, isLocalFault } from '../transport/connection.js';
import type { Endpoint } from '../endpoint.js';
import { viaOf } from './loop-detection.js';
import { asJson, parseObject } from '../json-values.js';
import type { Json } from '../json-values.js';
import { classifyFailure } from '../status.js';
import { TransportError } from '../transport/http-adapter.js';
import type { Transport } from '../transport/transport.js';
import { isTooOld } from '../version.js';

const STATUS_PATH = '/v3/maintenance/status';
const VERSION_PATH = '/version';

/** The times of a probe end it. */
const NEVER = new AbortController().signal;

export type ProbeResult =
  /** `clusterId` is missing where etcd tells its status to nobody without credentials. */
  | { readonly kind: 'healthy'; readonly clusterId?: string; readonly version?: string }
  /**
   * `isLasting`: the endpoint must not get calls, now or later; otherwise it may be healthy the next time. `isMember`: an etcd member
   * answered, which cannot take calls now.
   */
  | {
      readonly kind: 'unhealthy';
      readonly isLasting: boolean;
      readonly isMember: boolean;
      readonly problem: GatewayError;
    }
  | { readonly kind: 'too-old'; readonly problem: GatewayError }
  /** The gateway itself could not send the question, so nothing is known. */
  | { readonly kind: 'not-sent'; readonly problem: GatewayError };

export interface ProbeDeps {
  readonly transport: Pick<Transport, 'unary'>;
  readonly instanceId: string;
  /** For connection and answer together. */
  readonly timeoutMs: number;
}

/** Never throws. */
export async function probeEndpoint(endpoint: Endpoint, deps: ProbeDeps): Promise<ProbeResult> {
  try {
    const { status, json } = await ask(endpoint, deps, { path: STATUS_PATH, body: '{}' });
    if (status === 200 && json?.header !== undefined) return judgeMember(json);
    if (status === 421)
      return lasting('an etcd endpoint is this gateway itself, or leads back to it');
    if (json !== undefined && classifyFailure(json).isRecognized)
      return await judgeRefusal(endpoint, deps, json);
    return await judgeStranger(endpoint, deps, status);
  } catch (error) {
    return judgeSilence(error);
  }
}

function judgeMember(json: Json): ProbeResult {
  const version = typeof json.version === 'string' ? json.version : '';
  if (isTooOld(version)) return tooOld(version);
  if (json.isLearner === true)
    return unfitMember('an etcd endpoint is a learner, which serves no requests');
  if (json.leader === undefined || json.leader === '0') {
    return unfitMember('an etcd endpoint has no leader', 'no-leader');
  }
  const clusterId = asJson(json.header).cluster_id;
  return { kind: 'healthy', version, ...(typeof clusterId === 'string' && { clusterId }) };
}

/** It is an etcd, and does not say more than its version: one with authentication may keep its status to itself. */
async function judgeRefusal(endpoint: Endpoint, deps: ProbeDeps, json: Json): Promise<ProbeResult> {
  const { effect, message, code } = classifyFailure(json);
  if (effect === 'definite') {
    const version = await askVersion(endpoint, deps);
    return { kind: 'healthy', ...(version !== undefined && { version }) };
  }
  return unfitMember(`etcd reports: ${message}`, code === 'no-leader' ? code : undefined);
}

/** Whatever speaks HTTP and is no etcd of today may be one of yesterday. */
async function judgeStranger(
  endpoint: Endpoint,
  deps: ProbeDeps,
  status: number,
): Promise<ProbeResult> {
  const version = await askVersion(endpoint, deps);
  if (version !== undefined && isTooOld(version)) return tooOld(version);
  const detail = `an etcd endpoint answers as no etcd does (status ${status})`;
  const hint = endpoint.isSecure
    ? 'check that the endpoint is a client URL of etcd'
    : 'check that the endpoint is a client URL of etcd; if etcd requires TLS, write https://';
  const problem = new GatewayError('etcd-refused', { detail, hint });
  return { kind: 'unhealthy', isLasting: false, isMember: false, problem };
}

/** etcd tells it to everybody; nothing hangs on it. */
async function askVersion(endpoint: Endpoint, deps: ProbeDeps): Promise<string | undefined> {
  try {
    const { json } = await ask(endpoint, deps, { path: VERSION_PATH, method: 'GET' });
    return typeof json?.etcdserver === 'string' ? json.etcdserver : undefined;
  } catch {
    return undefined;
  }
}

function judgeSilence(error: unknown): ProbeResult {
  const certificateProblem = certificateProblemOf(error);
  if (certificateProblem !== undefined) {
    const detail = `TLS with an etcd endpoint fails (${certificateProblem})`;
    const hint = PLAINTEXT_CODES.includes(certificateProblem)
      ? 'the endpoint does not speak TLS: write http:// in --endpoints'
      : 'check --cacert, --cert and --key, and the names in the certificate of etcd';
    const problem = new GatewayError('etcd-refused', { detail, hint, cause: error });
    return { kind: 'unhealthy', isLasting: true, isMember: false, problem };
  }
  const wasQueued = error instanceof TransportError && error.wasQueued && !error.wasConnecting;
  if (wasQueued || isLocalFault(error)) {
    const detail = 'the gateway had no connection for a probe';
    return {
      kind: 'not-sent',
      problem: new GatewayError('etcd-unavailable', { detail, cause: error }),
    };
  }
  const problem = new GatewayError('etcd-unavailable', {
    detail: 'etcd cannot be reached',
    cause: error,
  });
  return { kind: 'unhealthy', isLasting: false, isMember: false, problem };
}

async function ask(
  endpoint: Endpoint,
  deps: ProbeDeps,
  question: { path: string; method?: 'GET'; body?: string },
): Promise<{ status: number; json: Json | undefined }> {
  const { transport, instanceId, timeoutMs } = deps;
  const { status, body } = await transport.unary(endpoint, {
    ...question,
    headers: { via: viaOf(instanceId) },
    trafficClass: 'probes',
    signal: NEVER,
    timeouts: { headersTimeoutMs: timeoutMs, totalTimeoutMs: timeoutMs },
  });
  return { status, json: parseObject(body) };
}

function tooOld(version: string): ProbeResult {
  const detail = `etcd ${version || 'of an unknown version'} is too old: Latchkey needs etcd 3.4 or newer`;
  return { kind: 'too-old', problem: new GatewayError('etcd-refused', { detail }) };
}

function lasting(detail: string): ProbeResult {
  const problem = new GatewayError('etcd-refused', { detail, hint: 'check the endpoints' });
  return { kind: 'unhealthy', isLasting: true, isMember: false, problem };
}

function unfitMember(
  detail: string,
  code: 'etcd-unavailable' | 'no-leader' = 'etcd-unavailable',
): ProbeResult {
  const problem = new GatewayError(code, { detail });
  return { kind: 'unhealthy', isLasting: false, isMember: true, problem };
}
