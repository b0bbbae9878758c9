// Log lines about etcd: its endpoints, its authentication and resets of its store.
import { authenticationIsOff } from '../etcd/auth/call-authenticator.js';
import type { EndpointEvent } from '../etcd/endpoints/pool.js';
import type { LineReset } from '../etcd/revision-line.js';
import type { Log } from './log.js';

export function logEndpointEvent(log: Log, event: EndpointEvent): void {
  if (event.kind === 'all-down' || event.kind === 'suspected') return;
  const endpoint = event.endpoint.url;
  switch (event.kind) {
    case 'refused': {
      const { message, hint, cause } = event.problem;
      log.error({ endpoint, reason: message, cause: causeText(cause), hint }, 'endpoint refused');
      return;
    }
    case 'ejected':
      log.warn({ endpoint, reason: event.problem?.message }, 'endpoint ejected');
      return;
    case 'proven':
      log.debug({ endpoint }, 'endpoint proven');
      return;
    case 'listed':
    case 'dropped':
    case 'returned':
      log.info({ endpoint }, `endpoint ${event.kind}`);
  }
}

/** For `--auth=etcd`, the only mode that requires authentication in etcd. */
export function logAuthenticationState(log: Log, isOff: boolean): void {
  if (!isOff) log.info('authentication of etcd is enabled again');
  else log.warn({ hint: authenticationIsOff().hint }, 'authentication of etcd is not enabled');
}

export function logStoreReset(log: Log, reset: LineReset): void {
  const consequence = 'watches end, and what was remembered by revision is dropped';
  log.warn(reset, `etcd was restored from a backup or emptied: ${consequence}`);
}

function causeText(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined;
}
