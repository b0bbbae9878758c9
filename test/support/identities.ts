// Callers with their own credentials, for tests of the layers below the APIs.
import type { Caller, Identity, UserLogin } from '../../src/core/caller.js';
import { Secret } from '../../src/core/secret.js';
import { callerFor } from './caller.js';

export function userLogin(name: string, password: string): UserLogin {
  return {
    kind: 'user',
    key: JSON.stringify([name, password]),
    name,
    password: new Secret(password),
  };
}

export function userIdentity(name: string, password = 'secret'): Identity {
  return { key: `user ${name}`, name, login: userLogin(name, password) };
}

export function tokenIdentity(token: string): Identity {
  return {
    key: `token ${token}`,
    name: 'token',
    login: { kind: 'token', key: token, token: new Secret(token) },
  };
}

export function callerAs(
  identity: Identity,
  options: Parameters<typeof callerFor>[0] = {},
): Caller {
  return { ...callerFor(options), identity };
}
