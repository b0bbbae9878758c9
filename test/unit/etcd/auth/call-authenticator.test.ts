// Who calls are made as: sessions for users, the gateway's own user, tokens, nobody.
import { describe, expect, it } from 'vitest';
import { GATEWAY_IDENTITY } from '../../../../src/core/caller.js';
import type { Identity } from '../../../../src/core/caller.js';
import { Access } from '../../../../src/etcd/auth/call-authenticator.js';
import type { Pass } from '../../../../src/etcd/auth/call-authenticator.js';
import type { Authentication } from '../../../../src/etcd/auth/authenticate.js';
import { parseEndpoint } from '../../../../src/etcd/endpoint.js';
import { GatewayError } from '../../../../src/core/errors.js';
import { tokenIdentity, userIdentity, userLogin } from '../../../support/identities.js';

const [A, B] = [parseEndpoint('a:2379'), parseEndpoint('b:2379')];
const ann = userIdentity('ann');

/** Counts what it is asked, and answers what the test says. */
function world(options: { own?: boolean; answer?: (count: number) => Authentication } = {}) {
  const asked: string[] = [];
  let now = 0;
  const answer = options.answer ?? ((count) => ({ kind: 'token', token: `token-${count}` }));
  const access = new Access({
    authenticate: async (endpoint, name, password) => {
      asked.push(`${endpoint.hostname} ${name} ${password}`);
      await Promise.resolve();
      return answer(asked.length);
    },
    own: options.own === true ? userLogin('gateway', 'own') : undefined,
    now: () => now,
  });
  const passFor = (identity: Identity, endpoint = A, age?: number): Promise<Pass> =>
    access.passFor(identity, endpoint, age);
  return { access, asked, passFor, advance: (ms: number) => (now += ms) };
}

function tokenOf(pass: Pass): string | undefined {
  if (pass.kind !== 'pass') throw pass.error;
  return pass.session?.token;
}

function refusalOf(pass: Pass): [string, string] {
  return pass.kind === 'pass' ? ['pass', ''] : [pass.kind, pass.error.code];
}

describe('the access of a user', () => {
  it('is a session for each member, opened once', async () => {
    const { passFor, asked, access } = world();
    expect(access.readyPass(ann, A)).toBeUndefined();
    expect(tokenOf(await passFor(ann))).toBe('token-1');
    expect(tokenOf(await passFor(ann, B))).toBe('token-2');
    expect(tokenOf(await passFor(ann))).toBe('token-1');
    expect(tokenOf(access.readyPass(ann, A)!)).toBe('token-1');
    expect(asked).toEqual(['a ann secret', 'b ann secret']);
  });

  it('is never shared between passwords, right or wrong', async () => {
    const { passFor, asked } = world({
      answer: (count) => (count === 1 ? { kind: 'token', token: 't' } : { kind: 'wrong' }),
    });
    await passFor(ann);
    expect(refusalOf(await passFor(userIdentity('ann', 'other')))).toEqual([
      'failed',
      'unauthenticated',
    ]);
    expect(tokenOf(await passFor(ann))).toBe('t');
    expect(asked).toHaveLength(2);
  });

  it('costs one call when a hundred lose their session at the same time', async () => {
    const { passFor, access, asked } = world();
    const pass = await passFor(ann);
    if (pass.kind !== 'pass') throw pass.error;
    const tokens = await Promise.all(
      Array.from({ length: 100 }, async () => {
        expect(access.renew(ann, A, pass.session)).toBe(true);
        return tokenOf(await passFor(ann));
      }),
    );
    expect(new Set(tokens)).toEqual(new Set(['token-2']));
    expect(asked).toHaveLength(2);
  });

  it('keeps the new session when somebody still refuses the old one', async () => {
    const { passFor, access } = world();
    const old = await passFor(ann);
    if (old.kind !== 'pass') throw old.error;
    access.renew(ann, A, old.session);
    await passFor(ann);
    access.renew(ann, A, old.session);
    expect(tokenOf(await passFor(ann))).toBe('token-2');
  });

  it('is younger than asked', async () => {
    const { passFor, advance } = world();
    await passFor(ann);
    advance(100);
    expect(tokenOf(await passFor(ann, A, 100))).toBe('token-1');
    expect(tokenOf(await passFor(ann, A, 99))).toBe('token-2');
  });

  it('is none while etcd asks nobody who he is: he could not be told from others', async () => {
    const { passFor, asked, access } = world({ answer: () => ({ kind: 'off' }) });
    expect(refusalOf(await passFor(ann))).toEqual(['failed', 'etcd-refused']);
    expect(access.readyPass(ann, A)).toBeUndefined();
    expect(refusalOf(await passFor(ann))).toEqual(['failed', 'etcd-refused']);
    expect(asked).toHaveLength(2);
  });

  it('is asked for elsewhere when a member cannot say', async () => {
    const error = new GatewayError('etcd-unavailable');
    const { passFor } = world({ answer: () => ({ kind: 'failed', error }) });
    expect(refusalOf(await passFor(ann))).toEqual(['elsewhere', 'etcd-unavailable']);
  });
});

describe('the access of others', () => {
  it('of nobody is none', async () => {
    const { passFor, asked } = world({ own: true });
    const nobody: Identity = { key: 'nobody', name: 'nobody', login: { kind: 'nobody' } };
    expect(refusalOf(await passFor(nobody))).toEqual(['failed', 'unauthenticated']);
    expect(asked).toEqual([]);
  });

  it('of a token is the token, which cannot be renewed', async () => {
    const { passFor, access, asked } = world({ own: true });
    const holder = tokenIdentity('abc');
    const pass = await passFor(holder);
    expect(tokenOf(pass)).toBe('abc');
    expect(access.renew(holder, A, pass.kind === 'pass' ? pass.session : undefined)).toBe(false);
    expect(refusalOf(access.refusal(holder, 'no'))).toEqual(['elsewhere', 'unauthenticated']);
    expect(asked).toEqual([]);
  });

  it('of the gateway is anonymous while it has no user', () => {
    const { access } = world();
    expect(tokenOf(access.readyPass(GATEWAY_IDENTITY, A)!)).toBeUndefined();
    expect(access.renew(GATEWAY_IDENTITY, A, undefined)).toBe(false);
    expect(refusalOf(access.refusal(GATEWAY_IDENTITY, 'no'))).toEqual(['failed', 'etcd-refused']);
  });
});

describe("the access of the gateway's own user", () => {
  it('goes without a token while etcd asks nobody, and with one when it begins to', async () => {
    const { passFor, access, asked } = world({
      own: true,
      answer: (count) => (count === 1 ? { kind: 'off' } : { kind: 'token', token: 'on' }),
    });
    const before = await passFor(GATEWAY_IDENTITY);
    expect(tokenOf(before)).toBeUndefined();
    expect(tokenOf(access.readyPass(GATEWAY_IDENTITY, A)!)).toBeUndefined();
    access.renew(GATEWAY_IDENTITY, A, before.kind === 'pass' ? before.session : undefined);
    expect(tokenOf(await passFor(GATEWAY_IDENTITY))).toBe('on');
    expect(asked).toHaveLength(2);
  });

  it('asks rarely again with a password that etcd refused, and at once after it was right', async () => {
    let isRight = false;
    const { passFor, asked, advance } = world({
      own: true,
      answer: () => (isRight ? { kind: 'token', token: 't' } : { kind: 'wrong' }),
    });
    for (let i = 0; i < 50; i++) {
      expect(refusalOf(await passFor(GATEWAY_IDENTITY))).toEqual(['failed', 'etcd-refused']);
    }
    expect(asked).toHaveLength(1);
    advance(1_000);
    await passFor(GATEWAY_IDENTITY);
    advance(1_999);
    await passFor(GATEWAY_IDENTITY);
    expect(asked).toHaveLength(2);
    isRight = true;
    advance(1);
    expect(tokenOf(await passFor(GATEWAY_IDENTITY))).toBe('t');
  });
});
