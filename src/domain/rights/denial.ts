// Errors for requests that an API token does not allow. They name the missing right or the prefixes, and never reveal keys outside the scope.
import type { Caller, Identity, Right } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';

/** Prefixes that a hint lists. */
const PREFIXES_SHOWN_MAX = 5;

/** Throws `unauthenticated` for a caller whose API token was revoked. */
export function requireNotRevoked(identity: Identity): void {
  if (identity.revoked?.aborted === true) throw tokenRevoked(identity);
}

export function tokenRevoked({ name }: Identity): GatewayError {
  return new GatewayError('unauthenticated', {
    detail: `the token ${JSON.stringify(name)} was removed from the list of API tokens, or its scope changed`,
    hint: 'send Authorization: Bearer with a valid API token',
  });
}

/** Throws `permission-denied` for a caller with an API token that has none of the rights. `what` as in "may not ...". */
export function requireRight(identity: Identity, anyOf: readonly Right[], what: string): void {
  requireNotRevoked(identity);
  const { scope } = identity;
  if (scope === undefined || anyOf.some((right) => scope.rights.has(right))) return;
  throw lacksRight(identity, anyOf, what);
}

/** Throws `permission-denied` for a caller with an API token without `admin`. Callers without a scope pass: etcd checks them. */
export function requireAdmin(identity: Identity, what: string): void {
  requireRight(identity, ['admin'], what);
}

export function lacksRight(
  { name }: Identity,
  anyOf: readonly Right[],
  what: string,
): GatewayError {
  return new GatewayError('permission-denied', {
    detail: `the token ${JSON.stringify(name)} may not ${what}: it lacks the right ${anyOf.join(' or ')}`,
  });
}

/** `isRange`: the request names more than one key. */
export function notCovered(
  { name, scope }: Identity,
  what: string,
  { isRange }: { readonly isRange: boolean },
): GatewayError {
  const prefixes = (scope?.prefixes ?? []).map((prefix) => JSON.stringify(prefix));
  const shown = prefixes.slice(0, PREFIXES_SHOWN_MAX);
  const more = prefixes.length > shown.length ? ', ...' : '';
  return new GatewayError('permission-denied', {
    detail: `the token ${JSON.stringify(name)} may not ${what}: no prefix of its scope covers all of that`,
    hint: `${isRange ? 'pass a range within one prefix' : 'stay within the prefixes'} of the token: ${shown.join(', ')}${more}`,
  });
}

/** Whether the caller lacks the right or is no longer authenticated: a repeated request would fail too. */
export function isAccessDenied(error: unknown): error is GatewayError {
  return (
    error instanceof GatewayError &&
    (error.code === 'permission-denied' || error.code === 'unauthenticated')
  );
}

/** Throws `permission-denied` for a member change by a client that neither an API token nor etcd identifies. */
export function requireKnownCaller({ identity }: Caller): void {
  if (identity.scope === undefined && identity.login === undefined) throw anonymousMemberChange();
}

export function anonymousMemberChange(): GatewayError {
  return new GatewayError('permission-denied', {
    detail:
      'anonymous clients cannot change members: run the gateway with --auth=tokens or --auth=etcd, or use etcdctl member at etcd itself',
  });
}
