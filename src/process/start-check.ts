// Checks the etcd endpoints at the start of the process.
import type { Config } from '../config/config.js';
import { authenticationIsOff } from '../etcd/auth/call-authenticator.js';
import { describeFailure } from '../etcd/endpoints/probe-failure.js';
import type { Log } from './log.js';
import type { Upstream } from '../upstream.js';

/** An error of the settings or of the machine: the process prints its message without a stack, and exits with 1. */
export class StartError extends Error {}

/** Timeout of the check for authentication in etcd. */
const AUTHENTICATION_CHECK_MS = 2_000;

/**
 * Logs every endpoint with its cause if none can take calls: the gateway starts anyway, and /readyz reports it. Throws `StartError` if
 * none can take calls and one is too old, and if one responds without the authentication that `--auth=etcd` requires.
 */
export async function checkEndpoints(
  upstream: Pick<Upstream, 'start' | 'credentialVerifier'>,
  { auth }: Pick<Config, 'auth'>,
  log: Log,
): Promise<void> {
  const endpoints: string[] = [];
  let tooOld: string | undefined;
  for (const { endpoint, result } of await upstream.start()) {
    if (result?.kind === 'healthy') {
      if (auth === 'etcd') await requireAuthentication(upstream);
      return;
    }
    if (result?.kind === 'too-old') tooOld ??= result.problem.message;
    endpoints.push(`${endpoint.url}: ${describeFailure(endpoint, result)}`);
  }
  if (tooOld !== undefined) throw new StartError(tooOld);
  log.warn({ endpoints }, 'etcd cannot be reached yet');
}

async function requireAuthentication({
  credentialVerifier,
}: Pick<Upstream, 'credentialVerifier'>): Promise<void> {
  if (!(await credentialVerifier.isAuthenticationOff(AUTHENTICATION_CHECK_MS))) return;
  const { hint } = authenticationIsOff();
  throw new StartError(
    `--auth=etcd requires authentication in etcd, which is not enabled: ${hint}`,
  );
}
