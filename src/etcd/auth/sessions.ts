// Keeps the tokens that etcd issued for names and passwords: one for each user and member, because a member extends only tokens that are
// used at that member. Concurrent requests for the same token share one call to etcd.
import type { UserLogin } from '../../core/caller.js';
import type { Endpoint } from '../endpoint.js';
import type { Authenticate, AuthenticateResult } from './authenticate.js';

/** The credentials of a call to one member. `token` is undefined if etcd's authentication is off. */
export interface Session {
  readonly token: string | undefined;
  /** When the token was requested: `performance.now()`, milliseconds. */
  readonly since: number;
}

export type OpenedSession =
  | { readonly kind: 'open'; readonly session: Session }
  | Exclude<AuthenticateResult, { kind: 'token' | 'off' }>;

/** Users whose tokens are kept. Beyond this, the least recently used login is authenticated again. */
const LOGINS_MAX = 10_000;

interface SessionSlot {
  session: Session | undefined;
  opening: Promise<OpenedSession> | undefined;
}

export class Sessions {
  readonly #authenticate: Authenticate;
  readonly #now: () => number;
  /** By login, least recently used first, then by the member's URL. */
  readonly #slots = new Map<string, Map<string, SessionSlot>>();

  constructor(authenticate: Authenticate, now: () => number = () => performance.now()) {
    this.#authenticate = authenticate;
    this.#now = now;
  }

  /** Returns the existing session unless it is older than `ageMsMax`. */
  current(login: UserLogin, endpoint: Endpoint, ageMsMax = Infinity): Session | undefined {
    const session = this.#slots.get(login.key)?.get(endpoint.url)?.session;
    return session !== undefined && this.#now() - session.since <= ageMsMax ? session : undefined;
  }

  /** Resolves with a session that is not older than `ageMsMax`. Never rejects. */
  async open(login: UserLogin, endpoint: Endpoint, ageMsMax?: number): Promise<OpenedSession> {
    const slot = this.#slotOf(login, endpoint);
    const session = this.current(login, endpoint, ageMsMax);
    if (session !== undefined) return { kind: 'open', session };
    slot.opening ??= this.#open(login, endpoint, slot).finally(() => (slot.opening = undefined));
    return slot.opening;
  }

  /** Drops a session that the member rejected, so that the next call opens a new one. */
  drop(login: UserLogin, endpoint: Endpoint, session: Session): void {
    const slot = this.#slots.get(login.key)?.get(endpoint.url);
    if (slot?.session === session) slot.session = undefined;
  }

  async #open(login: UserLogin, endpoint: Endpoint, slot: SessionSlot): Promise<OpenedSession> {
    const since = this.#now();
    const result = await this.#authenticate(endpoint, login.name, login.password.reveal());
    switch (result.kind) {
      case 'token':
      case 'off': {
        const token = result.kind === 'token' ? result.token : undefined;
        slot.session = { token, since };
        return { kind: 'open', session: slot.session };
      }
      case 'wrong':
        // Wrong credentials must not displace valid ones.
        this.#slots.delete(login.key);
        return result;
      case 'failed':
        return result;
    }
  }

  #slotOf(login: UserLogin, endpoint: Endpoint): SessionSlot {
    const slots = this.#slots.get(login.key) ?? new Map<string, SessionSlot>();
    this.#slots.delete(login.key);
    this.#slots.set(login.key, slots);
    const [oldest] = this.#slots.keys();
    if (this.#slots.size > LOGINS_MAX && oldest !== undefined) this.#slots.delete(oldest);
    const slot = slots.get(endpoint.url) ?? { session: undefined, opening: undefined };
    slots.set(endpoint.url, slot);
    return slot;
  }
}
