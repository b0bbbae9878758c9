// The client of a request, with its deadline and its abort signal. Created once per request; every domain function takes it first. Every
// layer uses it, so it imports only the type for secrets.
import type { Secret } from './secret.js';

/**
 * The credentials of a client of etcd. Equal credentials have the same `key`, which does not reveal them: sessions with etcd are kept by it.
 * `unauthenticated`: no credentials were verified yet, and no request of this client reaches etcd.
 */
export type Login =
  | UserLogin
  | { readonly kind: 'token'; readonly key: string; readonly token: Secret }
  | { readonly kind: 'unauthenticated' };

/** A user of etcd with its password. */
export interface UserLogin {
  readonly kind: 'user';
  readonly key: string;
  readonly name: string;
  readonly password: Secret;
}

export type Right = 'read' | 'write' | 'lock' | 'admin';

/** What an API token may do. Only the gateway enforces it: etcd sees calls of the gateway's own user. */
export interface Scope {
  /** Prefixes of keys, lock names and election names alike. An empty prefix covers everything. */
  readonly prefixes: readonly string[];
  readonly rights: ReadonlySet<Right>;
}

/** Whose rights etcd checks. What is shared or batched is keyed by `key`. */
export interface Identity {
  /** Equal keys may share connections, watches and batches; different keys never do. */
  readonly key: string;
  /** What lock entries and logs call the caller. */
  readonly name: string;
  /** Without a login, calls to etcd have the gateway's own rights. */
  readonly login?: Login;
  /** Without a scope, only etcd limits the client. */
  readonly scope?: Scope;
  /** Aborted when the API token is removed or changed: the client's requests, watches and holds end. */
  readonly revoked?: AbortSignal | undefined;
}

/**
 * Which connections to etcd a call takes: those of plain requests, of clients that wait for a lock, of renewals and releases, of the
 * gateway's own probes, of checks of tokens, or of checks of passwords. No call waits for a connection of another lane.
 */
export type TrafficClass = 'requests' | 'waits' | 'renewals' | 'probes' | 'tokens' | 'passwords';

export interface Caller {
  readonly identity: Identity;
  /** Aborted when the client disconnects: everything that waits for it stops. Does not cancel a write that was sent. */
  readonly signal: AbortSignal;
  /** `performance.now()` milliseconds (monotonic, not wall clock) by which a response is due. */
  readonly deadline: number;
  /** W3C trace context of the request, for etcd to take part in. */
  readonly traceparent?: string;
  /** `requests` by default. */
  readonly trafficClass?: TrafficClass;
  /**
   * Milliseconds without a response after which a request to one endpoint is given up, with an unknown outcome. Set it only where the
   * caller can continue after that. By default a write that must not be repeated waits until the deadline.
   */
  readonly responseTimeoutMs?: number;
}

/** The gateway's own rights: for its own calls, and for all clients with `--auth=none`. */
export const GATEWAY_IDENTITY: Identity = { key: 'gateway', name: 'anonymous' };

/** The identity of a client before its credentials are verified, in modes that require them. None of its requests reaches etcd. */
export const UNAUTHENTICATED_IDENTITY: Identity = {
  key: 'unauthenticated',
  name: 'unauthenticated',
  login: { kind: 'unauthenticated' },
};

/** Milliseconds left until the caller's deadline; 0 or less after it passed. */
export function remainingMs(caller: Caller): number {
  return caller.deadline - performance.now();
}
