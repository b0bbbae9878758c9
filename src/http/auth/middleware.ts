// The middleware that authenticates requests, before every API. With `--auth=none` all clients share the gateway's identity. In the other
// modes no request reaches etcd before its credentials are verified. What the client may do is checked elsewhere (domain/rights).
import type { Request, RequestHandler } from 'express';
import type { Identity } from '../../core/caller.js';
import { GATEWAY_IDENTITY, UNAUTHENTICATED_IDENTITY } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { beforeDeadline } from '../../etcd/auth/credential-verifier.js';
import type { CredentialVerifier } from '../../etcd/auth/credential-verifier.js';
import { fingerprint } from '../../core/secret.js';
import { AttemptLimiter } from './attempt-limiter.js';
import { parseCredentials } from './credentials.js';
import type { Credentials } from './credentials.js';
import { etcdIdentity } from './etcd-users.js';
import { contextOf, identify } from '../request/context.js';
import { adoptMetadataCredentials } from '../raw/headers.js';

/** How clients authenticate. `find` looks up an API token in a time that does not depend on the token. */
export type Authentication =
  | { readonly mode: 'none' }
  | { readonly mode: 'etcd'; readonly verifier: CredentialVerifier }
  | { readonly mode: 'tokens'; readonly find: (token: string) => Identity | undefined };

/** etcd serves these without authentication too. */
const OPEN_PATHS: readonly string[] = ['/version', '/health'];
/** Metrics and documentation: without authentication only if no other machine can reach the gateway. */
const LOCAL_PATHS = /^\/(?:metrics|docs|docs\/.*|openapi\/.*)$/;
const AUTHENTICATE_PATH = '/v3/auth/authenticate';

/** Returns the identity of a request before authentication. */
export function initialIdentity({ mode }: Authentication): Identity {
  return mode === 'none' ? GATEWAY_IDENTITY : UNAUTHENTICATED_IDENTITY;
}

/**
 * Throws `unauthenticated`, `too-many-requests` after too many failed attempts, and the errors of calls to etcd. `isLocal`: only this
 * machine can reach the gateway.
 */
export function createAuthMiddleware(
  authentication: Authentication,
  { isLocal }: { readonly isLocal: boolean },
): RequestHandler {
  const limiter = new AttemptLimiter();
  return async (req, _res, next) => {
    const { path, isRaw, rawRpc } = contextOf(req).requestClass;
    if (isRaw) adoptMetadataCredentials(req);
    // This RPC checks a password itself, so it needs no credentials but counts as an attempt.
    if (rawRpc?.path === AUTHENTICATE_PATH) limiter.countFailure(req);
    else if (authentication.mode !== 'none' && !isOpen(path, isLocal)) {
      const identity = authenticate(req, authentication, limiter);
      const isRawOfEtcd = authentication.mode === 'etcd' && isRaw;
      identify(req, await (isRawOfEtcd ? identity.catch(throwAsEtcdDoes(req)) : identity));
    }
    next();
  };
}

function isOpen(path: string, isLocal: boolean): boolean {
  return OPEN_PATHS.includes(path) || (isLocal && LOCAL_PATHS.test(path));
}

async function authenticate(
  req: Request,
  authentication: Exclude<Authentication, { mode: 'none' }>,
  limiter: AttemptLimiter,
): Promise<Identity> {
  const credentials = parseCredentials(req.headers.authorization);
  if (credentials === undefined) throw credentialsMissing(authentication.mode);
  if (authentication.mode === 'tokens') {
    const { find } = authentication;
    const token = tokenOf(credentials);
    return limiter.run(req, fingerprint(token), () => find(token) ?? throwUnknownToken());
  }
  const { verifier } = authentication;
  const identity = etcdIdentity(credentials);
  const { caller } = contextOf(req);
  const check = limiter.run(req, identity.key, () =>
    verifier.verify(caller.identity, identity.login),
  );
  // The attempt outlives the deadline and the connection of its client, so that a failure always counts.
  await beforeDeadline(caller, check);
  return identity;
}

/** Clients of the raw API compare etcd's messages and statuses. etcd also responds with 401 to an unknown token. */
function throwAsEtcdDoes({ headers }: Request): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof GatewayError) || error.code !== 'unauthenticated') throw error;
    const { authorization = '' } = headers;
    if (authorization.trim() !== '' && !/^basic\s/i.test(authorization)) throw error;
    throw new GatewayError('invalid-request', {
      detail:
        authorization.trim() === ''
          ? 'etcdserver: user name is empty'
          : 'etcdserver: authentication failed, invalid user ID or password',
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  };
}

/** Clients that support only Basic send the token as the password. */
function tokenOf(credentials: Credentials): string {
  return credentials.kind === 'basic' ? credentials.password : credentials.token;
}

function throwUnknownToken(): never {
  throw new GatewayError('unauthenticated', {
    detail: 'this token is not in the list of API tokens',
    hint: 'send Authorization: Bearer with an API token',
  });
}

function credentialsMissing(mode: 'etcd' | 'tokens'): GatewayError {
  return new GatewayError('unauthenticated', {
    detail: 'the request has no credentials',
    hint:
      mode === 'etcd'
        ? 'send Authorization: Basic with the name and password of an etcd user, or a token that etcd issued'
        : 'send Authorization: Bearer with an API token, or Basic with the token as password',
  });
}
