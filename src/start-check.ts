// The check of the etcd endpoints at the start of the process.
import { describeFailure } from './etcd/endpoints/unreachable.js';
import type { Log } from './log.js';
import type { Upstream } from './upstream.js';

/** An error of the settings or of the machine: the process prints one line on standard error, without a stack, and exits with 1. */
export class StartError extends Error {}

/**
 * Logs every endpoint with its cause if none can take calls: the gateway starts anyway, and /readyz reports it. Throws `StartError` if
 * none can take calls and one is too old.
 */
export async function checkEndpoints(upstream: Pick<Upstream, 'start'>, log: Log): Promise<void> {
  const endpoints: string[] = [];
  let tooOld: string | undefined;
  for (const { endpoint, result } of await upstream.start()) {
    if (result?.kind === 'fit') return;
    if (result?.kind === 'too-old') tooOld ??= result.problem.message;
    endpoints.push(`${endpoint.url}: ${describeFailure(endpoint, result)}`);
  }
  if (tooOld !== undefined) throw new StartError(tooOld);
  log.warn({ endpoints }, 'etcd cannot be reached yet');
}
