// Chooses the Authorization header of raw calls to etcd: the client's own token, or the token of the session that etcd opened for its name
// and password. Clients get the gateway's own rights only in the modes that grant them. RPCs for root are rejected for all other users,
// even on versions of etcd that allow them.
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { ErrorCode } from '../../core/errors.js';
import { anonymousMemberChange } from '../../domain/rights/denial.js';
import type { CredentialVerifier } from '../../etcd/auth/credential-verifier.js';
import { etcdIdentity } from './etcd-users.js';
import { passedAuthorization } from '../raw/headers.js';
import type { RawRpc } from '../raw/paths.js';

export interface RawCredentials {
  readonly authorization?: string;
  /** Drops the session after etcd rejected its token, so that the next call opens a new one. */
  readonly forget?: () => void;
}

/** Throws `permission-denied` for clients that may not use the raw API, and the errors of opening a session. */
export type RawCredentialsFor = (
  caller: Caller,
  rpc: RawRpc,
  headers: IncomingHttpHeaders,
) => Promise<RawCredentials>;

export interface RawCredentialsDeps {
  readonly mode: 'none' | 'etcd' | 'tokens';
  readonly verifier: Pick<CredentialVerifier, 'verifyBeforeDeadline' | 'sessionFor'>;
  /** Throws `permission-denied` for a user of etcd who is not root. */
  readonly requireRoot: (caller: Caller) => Promise<void>;
  /** Throws `out-of-space` for the same users while etcd checks no rights because its NOSPACE alarm is raised. */
  readonly refuseUnderAlarm: (caller: Caller) => Promise<void>;
}

const AUTHENTICATE_PATH = '/v3/auth/authenticate';

export function createRawCredentialsFor(deps: RawCredentialsDeps): RawCredentialsFor {
  const { mode, verifier } = deps;
  return async (caller, rpc, headers) => {
    const { identity } = caller;
    if (rpc.path === AUTHENTICATE_PATH) return {};
    if (rpc.isForRoot) await deps.requireRoot(caller).catch(throwWithEtcdMessage);
    if (rpc.isUncheckedUnderAlarm) await deps.refuseUnderAlarm(caller).catch(throwWithEtcdMessage);
    const own = mode === 'none' ? passedAuthorization(headers) : undefined;
    if (mode === 'none' && rpc.changesMembers) await refuseAnonymous(caller, verifier, own);
    if (own !== undefined) return { authorization: own };
    if (identity.login?.kind === 'token') return { authorization: identity.login.token.reveal() };
    if (mode === 'tokens' && identity.scope?.rights.has('admin') !== true) throw adminsOnly();
    const { token, forget } = await verifier.sessionFor(caller);
    return token === undefined ? {} : { authorization: token, forget };
  };
}

/** An etcd without authentication ignores tokens, so any text would pass as credentials. */
async function refuseAnonymous(
  caller: Caller,
  verifier: Pick<CredentialVerifier, 'verifyBeforeDeadline'>,
  token: string | undefined,
): Promise<void> {
  if (token === undefined) throw anonymousMemberChange();
  try {
    await verifier.verifyBeforeDeadline(caller, etcdIdentity({ kind: 'token', token }).login);
  } catch (error) {
    const isIgnored = error instanceof GatewayError && error.code === 'etcd-refused';
    throw isIgnored ? anonymousMemberChange() : error;
  }
}

const ETCD_MESSAGES: Partial<Record<ErrorCode, string>> = {
  'permission-denied': 'etcdserver: permission denied',
  'out-of-space': 'etcdserver: mvcc: database space exceeded',
};

function throwWithEtcdMessage(error: unknown): never {
  const message = error instanceof GatewayError ? ETCD_MESSAGES[error.code] : undefined;
  if (!(error instanceof GatewayError) || message === undefined) throw error;
  throw new GatewayError(error.code, { detail: message });
}

function adminsOnly(): GatewayError {
  return new GatewayError('permission-denied', {
    detail: "the raw v3 API has the gateway's own rights in etcd: this token lacks the right admin",
    hint: 'use /v1 or /v2 within the scope of the token',
  });
}
