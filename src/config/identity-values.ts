// Parses the settings that authenticate clients, and the gateway itself.
import { GatewayError } from '../core/errors.js';
import { Secret } from '../core/secret.js';

export const AUTH_MODES = ['none', 'etcd', 'tokens'] as const;

/** Client authentication: `none`, `etcd` = users of etcd, `tokens` = API tokens. */
export type AuthMode = (typeof AUTH_MODES)[number];

/** The etcd user of the gateway itself, as in --user. */
export interface UserSetting {
  readonly name: string;
  readonly password: Secret | undefined;
}

export function parseAuthMode(text: string): AuthMode | undefined {
  const word = text.trim().toLowerCase();
  if (word === '') return undefined;
  const mode = AUTH_MODES.find((known) => known === word);
  if (mode !== undefined) return mode;
  throw new GatewayError('invalid-request', {
    detail: `${JSON.stringify(text)} is not an authentication mode`,
    hint: `write one of ${AUTH_MODES.join(', ')}`,
  });
}

/** Parses `name:password` as etcdctl does, or only a name. The password may contain colons. */
export function parseUser(text: string): UserSetting | undefined {
  if (text === '') return undefined;
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  if (name === '') {
    throw new GatewayError('invalid-request', {
      detail: 'the user name is empty',
      hint: 'write NAME:PASSWORD, or NAME and the password in ETCDCTL_PASSWORD',
    });
  }
  return { name, password: colon < 0 ? undefined : new Secret(text.slice(colon + 1)) };
}

export function parseSecret(text: string): Secret | undefined {
  return text === '' ? undefined : new Secret(text);
}
