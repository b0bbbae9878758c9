// Names, ttls and tokens that people and attackers send: each is taken as it is or refused, and never becomes another one.
import { createHash } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import {
  EXPIRED,
  INVALID,
  NOT_FOUND,
  NOT_HOLDER,
  codeOf,
  newToken,
  pointersOf,
} from '../contract/locks/target.js';
import { openEvents } from '../support/event-stream.js';
import { JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { RawEtcd } from '../support/raw-etcd.js';

const base = inject('gatewayUrl');
const client = lockClient(base);
const etcd = new RawEtcd(inject('etcdEndpoint'));

/** A PUT of exactly this path and body. */
const put = (path: string, body = '{"owner":"a"}'): Promise<Answer> =>
  send(base, 'PUT', path, { headers: JSON_TYPE, body });

describe('S15: a ttl', () => {
  it.each([
    '0',
    '-1',
    '1.5',
    '"5"',
    '9223372036854775808',
    '9000000001',
    '[]',
    '[5]',
    '{}',
    'true',
    '""',
  ])('of %s is refused, and names the field', async (ttl) => {
    const name = newKey();
    const answer = await client.acquire(name, `{"owner":"a","ttl":${ttl}}`);
    expect(codeOf(answer)).toEqual(INVALID);
    expect(pointersOf(answer)).toEqual(['/ttl']);
    expect(await etcd.entries(name)).toEqual([]);
  });

  it.each([
    ['1e3', 1000],
    ['5.0', 5],
    ['2592000', 2_592_000],
  ])('of %s is the whole number that it is', async (text, ttl) => {
    const held = (await client.acquire(newKey(), `{"owner":"a","ttl":${text}}`)).json();
    expect([held.ttl, held.renewEvery]).toEqual([ttl, ttl / 4]);
  });

  it('beyond what this gateway grants is refused', async () => {
    const answer = await client.acquire(newKey(), { owner: 'a', ttl: 2_592_001 });
    expect(codeOf(answer)).toEqual(INVALID);
    expect(pointersOf(answer)).toEqual(['/ttl']);
  });

  it('of null is none', async () => {
    expect((await client.acquire(newKey(), '{"owner":"a","ttl":null}')).json().ttl).toBeNull();
  });

  it('that is given twice is refused', async () => {
    const answer = await client.acquire(newKey(), '{"owner":"a","ttl":5,"ttl":60}');
    expect(codeOf(answer)).toEqual(INVALID);
    expect(pointersOf(answer)).toEqual(['/ttl']);
  });

  it.each(['1e400', 'NaN', 'Infinity', '05', '+5', '5s'])(
    'of %s is not a JSON number',
    async (ttl) => {
      const answer = await client.acquire(newKey(), `{"owner":"a","ttl":${ttl}}`);
      expect(codeOf(answer)).toEqual(INVALID);
    },
  );
});

describe('S17: a name', () => {
  const unique = newKey('n');
  /** Each differs from every other; none may stand for another. */
  const names = [
    '',
    '.',
    '..',
    '...',
    '/',
    '//',
    '/a',
    'a/',
    'a//b',
    'a/b',
    'a%252Fb',
    '%',
    '%2',
    '%zz',
    ' ',
    '+',
    'a b',
    '\t',
    '\r\nX-Injected: 1',
    '\u0001',
    '\u007f',
    '~',
    '~0123456789abcdef',
    '\u00e9',
    'e\u0301',
    '🔒',
    '\ufeff',
    '__proto__',
    'constructor',
    '?',
    '#',
    ';v=1',
    'locks/',
    '\'"`$(id)',
    'A',
    'a',
  ].map((name) => `${unique}${name}`);

  it('of any kind is a lock of its own, and comes back as it was sent', async () => {
    for (const name of names) {
      const held = await client.hold200(name, { owner: `owner of ${name.length}` });
      expect(held.name).toBe(name);
    }
    for (const name of names) {
      const { name: told, holders, queueLength } = (await client.inspect(name)).json();
      expect([told, holders.length, queueLength]).toEqual([name, 1, 0]);
      expect(codeOf(await client.acquire(name, { owner: 'late' }))[0]).toBe(423);
    }
    const { locks } = (
      await client.list(`?prefix=${encodeURIComponent(unique)}&limit=1000`)
    ).json();
    const listed = locks.map((lock: { name: string }) => lock.name);
    expect([...listed].sort()).toEqual([...names].sort());
    for (const name of names)
      expect((await client.releaseBy(name, '?force=true')).status, name).toBe(200);
    expect(await etcd.keys(`locks/${unique}`)).toEqual([]);
  });

  it.each(names.slice(1).map((name) => [name.slice(unique.length)]))(
    'that ends in %j waits for no lock of another name',
    async (suffix) => {
      const lock = newKey();
      await client.hold200(lock, { owner: 'a' });
      await client.hold200(`${lock}${suffix}`, { owner: 'b' });
    },
  );

  it.each([
    ['two dots', '..'],
    ['one dot', '.'],
    ['an encoded slash', '%2F'],
    ['an encoded percent sign', '%25'],
    ['__proto__', '__proto__'],
  ])('that is %s alone is not folded away', async (_what, segment) => {
    const path = `/v1/locks/${segment}`;
    const answer = await put(path, `{"owner":"a","ttl":null}`);
    expect([200, 423]).toContain(answer.status);
    const { name, locked } = (await send(base, 'GET', path)).json();
    expect([name, locked]).toEqual([decodeURIComponent(segment), true]);
    expect((await send(base, 'DELETE', `${path}?force=true`)).status).toBe(200);
  });

  it.each([
    ['NUL', '%00'],
    ['a NUL in the middle', 'a%00b'],
    ['513 bytes', 'x'.repeat(513)],
    ['513 bytes of two-byte characters', '%C3%A9'.repeat(257)],
    ['bytes that are not UTF-8', '%ff'],
    ['half of a surrogate pair', '%ED%A0%80'],
    ['a broken percent-encoding', '%zz'],
  ])('with %s is refused at every call', async (_what, segment) => {
    const path = `/v1/locks/${segment}`;
    const body = JSON.stringify({ token: newToken() });
    const answers = [
      await put(path),
      await send(base, 'GET', path),
      await send(base, 'DELETE', `${path}?owner=a`),
      await send(base, 'POST', `${path}/keepalive`, { body }),
      await send(base, 'POST', `${path}/hold`, { body: '{"owner":"a"}' }),
      await send(base, 'GET', `${path}/events`),
    ];
    for (const answer of answers) expect(codeOf(answer)).toEqual(INVALID);
  });

  it.each(['app%252Fdeploy', 'app%252fdeploy', '%252F'])(
    'S40: refuses the name %s at every call: it was percent-encoded twice',
    async (segment) => {
      const hint =
        'encode a slash once, as %2F; in Swagger UI and generated clients enter the unencoded name';
      const body = JSON.stringify({ token: newToken() });
      const lock = `/v1/locks/${segment}`;
      const election = `/v1/elections/${segment}`;
      const key = newKey();
      const answers = [
        await put(lock),
        await send(base, 'GET', lock),
        await send(base, 'DELETE', `${lock}?force=true`),
        await send(base, 'POST', `${lock}/keepalive`, { body }),
        await send(base, 'POST', `${lock}/hold`, { body: '{"owner":"a"}' }),
        await send(base, 'GET', `${lock}/events`),
        await put(election, '{"candidate":"a"}'),
        await send(base, 'GET', election),
        await send(base, 'DELETE', election, { body }),
        await send(base, 'GET', `${election}/events`),
        await put(`/v1/kv/${key}?raw&guardLock=${segment}&guardToken=1`, 'x'),
      ];
      for (const answer of answers) {
        expect([...codeOf(answer), answer.json().hint]).toEqual([...INVALID, hint]);
        expect(answer.json().detail).toContain('this name was percent-encoded twice');
      }
    },
  );

  it('of 512 bytes is taken, and of a megabyte is not', async () => {
    expect((await put(`/v1/locks/${unique.padEnd(512, 'x')}`)).status).toBe(200);
    const huge = await put(`/v1/locks/${'x'.repeat(1_000_000)}`).catch(() => ({ status: 0 }));
    expect([0, 400, 413, 414, 431]).toContain(huge.status);
  });

  it('that is missing is not a lock', async () => {
    const answer = await put('/v1/locks/');
    expect(codeOf(answer)).toEqual([404, 'not-found']);
  });

  it('appears in events and problems as it is, on one line', async () => {
    const name = `${newKey()}\r\ndata: {"forged":true}`;
    await client.hold200(name, { owner: 'a\n\nevent: lost' });
    const stream = await openEvents(base, 'GET', `/v1/locks/${encodeURIComponent(name)}/events`);
    const { event, data } = await stream.next();
    expect([event, data.name, data.holders[0].owner]).toEqual(['state', name, 'a\n\nevent: lost']);
    stream.close();
    expect((await client.acquire(name, { owner: 'b' })).json().holder.owner).toBe(
      'a\n\nevent: lost',
    );
  });
});

describe('S19: a release with what is not its own', () => {
  const idOf = (token: string): string =>
    createHash('sha256').update(token).digest('hex').slice(0, 16);

  it('ends nothing: the token of another lock, the id of the entry, its key, its lease', async () => {
    const [name, other] = [newKey(), newKey()];
    const { token } = await client.hold200(name, { owner: 'a' });
    const elsewhere = await client.hold200(other, { owner: 'a' });
    const [entry] = await etcd.entries(name);
    const guesses = [
      elsewhere.token,
      idOf(token),
      `~${idOf(token)}`,
      entry!.lease!,
      `${idOf(token)}${idOf(token)}`,
      token.toUpperCase() === token ? token.toLowerCase() : token.toUpperCase(),
      `${token}0`,
      token.slice(0, -1),
    ];
    for (const guess of guesses) {
      expect(codeOf(await client.release(name, { token: guess }))).toEqual(NOT_HOLDER);
      expect(codeOf(await client.renew(name, { token: guess }))).toEqual(EXPIRED);
    }
    expect(codeOf(await client.release(newKey(), { token }))).toEqual(NOT_FOUND);
    expect(await etcd.entries(name)).toEqual([entry]);
    expect((await client.inspect(other)).json().locked).toBe(true);
  });

  it('releases nothing for another owner, no owner, or an owner of another lock', async () => {
    const [name, other] = [newKey(), newKey()];
    await client.hold200(name, { owner: 'a' });
    await client.hold200(other, { owner: 'b' });
    for (const owner of ['b', 'A', 'a ', 'null', '*', '%'])
      expect(codeOf(await client.release(name, { owner }))).toEqual(NOT_HOLDER);
    expect((await client.inspect(name)).json().holders[0].owner).toBe('a');
  });

  it("does not take an entry without a name for an owner's", async () => {
    const name = newKey();
    await etcd.put(`locks/${name}/694d73e8a9e36c23`, '{"owner":7}');
    for (const owner of ['null', '7', 'undefined'])
      expect(codeOf(await client.release(name, { owner }))).toEqual(NOT_HOLDER);
    await etcd.deleteKey(`locks/${name}/694d73e8a9e36c23`);
  });

  it('reaches no arbitrary key: a token is hashed, never a part of a key', async () => {
    const victim = newKey('victim');
    await etcd.put(victim, 'kept');
    const name = newKey();
    await client.hold200(name, { owner: 'a' });
    for (const token of [`..~..~${victim}`, victim.padEnd(16, '.')])
      expect(codeOf(await client.release(name, { token }))).toEqual(NOT_HOLDER);
    expect((await etcd.keys(victim)).map((key) => key.value)).toEqual(['kept']);
  });

  it('exposes the token neither in etcd, nor in a list, nor to waiters', async () => {
    const name = newKey();
    const { token } = await client.hold200(name, { owner: 'a' });
    const seen = [
      (await client.inspect(name)).text,
      (await client.list(`?prefix=${name}`)).text,
      (await client.acquire(name, { owner: 'b' })).text,
      JSON.stringify(await etcd.entries(name)),
    ];
    for (const text of seen) expect(text).not.toContain(token);
  });
});
