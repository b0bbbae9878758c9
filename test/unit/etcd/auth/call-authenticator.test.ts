// Authenticates calls as users, as the gateway's own user, with tokens, and without credentials.
import { describe, expect, it } from 'vitest';
import { GATEWAY_IDENTITY } from '../../../../src/core/caller.js';
import type { Identity } from '../../../../src/core/caller.js';
import { CallAuthenticator } from '../../../../src/etcd/auth/call-authenticator.js';
import type { AuthResult } from '../../../../src/etcd/auth/call-authenticator.js';
import type { AuthenticateResult } from '../../../../src/etcd/auth/authenticate.js';
import { parseEndpoint } from '../../../../src/etcd/endpoint.js';
import { GatewayError } from '../../../../src/core/errors.js';
import { tokenIdentity, userIdentity, userLogin } from '../../../support/identities.js';

const [A, B] = [parseEndpoint('a:2379'), parseEndpoint('b:2379')];
const ann = userIdentity('ann');

/** An authenticator over a member that records each password check and responds with `respond`. */
function createAuthenticator(
  options: { own?: boolean; respond?: (count: number) => AuthenticateResult } = {},
) {
  const checks: string[] = [];
  let now = 0;
  const respond = options.respond ?? ((count) => ({ kind: 'token', token: `token-${count}` }));
  const authenticator = new CallAuthenticator({
    authenticate: async (endpoint, name, password) => {
      checks.push(`${endpoint.hostname} ${name} ${password}`);
      await Promise.resolve();
      return respond(checks.length);
    },
    ownLogin: options.own === true ? userLogin('gateway', 'own') : undefined,
    now: () => now,
  });
  const authenticate = (identity: Identity, endpoint = A, age?: number): Promise<AuthResult> =>
    authenticator.authenticate(identity, endpoint, age);
  return { authenticator, checks, authenticate, advance: (ms: number) => (now += ms) };
}

function tokenOf(result: AuthResult): string | undefined {
  if (result.kind !== 'authenticated') throw result.error;
  return result.session?.token;
}

function failureOf(result: AuthResult): [string, string] {
  return result.kind === 'authenticated' ? ['authenticated', ''] : [result.kind, result.error.code];
}

describe('the session of a user', () => {
  it('is opened once for each member', async () => {
    const { authenticate, checks, authenticator } = createAuthenticator();
    expect(authenticator.cachedResult(ann, A)).toBeUndefined();
    expect(tokenOf(await authenticate(ann))).toBe('token-1');
    expect(tokenOf(await authenticate(ann, B))).toBe('token-2');
    expect(tokenOf(await authenticate(ann))).toBe('token-1');
    expect(tokenOf(authenticator.cachedResult(ann, A)!)).toBe('token-1');
    expect(checks).toEqual(['a ann secret', 'b ann secret']);
  });

  it('is never shared between passwords, valid or invalid', async () => {
    const { authenticate, checks } = createAuthenticator({
      respond: (count) => (count === 1 ? { kind: 'token', token: 't' } : { kind: 'wrong' }),
    });
    await authenticate(ann);
    expect(failureOf(await authenticate(userIdentity('ann', 'other')))).toEqual([
      'failed',
      'unauthenticated',
    ]);
    expect(tokenOf(await authenticate(ann))).toBe('t');
    expect(checks).toHaveLength(2);
  });

  it('takes one call to etcd when a hundred requests lose it at the same time', async () => {
    const { authenticate, authenticator, checks } = createAuthenticator();
    const result = await authenticate(ann);
    if (result.kind !== 'authenticated') throw result.error;
    const tokens = await Promise.all(
      Array.from({ length: 100 }, async () => {
        expect(authenticator.dropSession(ann, A, result.session)).toBe(true);
        return tokenOf(await authenticate(ann));
      }),
    );
    expect(new Set(tokens)).toEqual(new Set(['token-2']));
    expect(checks).toHaveLength(2);
  });

  it('stays when the old session is rejected once more', async () => {
    const { authenticate, authenticator } = createAuthenticator();
    const old = await authenticate(ann);
    if (old.kind !== 'authenticated') throw old.error;
    authenticator.dropSession(ann, A, old.session);
    await authenticate(ann);
    authenticator.dropSession(ann, A, old.session);
    expect(tokenOf(await authenticate(ann))).toBe('token-2');
  });

  it('is not older than the limit of the request', async () => {
    const { authenticate, advance } = createAuthenticator();
    await authenticate(ann);
    advance(100);
    expect(tokenOf(await authenticate(ann, A, 100))).toBe('token-1');
    expect(tokenOf(await authenticate(ann, A, 99))).toBe('token-2');
  });

  it('is not opened while authentication in etcd is off, because etcd cannot distinguish users', async () => {
    const { authenticate, checks, authenticator } = createAuthenticator({
      respond: () => ({ kind: 'off' }),
    });
    expect(failureOf(await authenticate(ann))).toEqual(['failed', 'etcd-refused']);
    expect(authenticator.cachedResult(ann, A)).toBeUndefined();
    expect(failureOf(await authenticate(ann))).toEqual(['failed', 'etcd-refused']);
    expect(checks).toHaveLength(2);
  });

  it('is opened at another member when one cannot check passwords', async () => {
    const error = new GatewayError('etcd-unavailable');
    const { authenticate } = createAuthenticator({ respond: () => ({ kind: 'failed', error }) });
    expect(failureOf(await authenticate(ann))).toEqual(['elsewhere', 'etcd-unavailable']);
  });
});

describe('other credentials', () => {
  it('fail without a login', async () => {
    const { authenticate, checks } = createAuthenticator({ own: true });
    const unauthenticated: Identity = {
      key: 'nobody',
      name: 'nobody',
      login: { kind: 'unauthenticated' },
    };
    expect(failureOf(await authenticate(unauthenticated))).toEqual(['failed', 'unauthenticated']);
    expect(checks).toEqual([]);
  });

  it('that are a token are sent as they are and cannot be renewed', async () => {
    const { authenticate, authenticator, checks } = createAuthenticator({ own: true });
    const holder = tokenIdentity('abc');
    const result = await authenticate(holder);
    expect(tokenOf(result)).toBe('abc');
    expect(
      authenticator.dropSession(
        holder,
        A,
        result.kind === 'authenticated' ? result.session : undefined,
      ),
    ).toBe(false);
    expect(failureOf(authenticator.rejection(holder, 'no'))).toEqual([
      'elsewhere',
      'unauthenticated',
    ]);
    expect(checks).toEqual([]);
  });

  it('are absent for the gateway while it has no user', () => {
    const { authenticator } = createAuthenticator();
    expect(tokenOf(authenticator.cachedResult(GATEWAY_IDENTITY, A)!)).toBeUndefined();
    expect(authenticator.dropSession(GATEWAY_IDENTITY, A, undefined)).toBe(false);
    expect(failureOf(authenticator.rejection(GATEWAY_IDENTITY, 'no'))).toEqual([
      'failed',
      'etcd-refused',
    ]);
  });
});

describe("the session of the gateway's own user", () => {
  it('has no token while authentication in etcd is off, and has one once it is enabled', async () => {
    const { authenticate, authenticator, checks } = createAuthenticator({
      own: true,
      respond: (count) => (count === 1 ? { kind: 'off' } : { kind: 'token', token: 'on' }),
    });
    const before = await authenticate(GATEWAY_IDENTITY);
    expect(tokenOf(before)).toBeUndefined();
    expect(tokenOf(authenticator.cachedResult(GATEWAY_IDENTITY, A)!)).toBeUndefined();
    authenticator.dropSession(
      GATEWAY_IDENTITY,
      A,
      before.kind === 'authenticated' ? before.session : undefined,
    );
    expect(tokenOf(await authenticate(GATEWAY_IDENTITY))).toBe('on');
    expect(checks).toHaveLength(2);
  });

  it('is requested rarely after etcd rejected the password, and without delay after it succeeded', async () => {
    let isRight = false;
    const { authenticate, checks, advance } = createAuthenticator({
      own: true,
      respond: () => (isRight ? { kind: 'token', token: 't' } : { kind: 'wrong' }),
    });
    for (let i = 0; i < 50; i++) {
      expect(failureOf(await authenticate(GATEWAY_IDENTITY))).toEqual(['failed', 'etcd-refused']);
    }
    expect(checks).toHaveLength(1);
    advance(1_000);
    await authenticate(GATEWAY_IDENTITY);
    advance(1_999);
    await authenticate(GATEWAY_IDENTITY);
    expect(checks).toHaveLength(2);
    isRight = true;
    advance(1);
    expect(tokenOf(await authenticate(GATEWAY_IDENTITY))).toBe('t');
  });
});
