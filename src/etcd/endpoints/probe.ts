// Probes one endpoint and decides whether it may get calls. It must be an etcd member that is new enough, has a leader, and is neither a
// learner nor a gateway that leads back here. The pool checks the cluster.
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

/** Probes end by their timeouts. */
const NEVER = new AbortController().signal;

export type ProbeResult =
  /** `clusterId` is missing if etcd requires credentials for its status. */
  | { readonly kind: 'healthy'; readonly clusterId?: string; readonly version?: string }
  /**
   * `isLasting`: the endpoint must not get calls until its configuration changes. `isMember`: an etcd member responded, which cannot
   * process calls now.
   */
  | {
      readonly kind: 'unhealthy';
      readonly isLasting: boolean;
      readonly isMember: boolean;
      readonly problem: GatewayError;
    }
  | { readonly kind: 'too-old'; readonly problem: GatewayError }
  /** The gateway could not send the probe, so the state of the endpoint is unknown. */
  | { readonly kind: 'not-sent'; readonly problem: GatewayError };

export interface ProbeDeps {
  readonly transport: Pick<Transport, 'unary'>;
  readonly instanceId: string;
  /** For the connection and the response together. */
  readonly timeoutMs: number;
}

/** Never throws. */
export async function probeEndpoint(endpoint: Endpoint, deps: ProbeDeps): Promise<ProbeResult> {
  try {
    const { status, json } = await send(endpoint, deps, { path: STATUS_PATH, body: '{}' });
    if (status === 200 && json?.header !== undefined) return checkMember(json);
    if (status === 421)
      return lasting('an etcd endpoint is this gateway itself, or leads back to it');
    if (json !== undefined && classifyFailure(json).isRecognized)
      return await checkErrorResponse(endpoint, deps, json);
    return await checkOtherServer(endpoint, deps, status);
  } catch (error) {
    return toFailedProbe(error);
  }
}

function checkMember(json: Json): ProbeResult {
  const version = typeof json.version === 'string' ? json.version : '';
  if (isTooOld(version)) return tooOld(version);
  if (json.isLearner === true)
    return unfitMember('an etcd endpoint is a learner, which does not serve requests');
  if (json.leader === undefined || json.leader === '0') {
    return unfitMember('an etcd endpoint has no leader', 'no-leader');
  }
  const clusterId = asJson(json.header).cluster_id;
  return { kind: 'healthy', version, ...(typeof clusterId === 'string' && { clusterId }) };
}

/** The server is etcd, but returns an error. With authentication, etcd may return its status only to clients with credentials. */
async function checkErrorResponse(
  endpoint: Endpoint,
  deps: ProbeDeps,
  json: Json,
): Promise<ProbeResult> {
  const { effect, message, code } = classifyFailure(json);
  if (effect === 'definite') {
    const version = await readVersion(endpoint, deps);
    return { kind: 'healthy', ...(version !== undefined && { version }) };
  }
  return unfitMember(`etcd reports: ${message}`, code === 'no-leader' ? code : undefined);
}

/** An HTTP server that is not a supported etcd may be an older one. */
async function checkOtherServer(
  endpoint: Endpoint,
  deps: ProbeDeps,
  status: number,
): Promise<ProbeResult> {
  const version = await readVersion(endpoint, deps);
  if (version !== undefined && isTooOld(version)) return tooOld(version);
  const detail = `an etcd endpoint does not respond like etcd (status ${status})`;
  const hint = endpoint.isSecure
    ? 'check that the endpoint is a client URL of etcd'
    : 'check that the endpoint is a client URL of etcd; if etcd requires TLS, write https://';
  const problem = new GatewayError('etcd-refused', { detail, hint });
  return { kind: 'unhealthy', isLasting: false, isMember: false, problem };
}

/** Needs no credentials. The result is optional. */
async function readVersion(endpoint: Endpoint, deps: ProbeDeps): Promise<string | undefined> {
  try {
    const { json } = await send(endpoint, deps, { path: VERSION_PATH, method: 'GET' });
    return typeof json?.etcdserver === 'string' ? json.etcdserver : undefined;
  } catch {
    return undefined;
  }
}

function toFailedProbe(error: unknown): ProbeResult {
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

async function send(
  endpoint: Endpoint,
  deps: ProbeDeps,
  request: { path: string; method?: 'GET'; body?: string },
): Promise<{ status: number; json: Json | undefined }> {
  const { transport, instanceId, timeoutMs } = deps;
  const { status, body } = await transport.unary(endpoint, {
    ...request,
    headers: { via: viaOf(instanceId) },
    trafficClass: 'probes',
    signal: NEVER,
    timeouts: { headersTimeoutMs: timeoutMs, totalTimeoutMs: timeoutMs },
  });
  return { status, json: parseObject(body) };
}

function tooOld(version: string): ProbeResult {
  const detail = `etcd ${version || 'of an unknown version'} is too old: Latchkey requires etcd 3.4 or newer`;
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
