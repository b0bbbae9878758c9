// The one call that turns a name and a password into a token: what etcd can answer to it, and what that means.
import { GatewayError } from '../../core/errors.js';
import type { Endpoint } from '../endpoint.js';
import type { FailureKind } from '../endpoints/health.js';
import { parseObject } from '../json-values.js';
import { RETRY_AFTER_SECONDS, classifyFailure } from '../status.js';
import type { Effect } from '../status.js';
import { isLocalFault } from '../transport/connection.js';
import { ExchangeError } from '../transport/http-adapter.js';
import type { Transport } from '../transport/transport.js';

/** etcd checks a password in some 60 ms, then agrees on the token with its other members. */
const AUTHENTICATE_MS = 2_000;
const AUTHENTICATE_PATH = '/v3/auth/authenticate';

/**
 * What a member says of a name and a password. `wrong`: no such user, or not his password. `off`: it asks nobody who he is. `fault`: what
 * a failure says of the member; nothing where it may as well be the caller's, for anybody can make a member check passwords.
 */
export type Authentication =
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
) => Promise<Authentication>;

const FAULTS: Readonly<Partial<Record<Effect, FailureKind>>> = {
  'not-proposed': 'gone',
  unknown: 'doubt',
};

export function createAuthenticate(transport: Pick<Transport, 'unary'>): Authenticate {
  return async (endpoint, name, password) => {
    try {
      const { status, body } = await transport.unary(endpoint, {
        path: AUTHENTICATE_PATH,
        body: JSON.stringify({ name, password }),
        headers: { 'grpc-metadata-hasleader': 'true' },
        signal: new AbortController().signal,
        times: { headersTimeoutMs: AUTHENTICATE_MS, totalTimeoutMs: AUTHENTICATE_MS },
        // etcd takes long to check a password, so checks of passwords must not delay other requests.
        lane: 'passwords',
      });
      return readAnswer(status, body);
    } catch (cause) {
      const error = unavailable('etcd cannot be asked who this is', cause);
      return { kind: 'failed', error, fault: faultOf(cause) };
    }
  };
}

function readAnswer(status: number, body: Buffer): Authentication {
  const json = parseObject(body);
  const token = json?.token;
  // What a header cannot carry is no token.
  if (status === 200 && typeof token === 'string' && /^[\x21-\x7e]+$/.test(token))
    return { kind: 'token', token };
  const failure = classifyFailure(json);
  if (failure.authentication === 'off') return { kind: 'off' };
  if (failure.authentication === 'wrong') return { kind: 'wrong' };
  const detail = `etcd says, asked who this is: ${failure.message}`;
  return { kind: 'failed', error: unavailable(detail, undefined), fault: FAULTS[failure.effect] };
}

/** Silence proves nothing: any client can make a member check so many passwords that it answers late. */
function faultOf(cause: unknown): FailureKind | undefined {
  if (!(cause instanceof ExchangeError) || cause.wasQueued || cause.isTooLarge) return undefined;
  if (isLocalFault(cause)) return undefined;
  if (!cause.wasSent) return 'gone';
  return cause.isTimeout ? 'suspect' : 'doubt';
}

function unavailable(detail: string, cause: unknown): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}
