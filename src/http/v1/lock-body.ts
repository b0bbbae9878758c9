// Bodies of the lock calls, both ways: what callers write becomes what the domain takes, and holdings become what callers read.
import type { Request } from 'express';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import type { Lifetime } from '../../domain/contention/renewal.js';
import { RENEWALS_PER_TTL } from '../../domain/contention/renewal.js';
import type { Mode } from '../../domain/contention/key.js';
import { parseSharedLeaseId } from '../../domain/leases/lease-id.js';
import type { Acquired, LockRequest, ReleaseRequest } from '../../domain/locks/locks.js';
import { bytesOf, readJson } from '../body/body-readers.js';
import type { OperationValidator } from '../contract/validate.js';
import { queryOf } from './range-query.js';

export interface LockBody {
  readonly owner: string;
  readonly ttl?: number | null;
  readonly wait?: number;
  readonly token?: string;
  readonly lease?: string;
  readonly mode?: Mode;
  readonly metadata?: unknown;
  readonly confirmEvery?: number;
}

export function toLockRequest(name: string, body: LockBody): LockRequest {
  const { owner, ttl, token, lease, mode, metadata } = body;
  return {
    name,
    owner,
    ttlSeconds: ttl,
    lease: lease === undefined ? undefined : parseSharedLeaseId(lease, '/lease'),
    mode,
    token,
    metadata,
    door: 'v1',
  };
}

/** `ttl`, `expiresAt` and `renewEvery` of a holding; nulls without a ttl. */
export function toLifetimeBody(lifetime: Lifetime | undefined): {
  ttl: number | null;
  expiresAt: string | null;
} {
  if (lifetime === undefined) return { ttl: null, expiresAt: null };
  // The wall clock only says it; what counts is the monotonic one.
  const expiresAt = new Date(Date.now() + lifetime.livesUntil - performance.now()).toISOString();
  return { ttl: lifetime.ttlSeconds, expiresAt };
}

/** So often that three renewals in a row may be lost. Seconds. */
export function renewEverySeconds(lifetime: Lifetime | undefined): number | null {
  return lifetime === undefined ? null : lifetime.ttlSeconds / RENEWALS_PER_TTL;
}

export function toAcquiredBody(acquired: Acquired): Record<string, unknown> {
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

export type Release = ReleaseRequest | { readonly name: string; readonly force: true };

interface ReleaseFields {
  readonly token?: string;
  readonly owner?: string;
  readonly force?: boolean;
}

/** What a DELETE names: the token (body, query or `Lock-Token`), the owner (body or query), or force. Exactly one. */
export function readRelease(req: Request, operation: OperationValidator, name: string): Release {
  const query = operation.query(queryOf(req)) as ReleaseFields;
  const body = bytesOf(req).length === 0 ? {} : (operation.body(readJson(req)) as ReleaseFields);
  const tokens = namedTokens(req, query.token, body.token);
  const owners = [query.owner, body.owner].filter((each) => each !== undefined);
  const isForced = query.force === true;
  const [token, owner] = [tokens[0], owners[0]];
  if (tokens.length + owners.length + (isForced ? 1 : 0) !== 1) {
    throw new GatewayError('invalid-request', {
      detail: 'a release names one thing: the token, the owner, or force',
      hint: 'pass ?token=, the header Lock-Token, ?owner= or ?force=true',
      fields: {
        errors: [{ pointer: 'token', detail: 'exactly one of token, owner and force is needed' }],
      },
    });
  }
  if (token !== undefined) return { name, token };
  return owner !== undefined ? { name, owner } : { name, force: true };
}

/** What the document asks of a token; headers are not checked by it. */
const TOKEN = /^[A-Za-z0-9._~-]{16,128}$/;

/** Every token that a DELETE names: in its query, its body, its header `Lock-Token`. */
export function namedTokens(
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

/** Throws `invalid-request` for a name that was percent-encoded twice. */
export function nameOf(req: Request): string {
  const { name } = req.params;
  if (typeof name !== 'string') throw invalidRequest('name', 'the name is missing');
  refuseDoubleEncoding(name, 'name');
  return name;
}

const ENCODED_SLASH = /%2f/i;

/**
 * Clients that encode an encoded name would get a lock of their own, next to the one that they mean. `field`: where the decoded name was.
 * Names in JSON are not percent-encoded by any client and do not go through here.
 */
export function refuseDoubleEncoding(name: string, field: string): void {
  if (!ENCODED_SLASH.test(name)) return;
  throw invalidRequest(
    field,
    `this name was percent-encoded twice: ${JSON.stringify(name)}`,
    'encode a slash once, as %2F; in Swagger UI and generated clients type the name plainly',
  );
}
