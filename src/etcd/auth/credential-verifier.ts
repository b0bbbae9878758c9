// Verifies the credentials of a client before any other request of that client reaches etcd, because some versions of etcd show leases, the
// status and the members to any client. A successful verification is valid for a while. etcd checks rights with every call.
import { remainingMs } from '../../core/caller.js';
import type { Caller, Identity, Login } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { deadlineExceeded } from '../calls/errors.js';
import type { Endpoint } from '../endpoint.js';
import type { EndpointPool } from '../endpoints/pool.js';
import { parseObject } from '../json-values.js';
import { RPCS } from '../rpc.js';
import { RETRY_AFTER_SECONDS, classifyFailure } from '../status.js';
import { TransportError } from '../transport/http-adapter.js';
import type { Transport } from '../transport/transport.js';
import { authenticationIsOff, unauthenticated } from './call-authenticator.js';
import type { CallAuthenticator } from './call-authenticator.js';
import { AuthenticationState } from './authentication-state.js';
import type { Session } from './sessions.js';

/** How long a verification is valid: a changed password or a deleted user is noticed after this at the latest. */
const VERIFIED_MS = 30_000;
/** A forged token makes etcd wait for the log index that the token names. */
const TOKEN_CHECK_MS = 1_500;
/** If a member responds within this time without a token, the token was the cause of its silence. */
const HEALTHY_RESPONSE_MS = 500;
/** For all members together. Each member may take seconds to check a password. */
const VERIFICATION_MS = 10_000;
/** Verified logins that are kept. Beyond this, the least recently used login is verified again. */
const VERIFIED_MAX = 10_000;
/** etcd reads this key only for a valid token. Whether the owner of the token may read it does not matter. */
const CHECK_REQUEST = JSON.stringify({
  key: Buffer.from('\0').toString('base64'),
  count_only: true,
});

type VerifiableLogin = Exclude<Login, { kind: 'unauthenticated' }>;

export interface CredentialVerifierDeps {
  readonly pool: EndpointPool;
  readonly authenticator: CallAuthenticator;
  readonly transport: Pick<Transport, 'unary'>;
  readonly state?: AuthenticationState;
  readonly now?: () => number;
}

/** The session of an identity at any member: etcd replicates its tokens to all members. */
export interface SharedSession {
  /** Undefined if etcd's authentication is off. */
  readonly token: string | undefined;
  /** Drops the session after a member rejected it, so that the next call opens a new one. */
  readonly forget: () => void;
}

const NO_SESSION: SharedSession = { token: undefined, forget: () => undefined };

/** etcd does not respond to a token, although it responds without one: the token names a log index that etcd has not reached. */
export class SilentTokenError extends GatewayError {}

/**
 * What a read with a token shows. `allowed`: etcd executed the read, for root or because authentication is off. `known`, `unknown`: whether
 * etcd accepts the token. `silent`: no response in time. `queued`: the read never got a connection. `unreachable`: any other failure.
 */
type TokenCheck = 'allowed' | 'known' | 'unknown' | 'silent' | 'queued' | 'unreachable';

export class CredentialVerifier {
  readonly #deps: CredentialVerifierDeps;
  readonly #state: AuthenticationState;
  readonly #now: () => number;
  /** When each login was verified, by its key, least recently used first: `performance.now()`, milliseconds. */
  readonly #verifiedAt = new Map<string, number>();
  /** Verifications in flight, by the login's key: requests with the same login share one. */
  readonly #verifying = new Map<string, Promise<void>>();

  constructor(deps: CredentialVerifierDeps) {
    this.#deps = deps;
    this.#state = deps.state ?? new AuthenticationState();
    this.#now = deps.now ?? (() => performance.now());
  }

  /** Whether the login was verified within the last `VERIFIED_MS`. */
  isVerified({ key }: VerifiableLogin): boolean {
    const at = this.#verifiedAt.get(key);
    if (at === undefined) return false;
    if (this.#now() - at > VERIFIED_MS) {
      this.#verifiedAt.delete(key);
      return false;
    }
    // Moved to the end, as the most recently used.
    this.#verifiedAt.delete(key);
    this.#verifiedAt.set(key, at);
    return true;
  }

  /** Throws `unauthenticated`, `etcd-refused` if etcd's authentication is off, `etcd-unavailable` or `timeout` if etcd does not respond. */
  async verifyBeforeDeadline(caller: Caller, login: VerifiableLogin): Promise<void> {
    return beforeDeadline(caller, this.verify(caller.identity, login));
  }

  /** Like `verifyBeforeDeadline`, without the deadline of a caller: settles with the result, after `VERIFICATION_MS` at the latest. */
  async verify(identity: Identity, login: VerifiableLogin): Promise<void> {
    if (this.isVerified(login)) return;
    const verifying = this.#verifying.get(login.key) ?? this.#verify(identity, login);
    if (!this.#verifying.has(login.key)) {
      this.#verifying.set(login.key, verifying);
      const forget = (): void => void this.#verifying.delete(login.key);
      verifying.then(forget, forget);
    }
    return verifying;
  }

  /** Has a deadline of its own, so that no client is affected by the deadline or the disconnect of another one. */
  async #verify(identity: Identity, login: VerifiableLogin): Promise<void> {
    const startedAt = this.#now();
    const signal = new AbortController().signal;
    const deadline = performance.now() + VERIFICATION_MS;
    const caller = { identity: { ...identity, login }, signal, deadline };
    if (login.kind === 'user') await this.#sessionAtAnyMember(caller, caller.identity);
    else await this.#verifyToken(login.token.reveal());
    this.#verifiedAt.set(login.key, startedAt);
    const [oldest] = this.#verifiedAt.keys();
    if (this.#verifiedAt.size > VERIFIED_MAX && oldest !== undefined)
      this.#verifiedAt.delete(oldest);
  }

  /** Resolves with true if a member responds within `timeoutMs` as etcd does without authentication. Without a response, with false. Never rejects. */
  async isAuthenticationOff(timeoutMs: number): Promise<boolean> {
    return (await this.#readWithoutToken(timeoutMs)) === 'allowed';
  }

  /** Throws `etcd-refused` under the same condition as `isAuthenticationOff`. */
  async requireAuthentication(timeoutMs: number): Promise<void> {
    const check = await this.#readWithoutToken(timeoutMs);
    if (check === 'unknown') this.#state.note(false);
    if (check !== 'allowed') return;
    this.#state.note(true);
    throw authenticationIsOff();
  }

  async #readWithoutToken(timeoutMs: number): Promise<TokenCheck> {
    const [endpoint] = this.#deps.pool.candidates();
    if (endpoint === undefined) return 'unreachable';
    return this.#checkToken(endpoint, undefined, performance.now() + timeoutMs);
  }

  /** Resolves with a session for calls that may go to any member. Throws as `verifyBeforeDeadline` does. */
  async sessionFor(caller: Caller): Promise<SharedSession> {
    if (this.#deps.authenticator.isAnonymous(caller.identity)) return NO_SESSION;
    const { endpoint, session } = await this.#sessionAtAnyMember(caller, caller.identity);
    return {
      token: session?.token,
      forget: () => void this.#deps.authenticator.dropSession(caller.identity, endpoint, session),
    };
  }

  async #sessionAtAnyMember(
    caller: Caller,
    identity: Identity,
  ): Promise<{ endpoint: Endpoint; session: Session | undefined }> {
    const { pool, authenticator } = this.#deps;
    let error: GatewayError | undefined;
    for (const endpoint of pool.candidates()) {
      const result = await within(
        caller,
        authenticator.authenticate(identity, endpoint, VERIFIED_MS),
      );
      if (result === undefined) throw deadlineExceeded(RPCS.range, false);
      if (result.kind === 'authenticated') return { endpoint, session: result.session };
      if (result.kind === 'failed') throw result.error;
      if (result.fault !== undefined) pool.reportFailure(endpoint, result.fault, result.error);
      error = result.error;
    }
    throw error ?? pool.unavailableReason();
  }

  /** Tries every member, because each has its own list of valid tokens. */
  async #verifyToken(token: string): Promise<void> {
    const until = performance.now() + TOKEN_CHECK_MS;
    const checks: TokenCheck[] = [];
    let silent: Endpoint | undefined;
    for (const endpoint of this.#deps.pool.candidates()) {
      const check = await this.#checkToken(endpoint, token, until);
      if (check === 'known') {
        this.#state.note(false);
        return;
      }
      if (check === 'allowed') {
        // Without a token etcd allows this only if authentication is off. Otherwise the token is root's.
        if ((await this.#checkToken(endpoint, undefined, until)) !== 'allowed') return;
        this.#state.note(true);
        throw authenticationIsOff();
      }
      if (check === 'silent') silent ??= endpoint;
      checks.push(check);
    }
    if (checks.includes('unknown')) throw unauthenticated('etcd does not recognize this token');
    if (silent === undefined && checks.includes('queued')) throw tooManyChecks();
    if (silent === undefined) throw this.#deps.pool.unavailableReason();
    const Silence = (await this.#isResponsive(silent)) ? SilentTokenError : GatewayError;
    throw new Silence('etcd-unavailable', {
      detail: 'etcd did not check this token in time',
      hint: 'if this persists, authenticate again: the token may belong to another cluster',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }

  async #checkToken(
    endpoint: Endpoint,
    token: string | undefined,
    until: number,
  ): Promise<TokenCheck> {
    const timeoutMs = Math.max(1, until - performance.now());
    try {
      const { status, body } = await this.#read(endpoint, timeoutMs, token);
      if (status === 200) return 'allowed';
      const { code, authentication } = classifyFailure(parseObject(body));
      if (code === 'permission-denied') return 'known';
      return authentication === 'stale' ? 'unknown' : 'unreachable';
    } catch (cause) {
      if (cause instanceof TransportError && cause.wasQueued && !cause.wasConnecting)
        return 'queued';
      // Silence counts against the token, never against the member: any client can send a token that looks valid.
      return performance.now() >= until - 1 ? 'silent' : 'unreachable';
    }
  }

  /** Without a token a member responds once it has applied the index of the cluster, which is all that a genuine token waits for. */
  async #isResponsive(endpoint: Endpoint): Promise<boolean> {
    return this.#read(endpoint, HEALTHY_RESPONSE_MS).then(
      () => true,
      () => false,
    );
  }

  /** A forged token keeps etcd waiting, so reads with a token have connections of their own. */
  #read(endpoint: Endpoint, timeoutMs: number, token?: string): ReturnType<Transport['unary']> {
    return this.#deps.transport.unary(endpoint, {
      path: RPCS.range.path,
      body: CHECK_REQUEST,
      headers: {
        'grpc-metadata-hasleader': 'true',
        ...(token !== undefined && { authorization: token }),
      },
      signal: new AbortController().signal,
      timeouts: { headersTimeoutMs: timeoutMs, totalTimeoutMs: timeoutMs },
      ...(token !== undefined && { trafficClass: 'tokens' }),
    });
  }
}

/** The token was not sent, so this does not count against it. */
function tooManyChecks(): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: 'too many other tokens are being checked',
    hint: 'repeat the request later',
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

/** Throws `timeout` at the caller's deadline; the work continues. */
export async function beforeDeadline(caller: Caller, work: Promise<unknown>): Promise<void> {
  const isInTime = await within(
    caller,
    work.then(() => true),
  );
  if (isInTime === undefined) throw deadlineExceeded(RPCS.range, false);
}

async function within<T>(caller: Caller, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(1, remainingMs(caller)));
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
