// Log lines about etcd: its endpoints, its authentication and resets of its store.
import { authenticationIsOff } from '../etcd/auth/call-authenticator.js';
import type { EndpointEvent } from '../etcd/endpoints/pool.js';
import type { StoreReset } from '../etcd/revision-monitor.js';
import type { Log } from './log.js';

export function logEndpointEvent(log: Log, event: EndpointEvent): void {
  if (event.kind === 'none-healthy' || event.kind === 'probe-requested') return;
  const endpoint = event.endpoint.url;
  switch (event.kind) {
    case 'rejected': {
      const { message, hint, cause } = event.problem;
      log.error({ endpoint, reason: message, cause: causeText(cause), hint }, 'endpoint rejected');
      return;
    }
    case 'ejected':
      log.warn({ endpoint, reason: event.problem?.message }, 'endpoint ejected');
      return;
    case 'verified':
      log.debug({ endpoint }, 'endpoint verified');
      return;
    case 'added':
    case 'removed':
    case 'recovered':
      log.info({ endpoint }, `endpoint ${event.kind}`);
  }
}

/** For `--auth=etcd`, the only mode that requires authentication in etcd. */
export function logAuthenticationState(log: Log, isOff: boolean): void {
  if (!isOff) log.info('authentication of etcd is enabled again');
  else log.warn({ hint: authenticationIsOff().hint }, 'authentication of etcd is not enabled');
}

export function logStoreReset(log: Log, reset: StoreReset): void {
  const consequence = 'watches end, and state that depends on revisions is dropped';
  log.warn(reset, `etcd was restored from a backup or emptied: ${consequence}`);
}

/** For errors that the gateway cannot classify. `path`: the RPC that returned the error. */
export function logUnrecognizedError(log: Log, path: string, message: string): void {
  log.warn({ path, message }, 'unrecognized error from etcd');
}

function causeText(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined;
}
