// Who asks: the one middleware that says so, behind the gates and before every door. In `none` everybody is the gateway itself; else a
// caller is nobody until he has shown who he is, and nothing of his reaches etcd before that. What he may do is for others to judge.
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
import { findRawRpc, isRawPath, rawPathOf } from '../raw/paths.js';

/** How callers say who they are. `tokens` looks one up, in a time that tells nothing about it. */
export type Authentication =
  | { readonly mode: 'none' }
  | { readonly mode: 'etcd'; readonly verifier: CredentialVerifier }
  | { readonly mode: 'tokens'; readonly find: (token: string) => Identity | undefined };

/** What every etcd tells everybody. */
const OPEN_PATHS: readonly string[] = ['/version', '/health'];
/** For people and machines that watch over this one: closed where others than this machine can come. */
const LOCAL_PATHS = /^\/(?:metrics|docs|docs\/.*|openapi\/.*)$/;
const AUTHENTICATE_PATH = '/v3/auth/authenticate';

/** Who a caller is before anything is known of him. */
export function initialIdentity({ mode }: Authentication): Identity {
  return mode === 'none' ? GATEWAY_IDENTITY : UNAUTHENTICATED_IDENTITY;
}

/**
 * Throws `unauthenticated`, `too-many-requests` for who is wrong too often, and what keeps etcd from saying. `isLocal`: only this machine
 * can reach the gateway.
 */
export function createAuthMiddleware(
  authentication: Authentication,
  { isLocal }: { readonly isLocal: boolean },
): RequestHandler {
  const attempts = new AttemptLimiter();
  return async (req, _res, next) => {
    const path = rawPathOf(req.url);
    if (isRawPath(path)) adoptMetadataCredentials(req);
    // Passwords are checked there, whoever asks.
    if (findRawRpc(path)?.path === AUTHENTICATE_PATH) attempts.countFailure(req);
    else if (authentication.mode !== 'none' && !isOpen(path, isLocal)) {
      const asked = whoAsks(req, authentication, attempts);
      const isRawOfEtcd = authentication.mode === 'etcd' && isRawPath(path);
      identify(req, await (isRawOfEtcd ? asked.catch(throwInWordsOfEtcd(req)) : asked));
    }
    next();
  };
}

function isOpen(path: string, isLocal: boolean): boolean {
  return OPEN_PATHS.includes(path) || (isLocal && LOCAL_PATHS.test(path));
}

async function whoAsks(
  req: Request,
  authentication: Exclude<Authentication, { mode: 'none' }>,
  attempts: AttemptLimiter,
): Promise<Identity> {
  const credentials = parseCredentials(req.headers.authorization);
  if (credentials === undefined) throw credentialsMissing(authentication.mode);
  if (authentication.mode === 'tokens') {
    const { find } = authentication;
    const token = tokenOf(credentials);
    return attempts.run(req, fingerprint(token), () => find(token) ?? refuseToken());
  }
  const { verifier } = authentication;
  const identity = etcdIdentity(credentials);
  const { caller } = contextOf(req);
  const check = attempts.run(req, identity.key, () =>
    verifier.verify(caller.identity, identity.login),
  );
  // The attempt outlives the deadline and the connection of its client, so that a failure always counts.
  await beforeDeadline(caller, check);
  return identity;
}

/** Clients of the raw API compare etcd's texts and statuses. An unknown token is 401 there, too. */
function throwInWordsOfEtcd({ headers }: Request): (error: unknown) => never {
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

/** Clients that know Basic alone send it as the password. */
function tokenOf(credentials: Credentials): string {
  return credentials.kind === 'basic' ? credentials.password : credentials.token;
}

function refuseToken(): never {
  throw new GatewayError('unauthenticated', {
    detail: 'this token is not in the list of API tokens',
    hint: 'send Authorization: Bearer with an API token',
  });
}

function credentialsMissing(mode: 'etcd' | 'tokens'): GatewayError {
  return new GatewayError('unauthenticated', {
    detail: 'the request does not say who sends it',
    hint:
      mode === 'etcd'
        ? 'send Authorization: Basic with the name and password of an etcd user, or a token that etcd gave you'
        : 'send Authorization: Bearer with an API token, or Basic with the token as password',
  });
}
