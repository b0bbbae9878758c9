// What callers are told of what their API token does not allow: what is missing, a right or a prefix, and never what lies beyond.
import type { Caller, Identity, Right } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';

/** Prefixes that a hint names. */
const PREFIXES_SHOWN_MAX = 5;

/** Throws `unauthenticated` for a caller whose API token is none any more. */
export function requireNotRevoked(identity: Identity): void {
  if (identity.revoked?.aborted === true) throw tokenRevoked(identity);
}

export function tokenRevoked({ name }: Identity): GatewayError {
  return new GatewayError('unauthenticated', {
    detail: `the token ${JSON.stringify(name)} was taken out of the list of API tokens, or may do something else now`,
    hint: 'send Authorization: Bearer with an API token, as long as you have one',
  });
}

/** Throws `permission-denied` for a caller with an API token that has none of the rights. `what` as in "may not ...". */
export function requireRight(identity: Identity, anyOf: readonly Right[], what: string): void {
  requireNotRevoked(identity);
  const { scope } = identity;
  if (scope === undefined || anyOf.some((right) => scope.rights.has(right))) return;
  throw lacksRight(identity, anyOf, what);
}

/** Throws `permission-denied` for a caller with an API token without `admin`. Callers without a scope are etcd's to judge. */
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

/** `isRange`: more than one key was asked for. */
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
    hint: `its prefixes: ${shown.join(', ')}${more}${isRange ? '; stay within one of them, as with prefix=' : ''}`,
  });
}

/** The caller may not, or is nobody any more: no other look says otherwise. */
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
