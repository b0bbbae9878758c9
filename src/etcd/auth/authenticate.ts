// Exchanges a name and a password for a token of etcd, and interprets each possible response.
import { GatewayError } from '../../core/errors.js';
import type { Endpoint } from '../endpoint.js';
import type { FailureKind } from '../endpoints/health.js';
import { parseObject } from '../json-values.js';
import { RETRY_AFTER_SECONDS, classifyFailure } from '../status.js';
import type { Effect } from '../status.js';
import { isLocalFault } from '../transport/connection.js';
import { TransportError } from '../transport/http-adapter.js';
import type { Transport } from '../transport/transport.js';

/** A member checks a password in about 60 ms, then replicates the token to the other members. */
const AUTHENTICATE_MS = 2_000;
const AUTHENTICATE_PATH = '/v3/auth/authenticate';

/**
 * The result of a check of a name and a password. `wrong`: the user does not exist or has another password. `off`: authentication is not
 * enabled. `fault`: what a failure shows about the member. It is undefined if the client may be the cause, because every client can make a
 * member check passwords.
 */
export type AuthenticateResult =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'off' }
  | { readonly kind: 'wrong' }
  | {
      readonly kind: 'failed';
      readonly error: GatewayError;
      readonly fault?: FailureKind | undefined;
    };

/** Never rejects. */
export type Authenticate = (
  endpoint: Endpoint,
  name: string,
  password: string,
) => Promise<AuthenticateResult>;

const FAULTS: Readonly<Partial<Record<Effect, FailureKind>>> = {
  'not-proposed': 'unreachable',
  unknown: 'transient',
};

export function createAuthenticate(transport: Pick<Transport, 'unary'>): Authenticate {
  return async (endpoint, name, password) => {
    try {
      const { status, body } = await transport.unary(endpoint, {
        path: AUTHENTICATE_PATH,
        body: JSON.stringify({ name, password }),
        headers: { 'grpc-metadata-hasleader': 'true' },
        signal: new AbortController().signal,
        timeouts: { headersTimeoutMs: AUTHENTICATE_MS, totalTimeoutMs: AUTHENTICATE_MS },
        // etcd takes long to check a password, so checks of passwords must not delay other requests.
        trafficClass: 'passwords',
      });
      return readResponse(status, body);
    } catch (cause) {
      const error = unavailable('etcd cannot be reached to check the credentials', cause);
      return { kind: 'failed', error, fault: faultOf(cause) };
    }
  };
}

function readResponse(status: number, body: Buffer): AuthenticateResult {
  const json = parseObject(body);
  const token = json?.token;
  // A token is sent in a header, so it consists of visible ASCII characters.
  if (status === 200 && typeof token === 'string' && /^[\x21-\x7e]+$/.test(token))
    return { kind: 'token', token };
  const failure = classifyFailure(json);
  if (failure.authentication === 'off') return { kind: 'off' };
  if (failure.authentication === 'wrong') return { kind: 'wrong' };
  const detail = `etcd could not check the credentials: ${failure.message}`;
  return { kind: 'failed', error: unavailable(detail, undefined), fault: FAULTS[failure.effect] };
}

/** A timeout only makes the member suspect, because any client can make it check so many passwords that it responds late. */
function faultOf(cause: unknown): FailureKind | undefined {
  if (!(cause instanceof TransportError) || cause.wasQueued || cause.isTooLarge) return undefined;
  if (isLocalFault(cause)) return undefined;
  if (!cause.wasSent) return 'unreachable';
  return cause.isTimeout ? 'suspect' : 'transient';
}

function unavailable(detail: string, cause: unknown): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}
