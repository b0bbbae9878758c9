// Callers with an API token, for tests of the layers below the APIs.
import type { Identity, Right, Scope } from '../../src/core/caller.js';

export function scopeOf(prefixes: readonly string[], ...rights: readonly Right[]): Scope {
  return { prefixes, rights: new Set(rights) };
}

export function tokenHolder(scope: Scope, name = 'ci'): Identity {
  return {
    key: `token ${name} ${JSON.stringify([scope.prefixes, [...scope.rights]])}`,
    name,
    scope,
  };
}
