// Checks whether the gateway can serve: not draining, and a quorum of etcd responds.
import { GatewayError, shuttingDown } from '../../core/errors.js';
import type { ErrorCode } from '../../core/errors.js';
import type { Reachability } from '../../etcd/endpoints/prober.js';
import { GATEWAY_IDENTITY } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';

const RETRY_AFTER_SECONDS = 1;
const UNAVAILABLE_STATUS = new GatewayError('etcd-unavailable').status;
/** For one check in total. */
const READY_TIMEOUT_MS = 2_000;
/** After this time without a quorum, the gateway also counts the reachable members. The quorum check continues. */
const COUNT_AFTER_MS = 1_000;

export interface Readiness {
  /** Resolves if the gateway can serve; otherwise throws the reason, with status 503. Concurrent calls share one check. */
  check(): Promise<void>;
}

export function createReadiness(deps: {
  /** Resolves if a quorum of etcd responds; otherwise throws the reason. */
  readonly check: (caller: Caller) => Promise<void>;
  /** Counts the members that respond, even without a quorum. Resolves within `timeoutMs`. */
  readonly countReachable: (timeoutMs: number) => Promise<Reachability>;
  readonly isDraining: () => boolean;
}): Readiness {
  let running: Promise<void> | undefined;
  const start = (): Promise<void> => checkOnce(deps).finally(() => (running = undefined));
  return {
    async check() {
      if (deps.isDraining())
        throw shuttingDown({
          detail: 'the gateway is draining',
          retryAfterSeconds: 1,
        });
      await (running ??= start());
    },
  };
}

async function checkOnce(deps: {
  readonly check: (caller: Caller) => Promise<void>;
  readonly countReachable: (timeoutMs: number) => Promise<Reachability>;
}): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  const signal = AbortSignal.timeout(READY_TIMEOUT_MS);
  let counting: Promise<Reachability> | undefined;
  const count = (): Promise<Reachability> =>
    (counting ??= deps.countReachable(READY_TIMEOUT_MS - COUNT_AFTER_MS));
  const timer = setTimeout(() => void count(), COUNT_AFTER_MS);
  try {
    await deps.check({ identity: GATEWAY_IDENTITY, signal, deadline });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw notReady(error, await count());
  } finally {
    clearTimeout(timer);
  }
}

/** The codes of a check without a response of a quorum. */
const NO_QUORUM_CODES: readonly ErrorCode[] = ['etcd-unavailable', 'no-leader', 'timeout'];

function notReady(error: GatewayError, { reachable, total }: Reachability): GatewayError {
  const isMinority = reachable * 2 <= total;
  const reason = isMinority && NO_QUORUM_CODES.includes(error.code) ? 'no quorum' : error.message;
  return new GatewayError(error.status === UNAVAILABLE_STATUS ? error.code : 'etcd-unavailable', {
    detail: `${reachable} of ${total} members reachable: ${reason}`,
    ...(error.hint !== undefined && { hint: error.hint }),
    retryAfterSeconds: error.retryAfterSeconds ?? RETRY_AFTER_SECONDS,
    cause: error,
  });
}
