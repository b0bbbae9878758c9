// `latchkey healthcheck`: asks the gateway on the listen address whether it is ready. For images without curl.
import http from 'node:http';
import https from 'node:https';
import { problemText } from '../config/setting.js';
import { messageOf } from '../core/errors.js';

/** A container engine's own limit should be longer than this. */
const HEALTHCHECK_TIMEOUT_MS = 4_000;

export interface Health {
  readonly isReady: boolean;
  /** One line for people. */
  readonly text: string;
}

export interface HealthcheckTarget {
  readonly listen: { readonly host: string; readonly port: number };
  /** The gateway serves https. */
  readonly doorTls?: object;
  readonly timeoutMs?: number;
}

/** GETs `/readyz`. Never rejects: whatever keeps the answer from being 200 in time is an unready gateway. */
export async function checkHealth({
  listen,
  doorTls,
  timeoutMs = HEALTHCHECK_TIMEOUT_MS,
}: HealthcheckTarget): Promise<Health> {
  const host = reachableHost(listen.host);
  const isSecure = doorTls !== undefined;
  const url = `${isSecure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${listen.port}/readyz`;
  if (listen.port === 0) {
    return { isReady: false, text: problemText(url, 'port 0 tells nobody where the gateway is') };
  }
  try {
    const status = await statusOf({ host, port: listen.port, isSecure, timeoutMs });
    return { isReady: status === 200, text: problemText(url, `status ${status}`) };
  } catch (error) {
    const reason = messageOf(error);
    return { isReady: false, text: problemText(url, reason) };
  }
}

// An address that means "all of them" is none to connect to.
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

// The status is the whole contract: the body is not read. The signal also ends an answer that trickles in.
function statusOf({
  host,
  port,
  isSecure,
  timeoutMs,
}: {
  host: string;
  port: number;
  isSecure: boolean;
  timeoutMs: number;
}): Promise<number> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    // It asks its own machine for a status and tells nothing: the certificate is for the gateway's clients to check.
    const options = { host, port, path: '/readyz', signal, rejectUnauthorized: false };
    const { get } = isSecure ? https : http;
    const request = get({ ...options, agent: false }, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    request.on('error', (error) => {
      reject(signal.aborted ? new Error(`no answer within ${timeoutMs / 1_000} s`) : error);
    });
  });
}
