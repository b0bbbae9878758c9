// Waits until an etcd that was just started serves: it has a leader and its JSON gateway answers.
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 40;
const ANSWER_LIMIT_MS = 2_000;
const ANSWER_BYTES_MAX = 64 * 1024;

export type Target =
  { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** Resolves with `true` once etcd serves, with `false` when `signal` is aborted before that. */
export async function untilServing(target: Target, signal: AbortSignal): Promise<boolean> {
  // `/health` commits nothing but reads through the leader; the status call shows that the gateway at /v3 has its connection.
  const steps = [
    () => isAnswered(target, 'GET', '/health', signal, (status) => status === 200),
    // Refused, too, where etcd asks who is there.
    () => isAnswered(target, 'POST', '/v3/maintenance/status', signal, (status) => status < 500),
  ];
  for (const step of steps) {
    while (!(await step())) {
      if (signal.aborted) return false;
      await pause(POLL_MS);
    }
  }
  return true;
}

async function isAnswered(
  target: Target,
  method: 'GET' | 'POST',
  path: string,
  signal: AbortSignal,
  isWell: (status: number) => boolean,
): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({
      ...target,
      // etcd's whitelist has it at every address.
      headers: { host: 'localhost' },
      path,
      method,
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]),
    });
    call.once('error', () => resolve(false));
    call.once('response', (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) response.destroy();
      });
      response.once('close', () => resolve(response.complete && isWell(response.statusCode ?? 0)));
    });
    call.end(method === 'POST' ? '{}' : undefined);
  });
}
