// Who a call to etcd is made as: the token for a caller and a member, and what it means when the member refuses it. The gateway's own
// user serves only calls of its own; a caller with a login of his own never gets anything else than that.
import type { Identity, UserLogin } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { Endpoint } from '../endpoint.js';
import type { FailureKind } from '../endpoints/health.js';
import { RETRY_AFTER_SECONDS } from '../status.js';
import type { Authenticate } from './authenticate.js';
import { Sessions } from './sessions.js';
import type { Session } from './sessions.js';

/**
 * Go on, or why not: `failed` = no other member would say otherwise; `elsewhere` = this one cannot tell, and `fault` is what that says of
 * it. Surely nothing was sent.
 */
export type Pass =
  | { readonly kind: 'pass'; readonly session: Session | undefined }
  | { readonly kind: 'failed'; readonly error: GatewayError }
  | {
      readonly kind: 'elsewhere';
      readonly error: GatewayError;
      readonly fault?: FailureKind | undefined;
    };

/** After etcd refused the gateway's own password: nobody hammers etcd with it, however many requests come in. */
const OWN_REFUSAL_MS_FIRST = 1_000;
const OWN_REFUSAL_MS_MAX = 30_000;

export interface AccessDeps {
  readonly authenticate: Authenticate;
  /** The gateway's own user. */
  readonly own?: UserLogin | undefined;
  readonly now?: () => number;
}

export class Access {
  readonly #sessions: Sessions;
  readonly #own: UserLogin | undefined;
  readonly #now: () => number;
  #ownRefusedUntil = 0;
  #ownRefusalMs = OWN_REFUSAL_MS_FIRST;

  constructor({ authenticate, own, now = () => performance.now() }: AccessDeps) {
    this.#sessions = new Sessions(authenticate, now);
    this.#own = own;
    this.#now = now;
  }

  /** The pass of `passFor` where there is nothing to ask for first. */
  readyPass({ login = this.#own }: Identity, endpoint: Endpoint): Pass | undefined {
    if (login === undefined) return { kind: 'pass', session: undefined };
    if (login.kind !== 'user') return undefined;
    const session = this.#sessions.current(login, endpoint);
    const isEnough = session !== undefined && (session.token !== undefined || login === this.#own);
    return isEnough ? { kind: 'pass', session } : undefined;
  }

  /** Whether calls of this identity say nothing of who asks, to whichever member. */
  isAnonymous({ login = this.#own }: Identity): boolean {
    return login === undefined;
  }

  /** What calls of this identity to this member are made with; of tokens that etcd gave for a password none older than `ageMsMax`. */
  async passFor({ login }: Identity, endpoint: Endpoint, ageMsMax?: number): Promise<Pass> {
    switch (login?.kind) {
      case 'nobody':
        return { kind: 'failed', error: unauthenticated('nobody has said who this is') };
      case 'token':
        return { kind: 'pass', session: { token: login.token.reveal(), since: 0 } };
      case 'user':
        return this.#passForUser(login, endpoint, ageMsMax);
      case undefined:
        return this.#passForGateway(endpoint, ageMsMax);
    }
  }

  /** The member refuses a session. True: with a new one the same call may succeed there. */
  renew(
    { login = this.#own }: Identity,
    endpoint: Endpoint,
    session: Session | undefined,
  ): boolean {
    if (login?.kind !== 'user') return false;
    if (session !== undefined) this.#sessions.drop(login, endpoint, session);
    return true;
  }

  /** What is told when a member refuses a session, and a new one would not help, or did not. */
  refusal({ login }: Identity, message: string): Exclude<Pass, { kind: 'pass' }> {
    switch (login?.kind) {
      case 'nobody':
      case 'token':
        // Each member keeps its own account of the tokens that are alive.
        return { kind: 'elsewhere', error: unauthenticated(`etcd says: ${message}`) };
      case 'user':
        return { kind: 'failed', error: notTaken(message) };
      case undefined:
        return { kind: 'failed', error: gatewayRefused(`etcd says: ${message}`) };
    }
  }

  async #passForUser(login: UserLogin, endpoint: Endpoint, ageMsMax?: number): Promise<Pass> {
    const opened = await this.#sessions.open(login, endpoint, ageMsMax);
    switch (opened.kind) {
      case 'open':
        if (opened.session.token !== undefined) return { kind: 'pass', session: opened.session };
        this.#sessions.drop(login, endpoint, opened.session);
        return { kind: 'failed', error: authenticationIsOff() };
      case 'wrong':
        return { kind: 'failed', error: unauthenticated('etcd knows no such user and password') };
      case 'failed':
        return { kind: 'elsewhere', error: opened.error, fault: opened.fault };
    }
  }

  async #passForGateway(endpoint: Endpoint, ageMsMax?: number): Promise<Pass> {
    if (this.#own === undefined) return { kind: 'pass', session: undefined };
    if (this.#now() < this.#ownRefusedUntil) return { kind: 'failed', error: ownPasswordIsWrong() };
    const opened = await this.#sessions.open(this.#own, endpoint, ageMsMax);
    switch (opened.kind) {
      case 'open':
        this.#ownRefusalMs = OWN_REFUSAL_MS_FIRST;
        return { kind: 'pass', session: opened.session };
      case 'wrong':
        this.#noteOwnRefusal();
        return { kind: 'failed', error: ownPasswordIsWrong() };
      case 'failed':
        return { kind: 'elsewhere', error: opened.error, fault: opened.fault };
    }
  }

  #noteOwnRefusal(): void {
    const now = this.#now();
    // Many may have waited for one answer.
    if (now < this.#ownRefusedUntil) return;
    this.#ownRefusedUntil = now + this.#ownRefusalMs;
    this.#ownRefusalMs = Math.min(OWN_REFUSAL_MS_MAX, this.#ownRefusalMs * 2);
  }
}

/** 401: the caller did not prove who he is. */
export function unauthenticated(detail: string): GatewayError {
  return new GatewayError('unauthenticated', {
    detail,
    hint: 'send Authorization: Basic with the name and password of an etcd user, or a token that etcd gave you',
  });
}

/** 502: nobody can be told from anybody. */
export function authenticationIsOff(): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: "etcd's authentication is not enabled, so that it cannot say who this is",
    hint: 'run etcdctl auth enable, or the gateway with another --auth',
  });
}

function gatewayRefused(detail: string): GatewayError {
  return new GatewayError('etcd-refused', {
    detail,
    hint: "check the gateway's own user (ETCDCTL_USER), or run it with --auth=etcd",
  });
}

function ownPasswordIsWrong(): GatewayError {
  return gatewayRefused("etcd refuses the name and password of the gateway's own user");
}

function notTaken(message: string): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: `etcd gave this user a token and refuses it: ${message}`,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
