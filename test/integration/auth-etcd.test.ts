// `--auth=etcd`: at every API a client reads and changes exactly what its etcd user may, on the default version of etcd and on 3.4.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, startGuardedEtcd } from '../support/guarded-etcd.js';
import type { GuardedEtcd, UserName } from '../support/guarded-etcd.js';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { userCalls } from '../support/user-calls.js';
import { codeOf, json } from '../support/v1-calls.js';
import { openWait } from '../support/v2-wait.js';
import { openWatch } from '../support/watch-reader.js';

const b64 = (text: string): string => Buffer.from(text).toString('base64');
const TO_THE_END = b64('\0');
const DENIED = [403, 'permission-denied'];
let serial = 0;
const fresh = (prefix: string): string => `${prefix}${++serial}`;

describe.each([undefined, '3.4'] as const)('with etcd %s', (version) => {
  let etcd: GuardedEtcd;
  let gateway: Gateway;
  beforeAll(async () => {
    etcd = await startGuardedEtcd({ ...(version && { version }) });
    console.log(`--auth=etcd on etcd ${etcd.version}`);
    gateway = await spawnGateway({ args: ['--auth=etcd', `--endpoints=${etcd.endpoint}`] });
  });
  afterAll(async () => {
    await gateway.stop();
    await etcd.stop();
  });

  const { as, raw } = userCalls(() => gateway);
  const putAsRoot = (key: string, value = 'secret'): Promise<Answer> =>
    etcd.ask('kv/put', { key: b64(key), value: b64(value) });
  const valueOf = async (key: string): Promise<string | undefined> => {
    const { kvs } = (await etcd.ask('kv/range', { key: b64(key) })).json();
    return kvs === undefined ? undefined : atob(kvs[0].value ?? '');
  };

  describe('a request without valid credentials', () => {
    it.each([
      ['GET', '/v1/kv/app/a'],
      ['GET', '/v1/cluster'],
      ['POST', '/v1/leases'],
      ['PUT', '/'],
      ['GET', '/'],
      ['GET', '/v2/members'],
      ['GET', '/nothing/here'],
    ])('gets 401 with a challenge: %s %s', async (method, path) => {
      for (const headers of [{}, basic('ann', 'wrong'), { authorization: 'Bearer of-nobody' }]) {
        const answer = await send(gateway.baseUrl, method, path, { headers });
        expect([path, answer.status]).toEqual([path, 401]);
        expect(answer.headers['www-authenticate']).toMatch(/^Basic .*Bearer/);
      }
    });

    it('does not reach etcd through the raw API', async () => {
      for (const path of ['/v3/lease/leases', '/v3alpha/maintenance/status']) {
        for (const [status, headers] of [
          [400, {}],
          [400, basic('ann', 'wrong')],
          [401, { authorization: 'Bearer of-nobody' }],
        ] as const) {
          const answer = await send(gateway.baseUrl, 'POST', path, { headers });
          expect([path, answer.status]).toEqual([path, status]);
        }
      }
    });

    it('gets 401 in the error format of the API', async () => {
      const friendly = await send(gateway.baseUrl, 'GET', '/v1/kv/a');
      expect(friendly.json()).toMatchObject({ code: 'unauthenticated', status: 401 });
      const v3 = await send(gateway.baseUrl, 'POST', '/v3/kv/range', { body: '{}' });
      expect(v3.json()).toMatchObject({ code: 3, message: 'etcdserver: user name is empty' });
      const v2 = await send(gateway.baseUrl, 'GET', '/v2/keys/a');
      expect(v2.json()).toMatchObject({ errorCode: 110, index: 0 });
    });

    it('reads the version, the health, the metrics and the documentation', async () => {
      for (const path of ['/livez', '/readyz', '/version', '/health', '/metrics', '/docs/']) {
        expect([path, (await send(gateway.baseUrl, 'GET', path)).status]).toEqual([path, 200]);
      }
    });

    it('S7: gets its response in time with a forged token', async () => {
      const startedAt = performance.now();
      const headers = { authorization: 'aaaaaaaaaaaaaaaa.999999999' };
      const answer = await send(gateway.baseUrl, 'GET', '/v1/kv/app/a', { headers });
      expect([401, 503]).toContain(answer.status);
      expect(performance.now() - startedAt).toBeLessThan(7_500);
      expect((await as('ann', 'getKey', 'GET', '/v1/kv/app/none')).status).toBe(404);
    });
  });

  it('accepts a token of etcd, with and without Bearer, at every API', async () => {
    const body = JSON.stringify({ name: 'ann', password: 'of ann' });
    const opened = await send(gateway.baseUrl, 'POST', '/v3/auth/authenticate', { body });
    const { token } = opened.json();
    for (const authorization of [token, `Bearer ${token}`]) {
      const sent = { headers: { authorization } };
      expect((await send(gateway.baseUrl, 'GET', '/v1/kv/app/none', sent)).status).toBe(404);
      expect((await send(gateway.baseUrl, 'GET', '/v1/kv/other/x', sent)).status).toBe(403);
      const asked = { ...sent, body: JSON.stringify({ key: b64('app/none') }) };
      expect((await send(gateway.baseUrl, 'POST', '/v3/kv/range', asked)).status).toBe(200);
    }
  });

  describe('at /v1 a user', () => {
    it('reads, writes and deletes keys below its prefix', async () => {
      const key = fresh('app/own-');
      expect((await as('ann', 'putKey', 'PUT', `/v1/kv/${key}`, { value: 'v' })).status).toBe(200);
      expect((await as('ann', 'getKey', 'GET', `/v1/kv/${key}`)).json().value).toBe('v');
      const list = await as('ann', 'listKeys', 'GET', '/v1/kv?prefix=app/');
      expect(list.json().items.map((item: { key: string }) => item.key)).toContain(key);
      expect((await as('ann', 'deleteKey', 'DELETE', `/v1/kv/${key}`)).status).toBe(200);
      const range = await as('ann', 'deleteKeys', 'DELETE', '/v1/kv?prefix=app/own-');
      expect(range.status).toBe(200);
    });

    it('does not read or change any other key', async () => {
      const key = fresh('other/foreign-');
      await putAsRoot(key);
      const denied = [
        await as('ann', 'getKey', 'GET', `/v1/kv/${key}`),
        await as('ann', 'getKey', 'GET', `/v1/kv/${key}?history=true`),
        await as('ann', 'putKey', 'PUT', `/v1/kv/${key}`, { value: 'mine' }),
        await as('ann', 'deleteKey', 'DELETE', `/v1/kv/${key}`),
        await as('ann', 'deleteKeys', 'DELETE', '/v1/kv?prefix=other/'),
        await as('ann', 'deleteKeys', 'DELETE', '/v1/kv?prefix=&all=true'),
        await as('ann', 'listKeys', 'GET', '/v1/kv'),
        await as('ann', 'listKeys', 'GET', '/v1/kv?prefix=other/'),
        await as('ann', 'listKeys', 'GET', '/v1/kv?start=app/'),
        await as('ann', 'listKeys', 'GET', '/v1/kv?prefix=ap&countOnly=true'),
        await as('ann', 'listKeys', 'GET', '/v1/kv?prefix=a&delimiter=/'),
      ];
      expect(denied.map(codeOf)).toEqual(denied.map(() => DENIED));
      const exported = await send(gateway.baseUrl, 'GET', '/v1/kv?prefix=other/', {
        headers: { ...basic('ann'), accept: 'application/x-ndjson' },
      });
      expect(exported.status).toBe(403);
      const imported = await send(gateway.baseUrl, 'POST', '/v1/kv/import?ifAbsent=true', {
        headers: { ...basic('ann'), 'content-type': 'application/x-ndjson' },
        body: `{"key":"app/x","value":"1"}\n{"key":"${key}-2","value":"1"}\n`,
      });
      expect(imported.status).toBe(403);
      expect([await valueOf(key), await valueOf(`${key}-2`)]).toEqual(['secret', undefined]);
    });

    it('does not write, compare or read keys of others in a transaction, at any depth', async () => {
      const foreign = fresh('other/txn-');
      await putAsRoot(foreign);
      const put = (): object => ({ put: { key: fresh('app/txn-'), value: 'x' } });
      const own = put();
      const nest = (txn: object): object => ({ then: [{ txn: { then: [put(), { txn }] } }] });
      const bad = [
        { then: [{ put: { key: foreign, value: 'mine' } }] },
        { then: [{ get: { key: foreign } }] },
        { then: [{ get: { prefix: 'other/' } }] },
        { then: [{ delete: { key: foreign } }] },
        { if: [{ key: foreign, value: 'secret' }], then: [own] },
        { if: [{ key: 'app/none', exists: true }], then: [{ put: { key: foreign, value: 'x' } }] },
      ];
      for (const txn of [...bad, ...bad.map(nest), ...bad.map((each) => nest(nest(each)))]) {
        const answer = await as('ann', 'transact', 'POST', '/v1/txn', txn);
        expect([JSON.stringify(txn), ...codeOf(answer)]).toEqual([JSON.stringify(txn), ...DENIED]);
      }
      expect(await valueOf(foreign)).toBe('secret');
      const good = await as('ann', 'transact', 'POST', '/v1/txn', nest({ then: [own] }));
      expect(good.json().succeeded).toBe(true);
    });

    it('watches only its own keys', async () => {
      const headers = basic('ann');
      const key = fresh('app/watched-');
      const watch = await openWatch(gateway.baseUrl, 'prefix=app/', { headers });
      await putAsRoot(fresh('other/unseen-'));
      await putAsRoot(key);
      expect((await watch.until(1)).map(({ data }) => data.key)).toEqual([key]);
      watch.close();
      for (const range of ['prefix=other/', 'start=app/', '', 'key=other/x', 'prefix=']) {
        const open = `/v1/watch?${range}&wait=1`;
        const answer = await send(gateway.baseUrl, 'GET', open, { headers });
        expect([range, ...codeOf(answer)]).toEqual([range, ...DENIED]);
      }
    });

    it('acquires, queues for and renews only locks with its own names', async () => {
      const name = encodeURIComponent(fresh('app/lock-'));
      const took = await as('ann', 'acquireLock', 'PUT', `/v1/locks/${name}`, { owner: 'a' });
      const { token, fencingToken } = took.json();
      const waiting = as('ann', 'acquireLock', 'PUT', `/v1/locks/${name}`, {
        owner: 'b',
        wait: 20,
      });
      const guarded = { value: 'v', guard: { lock: decodeURIComponent(name), fencingToken } };
      expect((await as('ann', 'putKey', 'PUT', '/v1/kv/app/g', guarded)).status).toBe(200);
      const renewed = await as('ann', 'renewLock', 'POST', `/v1/locks/${name}/keepalive`, {
        token,
      });
      expect(renewed.status).toBe(200);
      await as('ann', 'releaseLock', 'DELETE', `/v1/locks/${name}?token=${token}`);
      expect((await waiting).status).toBe(200);
      const locks = await as('ann', 'listLocks', 'GET', '/v1/locks?prefix=app/');
      const [holder] = locks.json().locks[0].holders;
      expect(holder).toMatchObject({ owner: 'b', acquiredBy: 'v1:ann' });
      const foreign = [
        await as('bob', 'acquireLock', 'PUT', `/v1/locks/${name}`, { owner: 'a' }),
        await as('bob', 'inspectLock', 'GET', `/v1/locks/${name}`),
        await as('bob', 'releaseLock', 'DELETE', `/v1/locks/${name}?force=true`),
        await as('bob', 'listLocks', 'GET', '/v1/locks'),
        await as('bob', 'campaign', 'PUT', '/v1/elections/app%2Fe', { candidate: 'x' }),
      ];
      expect(foreign.map(codeOf)).toEqual(foreign.map(() => DENIED));
      const led = await as('ann', 'campaign', 'PUT', '/v1/elections/app%2Fe', { candidate: 'x' });
      expect(led.status).toBe(200);
    });

    it('F30: leaves no lock entry behind if it disconnects while it waits', async () => {
      const name = encodeURIComponent(fresh('app/hung-'));
      await as('ann', 'acquireLock', 'PUT', `/v1/locks/${name}`, { owner: 'a' });
      const hangUp = new AbortController();
      const waiting = send(gateway.baseUrl, 'PUT', `/v1/locks/${name}`, {
        ...json({ owner: 'b', wait: 60 }),
        headers: { ...basic('ann'), ...json({}).headers },
        signal: hangUp.signal,
      }).catch(() => undefined);
      const queue = async (): Promise<number> =>
        (await as('ann', 'inspectLock', 'GET', `/v1/locks/${name}`)).json().queueLength;
      await expect.poll(queue, { timeout: 10_000 }).toBe(1);
      hangUp.abort();
      await waiting;
      await expect.poll(queue, { timeout: 5_000 }).toBe(0);
    });

    it('S16: does not read, use, renew or revoke a lease with an attached key of others', async () => {
      const bobs = (await as('bob', 'createLease', 'POST', '/v1/leases', { ttl: 60 })).json().id;
      const key = fresh('other/leased-');
      await as('bob', 'putKey', 'PUT', `/v1/kv/${key}`, { value: 'v', lease: bobs });
      const own = { key: 'app/on-lease', value: 'x', lease: bobs };
      const denied = [
        await as('ann', 'getLease', 'GET', `/v1/leases/${bobs}`),
        await as('ann', 'keepLeaseAlive', 'POST', `/v1/leases/${bobs}/keepalive`),
        await as('ann', 'deleteLease', 'DELETE', `/v1/leases/${bobs}`),
        await as('ann', 'putKey', 'PUT', '/v1/kv/app/on-lease', { value: 'x', lease: bobs }),
        await as('ann', 'transact', 'POST', '/v1/txn', { then: [{ put: own }] }),
        await as('ann', 'acquireLock', 'PUT', '/v1/locks/app%2Fon-lease', {
          owner: 'a',
          lease: bobs,
        }),
      ];
      expect(denied.map(codeOf)).toEqual(denied.map(() => DENIED));
      const anns = (await as('ann', 'createLease', 'POST', '/v1/leases', { ttl: 60 })).json().id;
      await as('ann', 'putKey', 'PUT', '/v1/kv/app/mine', { value: 'v', lease: anns });
      const list = await as('ann', 'listLeases', 'GET', '/v1/leases');
      // From 3.5.28 on etcd lists leases only for users that may read all keys that are attached to any of them.
      if (list.status === 403) expect(codeOf(list)).toEqual(DENIED);
      else {
        const ids = list.json().leases.map(({ id }: { id: string }) => id);
        expect([ids.includes(anns), ids.includes(bobs)]).toEqual([true, false]);
      }
      expect((await as('bob', 'getLease', 'GET', `/v1/leases/${bobs}`)).json().keys).toEqual([key]);
      expect(
        (await as('ann', 'keepLeaseAlive', 'POST', `/v1/leases/${anns}/keepalive`)).status,
      ).toBe(200);
      expect((await as('ann', 'deleteLease', 'DELETE', `/v1/leases/${anns}`)).status).toBe(200);
    });

    it('compacts the history only as root', async () => {
      const revision = Number(
        (await etcd.ask('kv/range', { key: b64('x') })).json().header.revision,
      );
      const compact = (user: UserName): Promise<Answer> =>
        as(user, 'compact', 'POST', '/v1/compaction', { revision });
      expect(codeOf(await compact('ann'))).toEqual(DENIED);
      expect((await compact('root')).status).toBe(200);
    });

    it('reads the state of the cluster', async () => {
      const cluster = await as('ann', 'getCluster', 'GET', '/v1/cluster');
      expect(cluster.json().members).toHaveLength(1);
    });
  });

  it('keeps the simple lock within the rights of its user', async () => {
    const lock = (user: UserName, resource: string): Promise<Answer> =>
      send(gateway.baseUrl, 'PUT', '/', {
        headers: basic(user),
        body: JSON.stringify({ resource, user_id: user }),
      });
    const resource = fresh('app/simple-');
    expect((await lock('ann', resource)).text).toBe('{"succeeded":true}\n');
    expect((await lock('ann', resource)).text).toBe('{"succeeded":false}\n');
    expect((await lock('bob', resource)).status).toBe(403);
    expect((await lock('ann', fresh('other/simple-'))).status).toBe(403);
  });

  describe('at the v2 API a user', () => {
    const v2 = (user: UserName, method: string, path: string, form = ''): Promise<Answer> =>
      send(gateway.baseUrl, method, `/v2/keys${path}`, {
        headers: { ...basic(user), 'content-type': 'application/x-www-form-urlencoded' },
        ...(form !== '' && { body: form }),
      });

    it('reads and changes the tree below its prefix', async () => {
      const path = `/${fresh('app/v2-')}`;
      expect((await v2('ann', 'PUT', path, 'value=one')).status).toBe(201);
      expect((await v2('ann', 'GET', path)).json().node.value).toBe('one');
      expect((await v2('ann', 'PUT', `${path}-dir`, 'dir=true&ttl=60')).status).toBe(201);
      expect((await v2('ann', 'PUT', `${path}-dir/deep/er`, 'value=two')).status).toBe(201);
      const listed = await v2('ann', 'GET', `${path}-dir?recursive=true`);
      expect(listed.json().node.nodes[0].nodes[0].value).toBe('two');
      expect((await v2('ann', 'POST', `${path}-queue`, 'value=job')).status).toBe(201);
      const wait = await openWait(gateway.baseUrl, path, '', basic('ann'));
      const changed = await v2('ann', 'PUT', path, 'value=three&prevValue=one');
      expect(changed.json().action).toBe('compareAndSwap');
      expect((await wait.until(1))[0].node.value).toBe('three');
      expect((await v2('ann', 'DELETE', `${path}-dir?recursive=true`)).status).toBe(200);
      expect((await v2('ann', 'DELETE', path)).status).toBe(200);
      expect((await v2('ann', 'GET', path)).status).toBe(404);
    });

    it('lists and waits for the directory of its prefix, although it has no right to the directory key itself', async () => {
      const path = `/${fresh('app/v2-')}`;
      const wait = await openWait(gateway.baseUrl, '/app', '&recursive=true', basic('ann'));
      expect((await v2('ann', 'PUT', path, 'value=one')).status).toBe(201);
      expect((await wait.until(1))[0].node.key).toBe(path);
      for (const query of ['', '?recursive=true']) {
        const { node } = (await v2('ann', 'GET', `/app${query}`)).json();
        expect(node).toMatchObject({ key: '/app', dir: true });
        expect(node.nodes).toContainEqual(expect.objectContaining({ key: path, value: 'one' }));
      }
      const denied = [
        await v2('ann', 'PUT', '/app', 'value=mine'),
        await v2('ann', 'DELETE', '/app?recursive=true'),
        await v2('bob', 'GET', '/app'),
        await v2('bob', 'GET', '/app?wait=true&recursive=true'),
      ];
      expect(denied.map((answer) => answer.json().errorCode)).toEqual(denied.map(() => 110));
      expect(await valueOf(path)).toBe('one');
    });

    it('does not read or change nodes outside its prefix', async () => {
      const path = `/${fresh('other/v2-')}`;
      await putAsRoot(path);
      const denied = [
        await v2('ann', 'GET', path),
        await v2('ann', 'GET', '/other?recursive=true'),
        await v2('ann', 'GET', '/?recursive=true'),
        await v2('ann', 'PUT', path, 'value=mine'),
        await v2('ann', 'PUT', '/appendix', 'value=mine'),
        await v2('ann', 'PUT', `${path}/below`, 'value=mine'),
        await v2('ann', 'POST', '/other', 'value=mine'),
        await v2('ann', 'DELETE', `${path}?prevValue=secret`),
        await v2('ann', 'DELETE', '/other?recursive=true'),
        await v2('ann', 'GET', `${path}?wait=true`),
        await v2('ann', 'GET', '/?wait=true&recursive=true'),
      ];
      expect(denied.map((answer) => [answer.status, answer.json().errorCode])).toEqual(
        denied.map(() => [401, 110]),
      );
      expect(await valueOf(path)).toBe('secret');
    });

    it('with the right to the change records does not receive changes of directories that it may not watch', async () => {
      const record = { role: 'role-of-ann', key: btoa('\0latchkey/v2/action') };
      const perm = { permType: 'READ', key: record.key };
      await etcd.ask('auth/role/grant', { name: record.role, perm });
      const path = `/${fresh('app/v2-')}`;
      const made = await v2('root', 'PUT', '/ap', 'dir=true');
      const index = made.json().node.modifiedIndex as number;
      await v2('root', 'PUT', `${path}/d`, 'dir=true');
      await v2('root', 'DELETE', '/ap?recursive=true');
      const wait = (at: string) =>
        openWait(gateway.baseUrl, `${path}${at}`, `waitIndex=${index}`, basic('ann'));
      const above = await wait('/n');
      await v2('root', 'DELETE', `${path}/d?dir=true`);
      expect(JSON.parse(await (await wait('/d/n')).ended).node.key).toBe(`${path}/d`);
      await v2('ann', 'PUT', `${path}/n`, 'value=mine');
      expect(JSON.parse(await above.ended).node).toMatchObject({ value: 'mine' });
      await etcd.ask('auth/role/revoke', record);
    });
  });

  it('shows the leader to every user that etcd shows it to, and elections to none', async () => {
    for (const path of ['/v2/leader', '/v2/members/leader']) {
      const asRoot = await send(gateway.baseUrl, 'GET', path, { headers: basic('root') });
      expect([path, asRoot.status]).toEqual([path, 200]);
      const asAnn = await send(gateway.baseUrl, 'GET', path, { headers: basic('ann') });
      expect([200, 401, 403]).toContain(asAnn.status);
      expect(asAnn.text).not.toContain('election');
    }
  });

  describe('at the raw API a user', () => {
    it('has its own rights', async () => {
      const put = await raw('ann', '/v3/kv/put', { key: b64('app/raw'), value: b64('v') });
      expect(put.status).toBe(200);
      const foreign = await raw('ann', '/v3beta/kv/put', {
        key: b64('other/raw'),
        value: b64('v'),
      });
      expect(foreign.status).toBe(403);
      const everything = await raw('ann', '/v3/kv/range', {
        key: b64('\0'),
        range_end: TO_THE_END,
      });
      expect(everything.status).toBe(403);
    });
  });
});
