// Waits until a started etcd is ready: it has a leader and its JSON gateway responds.
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 40;
const RESPONSE_LIMIT_MS = 2_000;
const RESPONSE_BYTES_MAX = 64 * 1024;

export type Target =
  { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** Resolves with `true` when etcd is ready, or with `false` if `signal` is aborted before. */
export async function untilServing(target: Target, signal: AbortSignal): Promise<boolean> {
  // `/health` commits nothing but reads through the leader; the status call shows that the gateway at /v3 has its connection.
  const steps = [
    () => hasResponse(target, 'GET', '/health', signal, (status) => status === 200),
    // With authentication in etcd, the refusal also shows that it responds.
    () => hasResponse(target, 'POST', '/v3/maintenance/status', signal, (status) => status < 500),
  ];
  for (const step of steps) {
    while (!(await step())) {
      if (signal.aborted) return false;
      await pause(POLL_MS);
    }
  }
  return true;
}

async function hasResponse(
  target: Target,
  method: 'GET' | 'POST',
  path: string,
  signal: AbortSignal,
  isExpected: (status: number) => boolean,
): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({
      ...target,
      // This name is in the whitelist for every address.
      headers: { host: 'localhost' },
      path,
      method,
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(RESPONSE_LIMIT_MS)]),
    });
    call.once('error', () => resolve(false));
    call.once('response', (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > RESPONSE_BYTES_MAX) response.destroy();
      });
      response.once('close', () =>
        resolve(response.complete && isExpected(response.statusCode ?? 0)),
      );
    });
    call.end(method === 'POST' ? '{}' : undefined);
  });
}
