// Callers as users of etcd: what they show becomes a login, which etcd has to confirm before anything else of theirs reaches it.
import { fingerprint, Secret } from '../../core/secret.js';
import { GatewayError } from '../../core/errors.js';
import type { Identity, Login } from '../../core/caller.js';
import type { Credentials } from './credentials.js';

/** etcd's simple token, `<letters>.<log index>`, and a JSON web token. Anything else is none of etcd's, and costs it nothing. */
const SIMPLE_TOKEN = /^[A-Za-z]{16}\.\d{1,19}$/;
const WEB_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

type VerifiableLogin = Exclude<Login, { kind: 'unauthenticated' }>;

/** Throws `unauthenticated` for what cannot be a user or a token of etcd. */
export function etcdIdentity(
  credentials: Credentials,
): Identity & { readonly login: VerifiableLogin } {
  if (credentials.kind === 'basic') {
    const { name, password } = credentials;
    if (name === '') throw notTaken('the name of the user is empty');
    const key = `user:${fingerprint(name, password)}`;
    return { key, name, login: { kind: 'user', key, name, password: new Secret(password) } };
  }
  const { token } = credentials;
  if (!SIMPLE_TOKEN.test(token) && !WEB_TOKEN.test(token)) {
    throw notTaken('this is no token that etcd makes');
  }
  const key = `token:${fingerprint(token)}`;
  // Whose it is, etcd tells nobody.
  return { key, name: 'etcd-token', login: { kind: 'token', key, token: new Secret(token) } };
}

function notTaken(detail: string): GatewayError {
  return new GatewayError('unauthenticated', {
    detail,
    hint: 'send Authorization: Basic with the name and password of an etcd user, or a token that etcd gave you',
  });
}
