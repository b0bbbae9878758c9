// Authenticates calls to etcd: supplies the token for an identity and a member, and decides what follows when the member rejects a token.
// The gateway's own user serves only identities without a login. An identity with a login never uses any other login.
import type { Identity, UserLogin } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { Endpoint } from '../endpoint.js';
import type { FailureKind } from '../endpoints/health.js';
import { RETRY_AFTER_SECONDS } from '../status.js';
import type { Authenticate } from './authenticate.js';
import { Sessions } from './sessions.js';
import type { Session } from './sessions.js';

/**
 * The session of a call, or why it has none. `failed`: every member would give this result. `elsewhere`: this member cannot authenticate
 * the call, another one may; `fault` states what this shows about the member. In both cases the call was definitely not sent.
 */
export type AuthResult =
  | { readonly kind: 'authenticated'; readonly session: Session | undefined }
  | { readonly kind: 'failed'; readonly error: GatewayError }
  | {
      readonly kind: 'elsewhere';
      readonly error: GatewayError;
      readonly fault?: FailureKind | undefined;
    };

/** Pause before the gateway's own password is sent again after etcd rejected it, however many requests arrive. It doubles each time. */
const OWN_RETRY_MS_FIRST = 1_000;
const OWN_RETRY_MS_MAX = 30_000;

export interface CallAuthenticatorDeps {
  readonly authenticate: Authenticate;
  /** The gateway's own user. */
  readonly ownLogin?: UserLogin | undefined;
  readonly now?: () => number;
}

export class CallAuthenticator {
  readonly #sessions: Sessions;
  readonly #ownLogin: UserLogin | undefined;
  readonly #now: () => number;
  #ownRetryAt = 0;
  #ownRetryMs = OWN_RETRY_MS_FIRST;

  constructor({ authenticate, ownLogin, now = () => performance.now() }: CallAuthenticatorDeps) {
    this.#sessions = new Sessions(authenticate, now);
    this.#ownLogin = ownLogin;
    this.#now = now;
  }

  /** Returns the result of `authenticate` if it is available without a request to etcd. */
  cachedResult({ login = this.#ownLogin }: Identity, endpoint: Endpoint): AuthResult | undefined {
    if (login === undefined) return { kind: 'authenticated', session: undefined };
    if (login.kind !== 'user') return undefined;
    const session = this.#sessions.current(login, endpoint);
    const isUsable =
      session !== undefined && (session.token !== undefined || login === this.#ownLogin);
    return isUsable ? { kind: 'authenticated', session } : undefined;
  }

  /** Whether calls of this identity carry no token, whichever member they go to. */
  isAnonymous({ login = this.#ownLogin }: Identity): boolean {
    return login === undefined;
  }

  /** Resolves with the session for calls of this identity to this member. Opens a new session if the current one is older than `ageMsMax`. Never rejects. */
  async authenticate(
    { login }: Identity,
    endpoint: Endpoint,
    ageMsMax?: number,
  ): Promise<AuthResult> {
    switch (login?.kind) {
      case 'unauthenticated':
        return { kind: 'failed', error: unauthenticated('the request has no credentials') };
      case 'token':
        return { kind: 'authenticated', session: { token: login.token.reveal(), since: 0 } };
      case 'user':
        return this.#authenticateUser(login, endpoint, ageMsMax);
      case undefined:
        return this.#authenticateGateway(endpoint, ageMsMax);
    }
  }

  /** Drops a session that the member rejected. Returns true if the same call may succeed there with a new session. */
  dropSession(
    { login = this.#ownLogin }: Identity,
    endpoint: Endpoint,
    session: Session | undefined,
  ): boolean {
    if (login?.kind !== 'user') return false;
    if (session !== undefined) this.#sessions.drop(login, endpoint, session);
    return true;
  }

  /** Returns the result of a call whose session a member rejected, if a new session would not help or did not help. */
  rejection({ login }: Identity, message: string): Exclude<AuthResult, { kind: 'authenticated' }> {
    switch (login?.kind) {
      case 'unauthenticated':
      case 'token':
        // Each member has its own list of valid tokens.
        return { kind: 'elsewhere', error: unauthenticated(`etcd reports: ${message}`) };
      case 'user':
        return { kind: 'failed', error: issuedTokenRejected(message) };
      case undefined:
        return { kind: 'failed', error: gatewayRejected(`etcd reports: ${message}`) };
    }
  }

  async #authenticateUser(
    login: UserLogin,
    endpoint: Endpoint,
    ageMsMax?: number,
  ): Promise<AuthResult> {
    const opened = await this.#sessions.open(login, endpoint, ageMsMax);
    switch (opened.kind) {
      case 'open':
        if (opened.session.token !== undefined)
          return { kind: 'authenticated', session: opened.session };
        this.#sessions.drop(login, endpoint, opened.session);
        return { kind: 'failed', error: authenticationIsOff() };
      case 'wrong':
        return {
          kind: 'failed',
          error: unauthenticated('etcd has no user with this name and password'),
        };
      case 'failed':
        return { kind: 'elsewhere', error: opened.error, fault: opened.fault };
    }
  }

  async #authenticateGateway(endpoint: Endpoint, ageMsMax?: number): Promise<AuthResult> {
    if (this.#ownLogin === undefined) return { kind: 'authenticated', session: undefined };
    if (this.#now() < this.#ownRetryAt) return { kind: 'failed', error: ownPasswordIsWrong() };
    const opened = await this.#sessions.open(this.#ownLogin, endpoint, ageMsMax);
    switch (opened.kind) {
      case 'open':
        this.#ownRetryMs = OWN_RETRY_MS_FIRST;
        return { kind: 'authenticated', session: opened.session };
      case 'wrong':
        this.#delayOwnRetry();
        return { kind: 'failed', error: ownPasswordIsWrong() };
      case 'failed':
        return { kind: 'elsewhere', error: opened.error, fault: opened.fault };
    }
  }

  #delayOwnRetry(): void {
    const now = this.#now();
    // Many calls may have waited for the same response.
    if (now < this.#ownRetryAt) return;
    this.#ownRetryAt = now + this.#ownRetryMs;
    this.#ownRetryMs = Math.min(OWN_RETRY_MS_MAX, this.#ownRetryMs * 2);
  }
}

/** 401: the client sent no valid credentials. */
export function unauthenticated(detail: string): GatewayError {
  return new GatewayError('unauthenticated', {
    detail,
    hint: 'send Authorization: Basic with the name and password of an etcd user, or a token that etcd issued',
  });
}

/** 502: etcd cannot distinguish clients. */
export function authenticationIsOff(): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: "etcd's authentication is not enabled, so etcd cannot identify the client",
    hint: 'run etcdctl auth enable, or the gateway with another --auth',
  });
}

function gatewayRejected(detail: string): GatewayError {
  return new GatewayError('etcd-refused', {
    detail,
    hint: "check the gateway's own user (ETCDCTL_USER), or run it with --auth=etcd",
  });
}

function ownPasswordIsWrong(): GatewayError {
  return gatewayRejected("etcd rejects the name and password of the gateway's own user");
}

function issuedTokenRejected(message: string): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: `etcd issued a token for this user and then rejected it: ${message}`,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
