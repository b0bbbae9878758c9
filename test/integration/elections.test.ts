// Elections over two replicas that share one etcd: campaign, hand-over, proclaim, resign, follow.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { codeOf, newToken, pause, pointersOf } from '../contract/locks/target.js';
import { EXPIRED, HELD, INVALID, NOT_FOUND, NOT_HOLDER } from '../contract/locks/target.js';
import { WITHIN_A_SECOND } from '../contract/locks/target.js';
import { electionClient } from '../support/election-client.js';
import type { ElectionClient } from '../support/election-client.js';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import type { EventStream } from '../support/event-stream.js';
import { send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';

const etcd = new RawEtcd(inject('etcdEndpoint'));
const here = electionClient(inject('gatewayUrl'));
let replica: Gateway;
let there: ElectionClient;

/** A leader without renewals is replaced within this time, also on a slow machine. */
const DEATH_LIMIT = { timeout: 20_000, interval: 100 };
/** The shortest ttl that etcd grants with its default settings. */
const SHORTEST_TTL_SECONDS = 2;

beforeAll(async () => {
  replica = await spawnGateway({
    args: ['--endpoints', inject('etcdEndpoint'), '--log-level=warn'],
  });
  there = electionClient(replica.baseUrl);
});
afterAll(() => replica.stop());

const entries = (name: string): ReturnType<RawEtcd['keys']> => etcd.keys(`elections/${name}/`);

/** The leaders that a stream of states has shown, each run of states once. */
function leadersIn({ events }: EventStream): (string | null)[] {
  const shown = events.map(({ data }) => (data.leader?.candidate ?? null) as string | null);
  return shown.filter((leader, index) => index === 0 || leader !== shown[index - 1]);
}

describe('three candidates over two replicas', () => {
  it('lead one after the other, in the order in which they came, as their leaders resign', async () => {
    const name = newKey();
    const streams = [await here.events(name), await there.events(name)];
    const one = await here.lead(name, { candidate: 'one' });
    const two = there.lead(name, { candidate: 'two', wait: 20 });
    await here.untilQueued(name, 1);
    const three = here.lead(name, { candidate: 'three', wait: 20 });
    await here.untilQueued(name, 2);
    const { leader, candidates } = await there.inspect(name);
    expect(leader).toMatchObject({ candidate: 'one', fencingToken: one.fencingToken });
    expect(candidates).toEqual([
      { candidate: 'two', position: 1 },
      { candidate: 'three', position: 2 },
    ]);
    const last = (): unknown[] => streams.map((each) => each.events.at(-1)?.data.leader?.candidate);
    const led = [one];
    for (const [candidate, next] of [
      ['two', two],
      ['three', three],
    ] as const) {
      const { token } = led.at(-1);
      expect((await there.resign(name, { token })).json()).toEqual({ released: true });
      led.push(await next);
      await expect.poll(last, WITHIN_A_SECOND).toEqual([candidate, candidate]);
    }
    const tokens = led.map((each) => each.fencingToken as number);
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    for (const stream of streams) {
      expect(leadersIn(stream).filter((each) => each !== null)).toEqual(['one', 'two', 'three']);
      stream.close();
    }
  });

  it('keep the leader while it renews, at any replica', async () => {
    const name = newKey();
    const { token, fencingToken } = await here.lead(name, {
      candidate: 'one',
      ttl: SHORTEST_TTL_SECONDS,
    });
    const hangUp = new AbortController();
    const waiting = [here, there].map((client, index) =>
      client
        .campaign(name, { candidate: `later ${index}`, wait: 60 }, { signal: hangUp.signal })
        .catch(() => 'hung up'),
    );
    await here.untilQueued(name, 2);
    for (const client of [here, there, here, there, here, there, here, there]) {
      await pause(500);
      const renewed = await client.renew(name, { token });
      expect(renewed.json()).toMatchObject({ ttl: SHORTEST_TTL_SECONDS, fencingToken });
    }
    const { leader, queueLength } = await there.inspect(name);
    expect([leader.candidate, leader.fencingToken, queueLength]).toEqual(['one', fencingToken, 2]);
    hangUp.abort();
    expect(await Promise.all(waiting)).toEqual(['hung up', 'hung up']);
    await expect.poll(() => entries(name), WITHIN_A_SECOND).toHaveLength(1);
  });

  it('replace a leader that dies, and refuse its later requests', async () => {
    const name = newKey();
    const dead = await here.lead(name, { candidate: 'one', ttl: SHORTEST_TTL_SECONDS });
    const stream = await there.events(name);
    const two = there.lead(name, { candidate: 'two', wait: 20 });
    await here.untilQueued(name, 1);
    const three = here.lead(name, { candidate: 'three', wait: 20 });
    const { token, fencingToken } = await two;
    expect(fencingToken).toBeGreaterThan(dead.fencingToken as number);
    const late = { token: dead.token, candidate: 'one again' };
    const refused = await here.proclaim(name, late);
    expect(codeOf(refused)).toEqual(NOT_HOLDER);
    expect(refused.json().leader).toEqual({ candidate: 'two', fencingToken });
    expect(codeOf(await there.renew(name, { token: dead.token }))).toEqual(EXPIRED);
    expect(codeOf(await there.resign(name, { token: dead.token }))).toEqual(NOT_HOLDER);
    await here.resign(name, { token });
    const last = (await three).token;
    await expect
      .poll(() => leadersIn(stream).filter((each) => each !== null), DEATH_LIMIT)
      .toEqual(['one', 'two', 'three']);
    stream.close();
    await here.resign(name, { token: last });
  });
});

describe('campaigning', () => {
  it('returns everything that a leader needs', async () => {
    const name = newKey();
    const led = await here.lead(name, { candidate: 'http://10.0.0.7:9000', ttl: 10 });
    expect(led).toEqual({
      name,
      candidate: 'http://10.0.0.7:9000',
      token: expect.stringMatching(/^[\w-]{32}$/),
      fencingToken: expect.any(Number),
      ttl: 10,
      expiresAt: expect.any(String),
      renewEvery: 2.5,
    });
    expect(Date.parse(led.expiresAt as string)).toBeLessThanOrEqual(Date.now() + 10_000);
  });

  it("writes etcd's own layout: the value is the candidate, nothing more", async () => {
    const name = newKey();
    const { fencingToken } = await here.lead(name, { candidate: ' {"a": "ö"}\n' });
    const [entry] = await entries(name);
    expect(entry!.key).toMatch(new RegExp(`^elections/${name}/[0-9a-f]{16}$`));
    expect([entry!.value, entry!.createRevision]).toEqual([' {"a": "ö"}\n', fencingToken]);
    expect(await etcd.secondsLeft(entry!.lease!)).toBeGreaterThan(20);
  });

  it('returns the leader at once to a request that does not wait', async () => {
    const name = newKey();
    const { fencingToken } = await here.lead(name, { candidate: 'one' });
    const refused = await there.campaign(name, { candidate: 'two' });
    expect(codeOf(refused)).toEqual(HELD);
    const { detail, leader, queueLength, waited } = refused.json();
    expect(detail).toBe(`election "${name}" is led by one`);
    expect([leader, queueLength, waited]).toEqual([
      { candidate: 'one', fencingToken },
      0,
      undefined,
    ]);
    expect(refused.headers['retry-after']).toBe('1');
    expect(await entries(name)).toHaveLength(1);
  });

  it('returns the waited time when the wait expires, and leaves no key', async () => {
    const name = newKey();
    await here.lead(name, { candidate: 'one' });
    const refused = await there.campaign(name, { candidate: 'two', wait: 0.4 });
    expect(codeOf(refused)).toEqual(HELD);
    expect(refused.json().waited).toBeGreaterThanOrEqual(0.4);
    expect(await entries(name)).toHaveLength(1);
  });

  it('joins the same candidacy for a repeated token, whatever its candidate', async () => {
    const name = newKey();
    const token = newToken();
    const first = await here.lead(name, { candidate: 'one', token, ttl: 20 });
    const again = await there.lead(name, { candidate: 'one, restarted', token, ttl: 60 });
    expect(again).toMatchObject({ candidate: 'one', fencingToken: first.fencingToken, ttl: 20 });
    await there.proclaim(name, { token, candidate: 'proclaimed' });
    const once = await here.lead(name, { candidate: 'one', token });
    expect(once).toMatchObject({ candidate: 'proclaimed', fencingToken: first.fencingToken });
  });

  it('keeps the position of a token that already waits', async () => {
    const name = newKey();
    const leader = await here.lead(name, { candidate: 'one' });
    const token = newToken();
    const first = there.lead(name, { candidate: 'two', token, wait: 20 });
    await here.untilQueued(name, 1);
    expect(codeOf(await here.campaign(name, { candidate: 'other', token }))).toEqual(HELD);
    const second = here.lead(name, { candidate: 'other', token, wait: 20 });
    await there.resign(name, { token: leader.token });
    expect(await second).toMatchObject({ candidate: 'two', token });
    expect((await first).fencingToken).toBe((await second).fencingToken);
  });

  it('is attached to a lease of the client, which resigning keeps', async () => {
    const name = newKey();
    const lease = await etcd.grant(60);
    const token = newToken();
    const body = { candidate: 'one', lease, token };
    const led = await here.lead(name, body);
    expect([led.ttl, (await entries(name))[0]!.lease]).toEqual([60, lease]);
    expect((await there.lead(name, body)).fencingToken).toBe(led.fencingToken);
    expect((await there.renew(name, { token })).json().ttl).toBe(60);
    await there.resign(name, { token });
    expect(await entries(name)).toEqual([]);
    expect(await etcd.secondsLeft(lease)).toBeGreaterThan(0);
    await etcd.revoke(lease);
  });

  it.each([
    ['no ttl at all', { ttl: null }, '/ttl'],
    ['a ttl and a lease', { ttl: 30, lease: '1' }, '/lease'],
    ['a ttl too short to stand by with', { ttl: 4, wait: 1 }, '/ttl'],
    ['an owner, as locks have one', { owner: 'me' }, '/owner'],
    ['a mode, as locks have one', { mode: 'shared' }, '/mode'],
    ['an empty candidate', { candidate: '' }, '/candidate'],
    ['a short token', { token: 'short' }, '/token'],
  ])('refuses %s', async (_, fields, pointer) => {
    const answer = await here.campaign(newKey(), { candidate: 'one', ...fields });
    expect(codeOf(answer)).toEqual(INVALID);
    expect(pointersOf(answer)).toEqual([pointer]);
  });

  it('keeps elections, locks and names with slashes apart', async () => {
    const name = newKey();
    await here.lead(`${name}/a`, { candidate: 'one' });
    await here.lead(name, { candidate: 'two' });
    expect((await there.inspect(`${name}/a`)).leader.candidate).toBe('one');
    expect((await send(here.baseUrl, 'GET', `/v1/locks/${name}`)).json().locked).toBe(false);
    const unencoded = await send(here.baseUrl, 'GET', `/v1/elections/${name}/a`);
    expect([unencoded.status, unencoded.json().hint]).toEqual([
      404,
      'write a slash in a name as %2F',
    ]);
  });
});

describe('inspecting', () => {
  it('returns an election without candidates', async () => {
    const name = newKey();
    const empty = { name, leader: null, candidates: [], queueLength: 0 };
    expect(await here.inspect(name)).toEqual(empty);
  });

  it('returns values of other etcd clients, in base64 if they are not text', async () => {
    const name = newKey();
    const prefix = `elections/${name}/`;
    const bytes = {
      key: btoa(`${prefix}~first`),
      value: Buffer.from([255, 0]).toString('base64'),
    };
    await etcd.call('/v3/kv/put', bytes);
    await etcd.put(`${prefix}~later`, 'later');
    await etcd.put(`${prefix}~last`, 'last');
    const { leader, candidates, queueLength } = await here.inspect(name);
    expect(leader).toEqual({
      candidate: '/wA=',
      encoding: 'base64',
      fencingToken: expect.any(Number),
      expiresIn: null,
    });
    expect(candidates).toEqual([
      { candidate: 'later', position: 1 },
      { candidate: 'last', position: 2 },
    ]);
    expect(queueLength).toBe(2);
  });

  it('returns the first hundred waiting candidates, and counts all', async () => {
    const name = newKey();
    for (let index = 0; index < 103; index++) await etcd.put(`elections/${name}/${index}`, 'me');
    const { candidates, queueLength } = await here.inspect(name);
    expect([candidates.length, candidates[99].position, queueLength]).toEqual([100, 100, 102]);
  });
});

describe('proclaiming', () => {
  it('changes the value of the leader, and nothing else', async () => {
    const name = newKey();
    const { token, fencingToken } = await here.lead(name, { candidate: 'one' });
    const [before] = await entries(name);
    const said = await there.proclaim(name, { token, candidate: 'two' });
    expect(said.json()).toEqual({ name, candidate: 'two', fencingToken });
    const [after] = await entries(name);
    expect(after).toEqual({ ...before!, value: 'two', modRevision: after!.modRevision });
    expect((await here.inspect(name)).leader).toMatchObject({ candidate: 'two', fencingToken });
  });

  it('is refused for a waiting candidate and for a client that never campaigned', async () => {
    const name = newKey();
    const leader = await here.lead(name, { candidate: 'one' });
    const token = newToken();
    const waiting = there.lead(name, { candidate: 'two', token, wait: 20 });
    await here.untilQueued(name, 1);
    for (const each of [token, newToken()]) {
      const refused = await here.proclaim(name, { token: each, candidate: 'usurper' });
      expect(codeOf(refused)).toEqual(NOT_HOLDER);
      expect(refused.json().leader.candidate).toBe('one');
    }
    await here.resign(name, { token: leader.token });
    expect((await waiting).candidate).toBe('two');
    const nobody = await here.proclaim(newKey(), { token, candidate: 'nobody' });
    expect([codeOf(nobody), nobody.json().leader]).toEqual([NOT_HOLDER, undefined]);
  });

  it('applies several concurrent proclamations one after the other', async () => {
    const name = newKey();
    const { token } = await here.lead(name, { candidate: 'zero' });
    const all = ['a', 'b', 'c', 'd'].map((candidate, index) =>
      (index % 2 === 0 ? here : there).proclaim(name, { token, candidate }),
    );
    expect((await Promise.all(all)).map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    const [entry] = await entries(name);
    expect(['a', 'b', 'c', 'd']).toContain(entry!.value);
  });

  it('is unknown when no response arrives, and no late copy overwrites anything newer', async () => {
    const name = newKey();
    const { token } = await here.lead(name, { candidate: 'zero' });
    const between = await spawnInterceptedGateway(inject('etcdEndpoint'));
    const writes: string[] = [];
    between.intercept((call, forward) => {
      if (call.path !== '/v3/kv/txn') return forward();
      writes.push(call.body);
      return Promise.resolve(undefined);
    });
    const lost = await electionClient(between.baseUrl).proclaim(name, { token, candidate: 'late' });
    expect([lost.status, lost.json().outcome]).toEqual([503, 'unknown']);
    expect(writes.length).toBeLessThanOrEqual(3);
    await here.proclaim(name, { token, candidate: 'newer' });
    for (const write of writes) {
      const late = await etcd.call('/v3/kv/txn', JSON.parse(write) as object);
      expect(late.succeeded).not.toBe(true);
    }
    expect((await here.inspect(name)).leader.candidate).toBe('newer');
  });
});

describe('F56: a proclamation whose response is lost', () => {
  it('is repeated, and its late copy overwrites nothing newer', async () => {
    const name = newKey();
    const { token } = await here.lead(name, { candidate: 'zero' });
    const between = await spawnInterceptedGateway(inject('etcdEndpoint'));
    const writes: string[] = [];
    between.intercept((call, forward) => {
      if (call.path !== '/v3/kv/txn') return forward();
      writes.push(call.body);
      return writes.length === 1 ? Promise.resolve(undefined) : forward();
    });
    const answer = await electionClient(between.baseUrl).proclaim(name, {
      token,
      candidate: 'one',
    });
    expect(answer.status).toBe(200);
    expect(writes).toHaveLength(2);
    const late = await etcd.call('/v3/kv/txn', JSON.parse(writes[0]!) as object);
    expect(late.succeeded).not.toBe(true);
    expect((await here.inspect(name)).leader.candidate).toBe('one');
  });
});

describe('resigning', () => {
  it('takes the token from the body, the query or the header', async () => {
    const name = newKey();
    const ways = [
      (token: string) => here.resign(name, { token }),
      (token: string) => here.resignBy(name, `?token=${token}`),
      (token: string) => here.resignBy(name, '', { headers: { 'lock-token': token } }),
    ];
    for (const resign of ways) {
      const { token } = await here.lead(name, { candidate: 'one' });
      expect((await resign(token)).json()).toEqual({ released: true });
      expect(await entries(name)).toEqual([]);
    }
  });

  it('removes a waiting candidacy, whose wait gets 410', async () => {
    const name = newKey();
    await here.lead(name, { candidate: 'one' });
    const token = newToken();
    const waiting = there.campaign(name, { candidate: 'two', token, wait: 20 });
    await here.untilQueued(name, 1);
    expect((await here.resign(name, { token })).status).toBe(200);
    expect(codeOf(await waiting)).toEqual(EXPIRED);
    expect((await here.inspect(name)).leader.candidate).toBe('one');
  });

  it('returns 404 without a leader and 409 for another leader', async () => {
    const name = newKey();
    expect(codeOf(await here.resign(name, { token: newToken() }))).toEqual(NOT_FOUND);
    await here.lead(name, { candidate: 'one' });
    const refused = await here.resign(name, { token: newToken() });
    expect(codeOf(refused)).toEqual(NOT_HOLDER);
    expect(refused.json().leader.candidate).toBe('one');
  });

  it('needs exactly one token', async () => {
    const name = newKey();
    const token = newToken();
    const twice = { headers: { 'lock-token': token } };
    for (const answer of [
      await here.resignBy(name, ''),
      await here.resignBy(name, `?token=${token}`, twice),
    ]) {
      expect(codeOf(answer)).toEqual(INVALID);
      expect(pointersOf(answer)).toEqual(['token']);
    }
    const unknown = await here.resignBy(name, '?force=true');
    expect([codeOf(unknown), pointersOf(unknown)]).toEqual([INVALID, ['force']]);
  });
});

describe('renewing', () => {
  it('is refused for a waiting candidate, and for another leadership', async () => {
    const name = newKey();
    const { token: leading, fencingToken } = await here.lead(name, { candidate: 'one' });
    const token = newToken();
    const waiting = there.lead(name, { candidate: 'two', token, wait: 20 });
    await here.untilQueued(name, 1);
    expect(codeOf(await here.renew(name, { token }))).toEqual(NOT_HOLDER);
    const other = { token: leading, fencingToken: (fencingToken as number) - 1 };
    expect(codeOf(await here.renew(name, other))).toEqual(EXPIRED);
    expect((await here.renew(name, { token: leading, fencingToken })).status).toBe(200);
    await here.resign(name, { token: leading });
    await waiting;
  });
});

describe('other methods', () => {
  it.each([
    ['POST', '', 'GET, HEAD, PUT, DELETE'],
    ['GET', '/keepalive', 'POST'],
    ['PUT', '/proclaim', 'POST'],
    ['POST', '/events', 'GET'],
  ])('%s …%s is 405', async (method, rest, allow) => {
    const answer = await send(here.baseUrl, method, `/v1/elections/any${rest}`);
    expect([codeOf(answer), answer.headers.allow]).toEqual([[405, 'method-not-allowed'], allow]);
  });
});
