// Converts credentials to the identity of an etcd user. The login is not verified yet: etcd must confirm it before any other request.
import { fingerprint, Secret } from '../../core/secret.js';
import { GatewayError } from '../../core/errors.js';
import type { Identity, Login } from '../../core/caller.js';
import type { Credentials } from './credentials.js';

/** etcd's simple token, `<letters>.<log index>`, and a JSON web token. Anything else is rejected without a request to etcd. */
const SIMPLE_TOKEN = /^[A-Za-z]{16}\.\d{1,19}$/;
const WEB_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

type VerifiableLogin = Exclude<Login, { kind: 'unauthenticated' }>;

/** Throws `unauthenticated` for credentials that cannot be a user or a token of etcd. */
export function etcdIdentity(
  credentials: Credentials,
): Identity & { readonly login: VerifiableLogin } {
  if (credentials.kind === 'basic') {
    const { name, password } = credentials;
    if (name === '') throw invalidCredentials('the user name is empty');
    const key = `user:${fingerprint(name, password)}`;
    return { key, name, login: { kind: 'user', key, name, password: new Secret(password) } };
  }
  const { token } = credentials;
  if (!SIMPLE_TOKEN.test(token) && !WEB_TOKEN.test(token)) {
    throw invalidCredentials('the token does not have the format of etcd tokens');
  }
  const key = `token:${fingerprint(token)}`;
  // etcd does not report which user a token belongs to.
  return { key, name: 'etcd-token', login: { kind: 'token', key, token: new Secret(token) } };
}

function invalidCredentials(detail: string): GatewayError {
  return new GatewayError('unauthenticated', {
    detail,
    hint: 'send Authorization: Basic with the name and password of an etcd user, or a token that etcd issued',
  });
}
