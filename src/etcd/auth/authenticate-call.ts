// Authenticates one call to one member before the caller's deadline, and marks writes that fail before they are sent as not applied.
import { remainingMs } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { withOutcomeNotApplied } from '../calls/outcome.js';
import type { Endpoint } from '../endpoint.js';
import type { Rpc } from '../rpc.js';
import type { CallAuthenticator, AuthResult } from './call-authenticator.js';

type Rejection = Exclude<AuthResult, { kind: 'authenticated' }>;

/** Resolves at the caller's deadline at the latest. Never rejects. */
export async function authenticateCall(
  caller: Caller,
  authenticator: CallAuthenticator | undefined,
  endpoint: Endpoint,
  rpc: Rpc,
): Promise<AuthResult> {
  if (rpc.isOpen === true) return { kind: 'authenticated', session: undefined };
  if (authenticator === undefined) {
    // Otherwise the call would run with rights that are not the caller's.
    if (caller.identity.login !== undefined)
      throw new Error('a caller with a login requires a CallAuthenticator');
    return { kind: 'authenticated', session: undefined };
  }
  const cached = authenticator.cachedResult(caller.identity, endpoint);
  if (cached !== undefined) return cached;
  const result = await beforeDeadline(
    caller,
    authenticator.authenticate(caller.identity, endpoint),
  );
  return result.kind === 'authenticated' ? result : notSent(rpc, result);
}

/** Returns the result of a call whose session the member rejected for the last time. */
export function rejectedSession(
  { identity }: Caller,
  authenticator: CallAuthenticator | undefined,
  rpc: Rpc,
  message: string,
): Rejection {
  if (authenticator !== undefined) return notSent(rpc, authenticator.rejection(identity, message));
  const error = new GatewayError('etcd-refused', { detail: `etcd reports: ${message}` });
  return notSent(rpc, { kind: 'failed', error });
}

async function beforeDeadline(caller: Caller, pending: Promise<AuthResult>): Promise<AuthResult> {
  return new Promise((resolve) => {
    const giveUp = (): void => {
      const error = new GatewayError('timeout', {
        detail: 'etcd did not check the credentials in time',
      });
      settle({ kind: 'failed', error });
    };
    const timer = setTimeout(giveUp, Math.max(1, remainingMs(caller)));
    const settle = (settled: AuthResult): void => {
      clearTimeout(timer);
      caller.signal.removeEventListener('abort', giveUp);
      resolve(settled);
    };
    caller.signal.addEventListener('abort', giveUp);
    void pending.then(settle);
  });
}

/** A write that fails before it is sent was not applied. */
function notSent({ isWrite }: Rpc, rejection: Rejection): Rejection {
  return isWrite ? { ...rejection, error: withOutcomeNotApplied(rejection.error) } : rejection;
}
