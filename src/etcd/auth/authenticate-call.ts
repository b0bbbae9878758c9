// A call at the door of a member: the pass that it goes with, within the caller's time, and what its refusal means for the call.
import { remainingMs } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { notApplied } from '../calls/outcome.js';
import type { Endpoint } from '../endpoint.js';
import type { Rpc } from '../rpc.js';
import type { Access, Pass } from './call-authenticator.js';

type Refused = Exclude<Pass, { kind: 'pass' }>;

/** Takes no longer than the caller has. Never rejects. */
export async function admit(
  caller: Caller,
  access: Access | undefined,
  endpoint: Endpoint,
  rpc: Rpc,
): Promise<Pass> {
  if (rpc.isOpen === true) return { kind: 'pass', session: undefined };
  if (access === undefined) {
    // Nobody's rights are taken for somebody else's.
    if (caller.identity.login !== undefined) throw new Error('a caller with a login needs Access');
    return { kind: 'pass', session: undefined };
  }
  const ready = access.readyPass(caller.identity, endpoint);
  if (ready !== undefined) return ready;
  const pass = await within(caller, access.passFor(caller.identity, endpoint));
  return pass.kind === 'pass' ? pass : nothingSent(rpc, pass);
}

/** The error of a call whose session is refused for good. */
export function refuseStale(
  { identity }: Caller,
  access: Access | undefined,
  rpc: Rpc,
  message: string,
): Refused {
  if (access !== undefined) return nothingSent(rpc, access.refusal(identity, message));
  const error = new GatewayError('etcd-refused', { detail: `etcd says: ${message}` });
  return nothingSent(rpc, { kind: 'failed', error });
}

async function within(caller: Caller, pass: Promise<Pass>): Promise<Pass> {
  return new Promise((resolve) => {
    const giveUp = (): void => {
      const error = new GatewayError('timeout', { detail: 'etcd did not say in time who this is' });
      settle({ kind: 'failed', error });
    };
    const timer = setTimeout(giveUp, Math.max(1, remainingMs(caller)));
    const settle = (settled: Pass): void => {
      clearTimeout(timer);
      caller.signal.removeEventListener('abort', giveUp);
      resolve(settled);
    };
    caller.signal.addEventListener('abort', giveUp);
    void pass.then(settle);
  });
}

/** Of a write that fails before it is sent nothing has happened. */
function nothingSent({ isWrite }: Rpc, refused: Refused): Refused {
  return isWrite ? { ...refused, error: notApplied(refused.error) } : refused;
}
