// With which Authorization a raw call goes to etcd: the caller's own, or that of the session which etcd gave for his name and password.
// The gateway's rights go only to whom the mode lends them, and what is root's to no other user, whatever that etcd thinks of it.
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
  /** Call it when etcd does not know the session that the gateway opened: the next call opens another one. */
  readonly forget?: () => void;
}

/** Throws `permission-denied` for who may not come through this door, and what keeps etcd from opening a session. */
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
  /** Throws `out-of-space` for that user while etcd checks no rights, because its NOSPACE alarm is up. */
  readonly refuseUnderAlarm: (caller: Caller) => Promise<void>;
}

const AUTHENTICATE_PATH = '/v3/auth/authenticate';

export function createRawCredentialsFor(deps: RawCredentialsDeps): RawCredentialsFor {
  const { mode, verifier } = deps;
  return async (caller, rpc, headers) => {
    const { identity } = caller;
    if (rpc.path === AUTHENTICATE_PATH) return {};
    if (rpc.isForRoot) await deps.requireRoot(caller).catch(throwInWordsOfEtcd);
    if (rpc.isUncheckedUnderAlarm) await deps.refuseUnderAlarm(caller).catch(throwInWordsOfEtcd);
    const own = mode === 'none' ? passedAuthorization(headers) : undefined;
    if (mode === 'none' && rpc.changesMembers) await refuseAnonymous(caller, verifier, own);
    if (own !== undefined) return { authorization: own };
    if (identity.login?.kind === 'token') return { authorization: identity.login.token.reveal() };
    if (mode === 'tokens' && identity.scope?.rights.has('admin') !== true) throw adminsOnly();
    const { token, forget } = await verifier.sessionFor(caller);
    return token === undefined ? {} : { authorization: token, forget };
  };
}

/** An etcd without authentication reads no token, so that any text would pass for credentials. */
async function refuseAnonymous(
  caller: Caller,
  verifier: Pick<CredentialVerifier, 'verifyBeforeDeadline'>,
  token: string | undefined,
): Promise<void> {
  if (token === undefined) throw anonymousMemberChange();
  try {
    await verifier.verifyBeforeDeadline(caller, etcdIdentity({ kind: 'token', token }).login);
  } catch (error) {
    const isUnread = error instanceof GatewayError && error.code === 'etcd-refused';
    throw isUnread ? anonymousMemberChange() : error;
  }
}

const WORDS_OF_ETCD: Partial<Record<ErrorCode, string>> = {
  'permission-denied': 'etcdserver: permission denied',
  'out-of-space': 'etcdserver: mvcc: database space exceeded',
};

function throwInWordsOfEtcd(error: unknown): never {
  const words = error instanceof GatewayError ? WORDS_OF_ETCD[error.code] : undefined;
  if (!(error instanceof GatewayError) || words === undefined) throw error;
  throw new GatewayError(error.code, { detail: words });
}

function adminsOnly(): GatewayError {
  return new GatewayError('permission-denied', {
    detail:
      "the raw door is etcd itself with the gateway's rights: this token lacks the right admin",
    hint: 'use /v1 or /v2 within the scope of the token',
  });
}
