// Who asks, until when, and whether he still listens. Made once per request; every domain function takes it first.
// Imports nothing but what hides secrets: the etcd layer, the domain and the doors all know it.
import type { Secret } from './secret.js';

/**
 * How etcd learns who asks. `key` is the same for the same proof and tells nothing about it: sessions with etcd are kept by it.
 * `nobody` has proved nothing yet, and nothing of his reaches etcd.
 */
export type Login =
  | UserLogin
  | { readonly kind: 'token'; readonly key: string; readonly token: Secret }
  | { readonly kind: 'nobody' };

/** A user of etcd and his password. */
export interface UserLogin {
  readonly kind: 'user';
  readonly key: string;
  readonly name: string;
  readonly password: Secret;
}

export type Right = 'read' | 'write' | 'lock' | 'admin';

/** What an API token may do. The gateway alone enforces it: to etcd its calls are the gateway's own. */
export interface Scope {
  /** Of keys, lock names and election names alike; an empty one covers everything. */
  readonly prefixes: readonly string[];
  readonly rights: ReadonlySet<Right>;
}

/** Whose rights etcd checks. What is shared or batched is keyed by `key`. */
export interface Identity {
  /** Equal keys may share connections, watches and batches; different keys never do. */
  readonly key: string;
  /** What lock entries and logs call the caller. */
  readonly name: string;
  /** Without one the gateway itself asks, with its own rights. */
  readonly login?: Login;
  /** Without one there are no limits but etcd's. */
  readonly scope?: Scope;
  /** Aborted when he is nobody's any more: what runs for him ends, and nothing more is done for him. */
  readonly withdrawn?: AbortSignal | undefined;
}

/**
 * Which connections to etcd a call takes: those of plain requests, of clients that wait for a lock, of renewals and releases, of the
 * gateway's own probes, of checks of tokens, or of checks of passwords. No call waits for a connection of another lane.
 */
export type Lane = 'requests' | 'waits' | 'upkeep' | 'probes' | 'tokens' | 'passwords';

export interface Caller {
  readonly identity: Identity;
  /** Aborted when the caller hung up: whatever waits for him stops. A write that was sent is not cancelled by it. */
  readonly signal: AbortSignal;
  /** `performance.now()` milliseconds (monotonic, not wall clock) by which an answer is due. */
  readonly deadline: number;
  /** W3C trace context of the request, for etcd to take part in. */
  readonly traceparent?: string;
  /** `requests` by default. */
  readonly lane?: Lane;
  /**
   * Milliseconds without a response after which a request to one endpoint is given up, with an unknown outcome. Set it only where the
   * caller can continue after that. By default a write that must not be repeated waits until the deadline.
   */
  readonly patienceMs?: number;
}

/** The gateway's own rights: for what is its own, and for every caller while there is no authentication. */
export const GATEWAY_IDENTITY: Identity = { key: 'gateway', name: 'anonymous' };

/** Who has shown nothing of himself yet, where that is asked for: nothing of his reaches etcd. */
export const NOBODY: Identity = { key: 'nobody', name: 'nobody', login: { kind: 'nobody' } };

/** Milliseconds left until the caller's deadline; 0 or less means that time is up. */
export function remainingMs(caller: Caller): number {
  return caller.deadline - performance.now();
}
