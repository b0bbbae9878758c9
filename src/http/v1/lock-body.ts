// Requests and responses of locks, converted from and for the domain. Elections share names, tokens and lifetimes.
import type { Request } from 'express';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import type { EntryRenewal } from '../../domain/contention/renewal.js';
import type { Lifetime } from '../../domain/contention/renewal.js';
import { RENEWALS_PER_TTL } from '../../domain/contention/renewal.js';
import { parseSharedLeaseId } from '../../domain/leases/lease-id.js';
import type { AcquiredLock, LockRequest, ReleaseRequest } from '../../domain/locks/locks.js';
import { bytesOf, readJson } from '../body/body-readers.js';
import { readParameters } from '../contract/documented-request.js';
import type { OperationBody, Schema } from '../contract/operation-types.js';
import type { OperationValidator } from '../contract/validate.js';

export function toLockRequest(
  name: string,
  body: OperationBody<'acquireLock'> | OperationBody<'holdLock'>,
): LockRequest {
  const { owner, ttl, token, lease, mode, metadata } = body;
  return {
    name,
    owner,
    ttlSeconds: ttl,
    lease: lease === undefined ? undefined : parseSharedLeaseId(lease, '/lease'),
    mode,
    token,
    metadata,
    api: 'v1',
  };
}

/** Returns `null` for both fields without a ttl. */
export function toLifetimeBody(
  lifetime: Lifetime | undefined,
): Pick<Schema<'AcquiredLock'>, 'ttl' | 'expiresAt'> {
  if (lifetime === undefined) return { ttl: null, expiresAt: null };
  // `expiresAt` is informative: the gateway measures the ttl by its monotonic clock.
  const expiresAt = new Date(Date.now() + lifetime.livesUntil - performance.now()).toISOString();
  return { ttl: lifetime.ttlSeconds, expiresAt };
}

/** Seconds. Three renewals in a row may fail before the lock expires. */
export function renewEverySeconds(lifetime: Lifetime | undefined): number | null {
  return lifetime === undefined ? null : lifetime.ttlSeconds / RENEWALS_PER_TTL;
}

export function toAcquiredBody(acquired: AcquiredLock): Schema<'AcquiredLock'> {
  const { name, owner, mode, token, createRevision, lifetime, metadata } = acquired;
  return {
    name,
    owner,
    mode,
    token,
    fencingToken: createRevision,
    ...toLifetimeBody(lifetime),
    renewEvery: renewEverySeconds(lifetime),
    ...(metadata !== undefined && { metadata }),
  };
}

export function toRenewedBody({ lifetime, fencingToken }: EntryRenewal): Schema<'RenewedLock'> {
  return { ...toLifetimeBody(lifetime), fencingToken };
}

type Release = ReleaseRequest | { readonly name: string; readonly force: true };

/** Reads a DELETE, which names one of: the token (in body, query or `Lock-Token`), the owner (in body or query), force (in the query). */
export function readRelease(req: Request, operation: OperationValidator<'releaseLock'>): Release {
  const { query, params } = readParameters(req, operation);
  const name = checkName(params.name);
  const body = bytesOf(req).length === 0 ? {} : operation.body(readJson(req));
  const tokens = tokensOf(req, query.token, body.token);
  const owners = [query.owner, body.owner].filter((each) => each !== undefined);
  const isForced = query.force === true;
  const [token, owner] = [tokens[0], owners[0]];
  if (tokens.length + owners.length + (isForced ? 1 : 0) !== 1) {
    throw new GatewayError('invalid-request', {
      detail: 'a release requires exactly one of token, owner and force',
      hint: 'pass ?token=, the header Lock-Token, ?owner= or ?force=true',
      fields: {
        errors: [{ pointer: 'token', detail: 'exactly one of token, owner and force is required' }],
      },
    });
  }
  if (token !== undefined) return { name, token };
  return owner !== undefined ? { name, owner } : { name, force: true };
}

/** `LockToken` in the OpenAPI document, whose checks do not include headers. */
const TOKEN = /^[A-Za-z0-9._~-]{16,128}$/;

/** Returns every token of a DELETE: from its query, its body and its header `Lock-Token`. Throws `invalid-request`. */
export function tokensOf(
  req: Request,
  inQuery: string | undefined,
  inBody: string | undefined,
): string[] {
  const header = req.headers['lock-token'];
  const inHeader = typeof header === 'string' ? header : undefined;
  if (inHeader !== undefined && !TOKEN.test(inHeader))
    throw invalidRequest(
      'Lock-Token',
      'the header Lock-Token must be 16 to 128 of the characters A-Z a-z 0-9 - . _ ~',
    );
  return [inQuery, inBody, inHeader].filter((token) => token !== undefined);
}

/** Returns `name`. Throws `invalid-request` if it was percent-encoded twice. */
export function checkName(name: string): string {
  refuseDoubleEncoding(name, 'name');
  return name;
}

const ENCODED_SLASH = /%2f/i;

/**
 * Throws `invalid-request` for a name that was percent-encoded twice: the client would get another lock than the one that it means. `field`
 * is the field with the decoded name. Names in JSON need no check, because no client percent-encodes them.
 */
export function refuseDoubleEncoding(name: string, field: string): void {
  if (!ENCODED_SLASH.test(name)) return;
  throw invalidRequest(
    field,
    `this name was percent-encoded twice: ${JSON.stringify(name)}`,
    'encode a slash once, as %2F; in Swagger UI and generated clients enter the unencoded name',
  );
}
