// `--auth=etcd` while etcd's NOSPACE alarm is raised: before 3.6 etcd then checks only the rights to read, and the gateway lets only root
// delete.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, startGuardedEtcd } from '../support/guarded-etcd.js';
import type { GuardedEtcd } from '../support/guarded-etcd.js';
import { send } from '../support/http-client.js';
import { checksRightsUnderAlarm } from '../../src/etcd/version.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { userCalls } from '../support/user-calls.js';
import { call, codeOf } from '../support/v1-calls.js';

const b64 = (text: string): string => Buffer.from(text).toString('base64');
const OUT_OF_SPACE = [503, 'out-of-space'];
const DENIED = [403, 'permission-denied'];
const KEYS = ['app/own', 'other/1', 'other/2', '/other/v2'];

describe.each([undefined, '3.4'] as const)(
  'with etcd %s, while the NOSPACE alarm is raised,',
  (version) => {
    let etcd: GuardedEtcd;
    let gateway: Gateway;
    const { as, raw } = userCalls(() => gateway);
    const countOf = async (key: string): Promise<number> =>
      Number((await etcd.ask('kv/range', { key: b64(key), count_only: true })).json().count ?? 0);
    const alarm = async (action: 'ACTIVATE' | 'DEACTIVATE'): Promise<void> => {
      const { header } = (await etcd.ask('kv/range', { key: b64('x') })).json();
      const body = { action, memberID: header.member_id, alarm: 'NOSPACE' };
      expect((await etcd.ask('maintenance/alarm', body)).status).toBe(200);
    };

    beforeAll(async () => {
      etcd = await startGuardedEtcd({ ...(version && { version }) });
      gateway = await spawnGateway({ args: ['--auth=etcd', `--endpoints=${etcd.endpoint}`] });
      for (const key of KEYS) await etcd.ask('kv/put', { key: b64(key), value: b64('v') });
      await etcd.ask('lease/grant', { ID: '77', TTL: 600 });
      await etcd.ask('kv/put', { key: b64('other/leased'), value: b64('v'), lease: '77' });
      await etcd.ask('lease/grant', { ID: '78', TTL: 600 });
      await etcd.ask('kv/put', { key: b64('app/leased'), value: b64('v'), lease: '78' });
      for (const [user, name] of [
        ['ann', 'app%2Fhers'],
        ['bob', 'other%2Fhis'],
      ] as const) {
        const body = { owner: user, token: `${user}-${'0'.repeat(20)}` };
        expect((await as(user, 'acquireLock', 'PUT', `/v1/locks/${name}`, body)).status).toBe(200);
      }
      await alarm('ACTIVATE');
    });
    afterAll(async () => {
      await gateway.stop();
      await etcd.stop();
    });

    const isChecked = (): boolean => checksRightsUnderAlarm(etcd.version);

    it('etcd itself lets every user delete all keys, before 3.6', async () => {
      const ann = await etcd.tokenOf('ann');
      const answer = await etcd.ask('kv/deleterange', { key: b64('other/none') }, ann);
      expect(answer.status).toBe(isChecked() ? 403 : 200);
    });

    it('a user gets the reason why it cannot delete even its own keys', async ({ skip }) => {
      skip(isChecked(), 'this etcd allows it');
      const own = await as('ann', 'deleteKey', 'DELETE', '/v1/kv/app/own');
      expect(own.json()).toMatchObject({
        code: 'out-of-space',
        outcome: 'not-applied',
        detail: expect.stringContaining('NOSPACE alarm'),
        hint: expect.stringContaining('disarm'),
      });
    });

    it('no user deletes the keys of others at /v1', async () => {
      const conditional = { headers: { ...basic('ann'), 'if-match': '"5"' } };
      const del = { delete: { key: 'other/1' } };
      const denied = [
        await as('ann', 'deleteKey', 'DELETE', '/v1/kv/other/1'),
        await call('deleteKey', 'DELETE', '/v1/kv/other/1', conditional, gateway.baseUrl),
        await as('ann', 'deleteKeys', 'DELETE', '/v1/kv?prefix=other/'),
        await as('ann', 'deleteKeys', 'DELETE', '/v1/kv?prefix=&all=true'),
        await as('ann', 'transact', 'POST', '/v1/txn', { then: [del] }),
        await as('ann', 'transact', 'POST', '/v1/txn', {
          if: [{ key: 'app/none', exists: true }],
          then: [del],
          else: [del],
        }),
        await as('ann', 'transact', 'POST', '/v1/txn', { then: [{ txn: { then: [del] } }] }),
      ];
      expect(denied.map(codeOf)).toEqual(denied.map(() => (isChecked() ? DENIED : OUT_OF_SPACE)));
      // From 3.5.28 on etcd itself checks rights to a lease.
      const lease = await as('ann', 'deleteLease', 'DELETE', '/v1/leases/000000000000004d');
      expect([OUT_OF_SPACE, DENIED]).toContainEqual(codeOf(lease));
    });

    it('no user releases a lock of others, by force or with its token', async () => {
      const foreign = { token: `bob-${'0'.repeat(20)}` };
      for (const answer of [
        await as('ann', 'releaseLock', 'DELETE', '/v1/locks/other%2Fhis?force=true'),
        await as('ann', 'releaseLock', 'DELETE', '/v1/locks/other%2Fhis', foreign),
      ])
        expect(answer.status).toBe(403);
      const held = await as('bob', 'inspectLock', 'GET', '/v1/locks/other%2Fhis');
      expect(held.json().locked).toBe(true);
    });

    it('a holder renews its lock but cannot release it', async ({ skip }) => {
      skip(isChecked(), 'this etcd allows the release');
      const hers = { token: `ann-${'0'.repeat(20)}` };
      const path = '/v1/locks/app%2Fhers';
      expect((await as('ann', 'renewLock', 'POST', `${path}/keepalive`, hers)).status).toBe(200);
      const released = await as('ann', 'releaseLock', 'DELETE', path, hers);
      expect(released.json()).toMatchObject({ code: 'out-of-space', outcome: 'not-applied' });
    });

    it('no user deletes the keys of others at /v2', async () => {
      const sent = { headers: basic('ann') };
      for (const query of ['', '?prevValue=v', '?recursive=true']) {
        const answer = await send(gateway.baseUrl, 'DELETE', `/v2/keys/other/v2${query}`, sent);
        expect([query, answer.status >= 400]).toEqual([query, true]);
      }
    });

    it("no user deletes the keys of others at the raw API, and the errors are etcd's", async () => {
      const key = b64('other/1');
      const requestDeleteRange = { requestDeleteRange: { key } };
      const calls: [string, object][] = [
        ['/v3/kv/deleterange', { key }],
        ['/v3beta/kv/deleterange', { key: b64('\0'), range_end: b64('\0') }],
        ['/v3/kv/txn', { success: [requestDeleteRange] }],
        ['/v3/kv/txn', { success: [{ requestTxn: { success: [requestDeleteRange] } }] }],
        ['/v3/lease/revoke', { ID: '77' }],
        ['/v3/kv/lease/revoke', { ID: '77' }],
        ['/v3/lock/unlock', { key }],
        ['/v3/election/resign', { leader: { key, rev: '1' } }],
      ];
      const isFull = 'etcdserver: mvcc: database space exceeded';
      const told = isChecked() ? ['etcdserver: permission denied', isFull] : [isFull];
      for (const [path, body] of calls) {
        const answer = await raw('ann', path, body);
        expect([path, answer.status >= 400]).toEqual([path, true]);
        expect(told, path).toContain(answer.json().message);
      }
    });

    it('S31: no user reads users and roles at the raw API', async ({ skip }) => {
      const token = await etcd.tokenOf('ann');
      const calls = [
        ['auth/user/get', { name: 'root' }],
        ['auth/role/get', { role: 'role-of-bob' }],
        ['auth/user/list', {}],
        ['auth/role/list', {}],
      ] as const;
      for (const [path, body] of calls) {
        const ofEtcd = await etcd.ask(path, body, token);
        expect([path, ofEtcd.status]).toEqual([path, isChecked() ? 403 : 200]);
        for (const prefix of ['/v3', '/v3beta', '/v3alpha']) {
          const answer = await raw('ann', `${prefix}/${path}`, body);
          expect([path, answer.status]).toEqual([
            path,
            expect.toSatisfy((s) => s === 403 || s === 503),
          ]);
          expect(answer.json().message).toMatch(/permission denied|space exceeded/);
          const headers = { authorization: token };
          const sent = { headers, body: JSON.stringify(body) };
          const byToken = await send(gateway.baseUrl, 'POST', `${prefix}/${path}`, sent);
          expect([path, byToken.status >= 400]).toEqual([path, true]);
        }
        expect([path, (await raw('root', `/v3/${path}`, body)).status]).toEqual([path, 200]);
      }
      skip(isChecked(), 'this etcd checks rights itself');
    });

    it('no token deletes keys, because etcd does not report whether it is that of root', async ({
      skip,
    }) => {
      skip(isChecked(), 'this etcd knows');
      const headers = { authorization: await etcd.tokenOf('root') };
      const body = JSON.stringify({ key: b64('other/1') });
      const sent = { headers, body };
      const answer = await send(gateway.baseUrl, 'POST', '/v3/kv/deleterange', sent);
      expect([answer.status, answer.json().code]).toEqual([503, 8]);
      const path = '/v1/kv/other/1';
      const friendly = await call('deleteKey', 'DELETE', path, { headers }, gateway.baseUrl);
      expect(friendly.json().hint).toContain('name and password');
    });

    it('a user renews leases whose keys it may read, and no others', async () => {
      const [hers, foreign] = ['000000000000004e', '000000000000004d'];
      const path = (id: string): string => `/v1/leases/${id}`;
      expect((await as('ann', 'getLease', 'GET', path(hers))).status).toBe(200);
      const renewed = await as('ann', 'keepLeaseAlive', 'POST', `${path(hers)}/keepalive`);
      expect(renewed.status).toBe(200);
      expect((await as('ann', 'getLease', 'GET', path(foreign))).status).toBe(403);
      const notHers = await as('ann', 'keepLeaseAlive', 'POST', `${path(foreign)}/keepalive`);
      expect(notHers.status).toBe(403);
    });

    it('all keys of others still exist', async () => {
      for (const key of [...KEYS, 'other/leased', 'app/leased'])
        expect([key, await countOf(key)]).toEqual([key, 1]);
    });

    it('a user reads the keys that it may read, and no others', async () => {
      expect((await as('ann', 'getKey', 'GET', '/v1/kv/app/own')).status).toBe(200);
      expect((await as('ann', 'getKey', 'GET', '/v1/kv/other/1')).status).toBe(403);
      expect((await raw('ann', '/v3/kv/range', { key: b64('app/own') })).status).toBe(200);
    });

    it('root deletes keys at every API', async () => {
      expect((await as('root', 'deleteKey', 'DELETE', '/v1/kv/other/1')).status).toBe(200);
      const leased = await as('root', 'deleteLease', 'DELETE', '/v1/leases/000000000000004d');
      expect(leased.status).toBe(200);
      const rest = await raw('root', '/v3/kv/deleterange', { key: b64('other/2') });
      expect([rest.status, rest.json().deleted]).toEqual([200, '1']);
      for (const key of ['other/1', 'other/2', 'other/leased'])
        expect([key, await countOf(key)]).toEqual([key, 0]);
    });

    it('users delete their own keys after the alarm is cleared', async () => {
      await alarm('DEACTIVATE');
      expect((await as('ann', 'deleteKey', 'DELETE', '/v1/kv/app/own')).status).toBe(200);
      expect((await as('ann', 'deleteKey', 'DELETE', '/v1/kv/other/2')).status).toBe(403);
    });
  },
);
