// `latchkey healthcheck`: checks whether the gateway on the listen address is ready. For images without curl.
import http from 'node:http';
import https from 'node:https';
import { problemText } from '../config/setting.js';
import { messageOf } from '../core/errors.js';

/** The timeout of a container engine should be longer. */
const HEALTHCHECK_TIMEOUT_MS = 4_000;

export interface Health {
  readonly isReady: boolean;
  /** One line for the user. */
  readonly text: string;
}

export interface HealthcheckTarget {
  readonly listen: { readonly host: string; readonly port: number };
  /** The gateway serves https. */
  readonly serverTls?: object;
  readonly timeoutMs?: number;
}

/** Requests `/readyz`. Never rejects: every failure means that the gateway is not ready. */
export async function checkHealth({
  listen,
  serverTls,
  timeoutMs = HEALTHCHECK_TIMEOUT_MS,
}: HealthcheckTarget): Promise<Health> {
  const host = reachableHost(listen.host);
  const isSecure = serverTls !== undefined;
  const url = `${isSecure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${listen.port}/readyz`;
  if (listen.port === 0) {
    return {
      isReady: false,
      text: problemText(url, 'the port is 0, so the address of the gateway is unknown'),
    };
  }
  try {
    const status = await statusOf({ host, port: listen.port, isSecure, timeoutMs });
    return { isReady: status === 200, text: problemText(url, `status ${status}`) };
  } catch (error) {
    const reason = messageOf(error);
    return { isReady: false, text: problemText(url, reason) };
  }
}

// Replaces the addresses for all interfaces, which are not addresses to connect to.
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

// Reads only the status, not the body. The timeout also covers a response that arrives slowly.
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
    // The certificate is not verified: the request stays on this machine and contains no secret.
    const options = { host, port, path: '/readyz', signal, rejectUnauthorized: false };
    const { get } = isSecure ? https : http;
    const request = get({ ...options, agent: false }, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    request.on('error', (error) => {
      reject(signal.aborted ? new Error(`no response within ${timeoutMs / 1_000} s`) : error);
    });
  });
}
