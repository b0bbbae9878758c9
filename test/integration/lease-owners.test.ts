// Leases without keys: for their creator and for administrators, at every replica, with API tokens and with users of etcd.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import type { InterceptedGateway } from '../support/etcd-interceptor.js';
import { startGuardedEtcd } from '../support/guarded-etcd.js';
import type { GuardedEtcd, UserName } from '../support/guarded-etcd.js';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { bearer, startTokenGateway } from '../support/token-gateway.js';
import type { TokenGateway } from '../support/token-gateway.js';
import { userCalls } from '../support/user-calls.js';
import { codeOf } from '../support/v1-calls.js';

const DENIED = [403, 'permission-denied'];
const etcd = inject('etcdEndpoint');

interface Page {
  readonly leases: readonly { readonly id: string }[];
  readonly next?: string;
}

async function allPages(list: (query: string) => Promise<Answer>): Promise<string[]> {
  const ids: string[] = [];
  for (let query = ''; ;) {
    const page = (await list(query)).json() as Page;
    ids.push(...page.leases.map(({ id }) => id));
    if (page.next === undefined) return ids;
    query = `?next=${page.next}`;
  }
}

/** Without the health probes of the gateway. */
function leaseCalls({ calls }: InterceptedGateway): number {
  return calls.filter(({ path }) => path.startsWith('/v3/lease/')).length;
}

/** As an etcd client creates a lease without the gateway. */
async function grantAtEtcd(id = '0', hasKey = false): Promise<string> {
  const lease = BigInt(`0x${id}`).toString();
  const body = JSON.stringify({ TTL: 60, ID: lease });
  const { ID } = (await send(etcd, 'POST', '/v3/lease/grant', { body })).json() as { ID: string };
  const key = Buffer.from(newKey('other')).toString('base64');
  const put = JSON.stringify({ key, value: key, lease: ID });
  if (hasKey) await send(etcd, 'POST', '/v3/kv/put', { body: put });
  return BigInt(ID).toString(16).padStart(16, '0');
}

describe('S27: with API tokens an empty lease', () => {
  let folder: string;
  let door: TokenGateway;
  let replica: TokenGateway;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-'));
    door = await startTokenGateway(etcd, folder);
    replica = await startTokenGateway(etcd, folder);
  });
  afterAll(async () => {
    await Promise.all([door.stop(), replica.stop()]);
    await rm(folder, { recursive: true });
  });

  const make = async (): Promise<string> =>
    (await door.as('app', 'POST', '/v1/leases', { ttl: 60 })).json().id as string;
  const key = (): string => `app/${newKey()}`;
  /** All uses of one lease. The last one revokes it. */
  const usesOf = (at: TokenGateway, holder: 'app' | 'everything' | 'admin', id: string) =>
    [
      () => at.as(holder, 'GET', `/v1/leases/${id}`),
      () => at.as(holder, 'POST', `/v1/leases/${id}/keepalive`),
      () => at.as(holder, 'DELETE', `/v1/leases/${id}`),
    ] as const;
  const attachmentsOf = (at: TokenGateway, holder: 'app' | 'everything' | 'admin', id: string) =>
    [
      () => at.as(holder, 'PUT', `/v1/kv/${encodeURIComponent(key())}`, { value: 'v', lease: id }),
      () =>
        at.as(holder, 'POST', '/v1/txn', {
          then: [{ put: { key: key(), value: 'v', lease: id } }],
        }),
      () =>
        at.as(holder, 'PUT', `/v1/locks/${encodeURIComponent(key())}`, { owner: 'a', lease: id }),
      () =>
        at.as(holder, 'PUT', `/v1/elections/${encodeURIComponent(key())}`, {
          candidate: 'a',
          lease: id,
        }),
    ] as const;
  const listedTo = (at: TokenGateway, holder: 'app' | 'everything' | 'admin'): Promise<string[]> =>
    allPages((query) => at.as(holder, 'GET', `/v1/leases${query}`));

  it('cannot be read, used, renewed or revoked by another token', async () => {
    const id = await make();
    for (const use of [...attachmentsOf(door, 'everything', id), ...usesOf(door, 'everything', id)])
      expect(codeOf(await use())).toEqual(DENIED);
    expect(await listedTo(door, 'everything')).not.toContain(id);
    expect((await door.as('app', 'GET', `/v1/leases/${id}`)).json().keyCount).toBe(0);
  });

  it('can be read, used, renewed and revoked by its creator, also at another replica', async () => {
    for (const at of [door, replica]) {
      for (const attach of [0, 1, 2, 3]) {
        const id = await make();
        expect(await listedTo(at, 'app')).toContain(id);
        expect((await usesOf(at, 'app', id)[1]()).status).toBe(200);
        expect((await attachmentsOf(at, 'app', id)[attach]!()).status).toBe(200);
        for (const use of usesOf(at, 'app', id)) expect((await use()).status).toBe(200);
      }
    }
  });

  it('can be used by administrators, and only by them if another program created it', async () => {
    for (const id of [await make(), await grantAtEtcd()]) {
      expect(await listedTo(door, 'admin')).toContain(id);
      expect((await attachmentsOf(door, 'admin', id)[0]()).status).toBe(200);
    }
    const id = await grantAtEtcd();
    for (const holder of ['app', 'everything'] as const) {
      for (const use of [...attachmentsOf(door, holder, id), ...usesOf(door, holder, id)])
        expect(codeOf(await use())).toEqual(DENIED);
      expect(await listedTo(door, holder)).not.toContain(id);
    }
    for (const use of usesOf(door, 'admin', id)) expect((await use()).status).toBe(200);
  });

  it('can be used by every token with the rights to its keys once it has keys', async () => {
    const id = await make();
    const shared = key();
    await door.as('app', 'PUT', `/v1/kv/${encodeURIComponent(shared)}`, { value: 'v', lease: id });
    expect((await door.as('everything', 'GET', `/v1/leases/${id}`)).json().keys).toEqual([shared]);
    expect((await usesOf(door, 'everything', id)[1]()).status).toBe(200);
    expect((await attachmentsOf(door, 'everything', id)[0]()).status).toBe(200);
  });

  it('gets its ID from the gateway unless an administrator chooses it', async () => {
    const id = newKey().slice(5, 12).replace(/^0+/, '1');
    const body = { ttl: 60, id };
    const refused = await door.as('everything', 'POST', '/v1/leases', body);
    expect(codeOf(refused)).toEqual(DENIED);
    expect(refused.json().hint).toContain('omit id');
    expect((await door.as('admin', 'POST', '/v1/leases', body)).status).toBe(200);
  });

  it('works for keys with a ttl and v2 nodes of every token with the rights', async () => {
    const name = key();
    const at = `/v1/kv/${encodeURIComponent(name)}`;
    const put = await door.as('app', 'PUT', at, { value: 'v', ttl: 60 });
    expect(put.status).toBe(200);
    const { lease } = put.json();
    expect((await door.as('everything', 'GET', `/v1/leases/${lease}`)).json().keys).toEqual([name]);
    expect((await door.as('app', 'POST', `/v1/leases/${lease}/keepalive`)).status).toBe(200);
    const node = await door.as('app', 'PUT', `/v2/keys/${key()}`, { value: 'v', ttl: '60' });
    expect(node.status).toBe(201);
  });

  it('L15: costs a list one call if it is not shown, at most 64 calls for each page', async () => {
    // Adjacent IDs, so that no lease of another test is between them.
    const block = (0x10000000 + Math.floor(Math.random() * 0x30000000)).toString(16);
    const idOf = (index: number): string => `${block}${index.toString(16).padStart(8, '0')}`;
    const others = Array.from({ length: 70 }, (_, index) => idOf(index + 1));
    await Promise.all(others.map((id, index) => grantAtEtcd(id, index % 2 === 0)));
    const between = await spawnInterceptedGateway(etcd, [
      '--auth=tokens',
      `--tokens=${door.tokensFile}`,
    ]);
    for (const limit of [1, 1_000]) {
      const before = leaseCalls(between);
      const path = `/v1/leases?limit=${limit}&next=${idOf(0)}`;
      const answer = await send(between.baseUrl, 'GET', path, { headers: bearer('app') });
      expect([answer.status, answer.json()]).toEqual([200, { leases: [], next: others[63] }]);
      expect(leaseCalls(between) - before).toBeLessThanOrEqual(65);
    }
    for (const other of others) await door.as('admin', 'DELETE', `/v1/leases/${other}`);
  });
});

describe.each([undefined, '3.4'] as const)(
  'S27: with users of the etcd of line %s an empty lease',
  (version) => {
    let guarded: GuardedEtcd;
    let gateway: Gateway;
    let replica: Gateway;
    beforeAll(async () => {
      guarded = await startGuardedEtcd({ ...(version && { version }) });
      const args = ['--auth=etcd', `--endpoints=${guarded.endpoint}`];
      [gateway, replica] = await Promise.all([spawnGateway({ args }), spawnGateway({ args })]);
    });
    afterAll(async () => {
      await Promise.all([gateway.stop(), replica.stop()]);
      await guarded.stop();
    });

    const { as } = userCalls(() => gateway);
    const atReplica = userCalls(() => replica).as;
    const make = async (user: UserName): Promise<string> =>
      (await as(user, 'createLease', 'POST', '/v1/leases', { ttl: 60 })).json().id as string;
    const usesOf = (at: typeof as, user: UserName, id: string, key: string) =>
      [
        () => at(user, 'getLease', 'GET', `/v1/leases/${id}`),
        () => at(user, 'keepLeaseAlive', 'POST', `/v1/leases/${id}/keepalive`),
        () => at(user, 'putKey', 'PUT', `/v1/kv/${key}`, { value: 'v', lease: id }),
        () =>
          at(user, 'transact', 'POST', '/v1/txn', {
            then: [{ put: { key, value: 'v', lease: id } }],
          }),
        () =>
          at(user, 'acquireLock', 'PUT', `/v1/locks/${encodeURIComponent(key)}`, {
            owner: user,
            lease: id,
          }),
        () => at(user, 'deleteLease', 'DELETE', `/v1/leases/${id}`),
      ] as const;

    it('cannot be read, used, renewed or revoked by another user', async () => {
      const id = await make('ann');
      for (const use of usesOf(as, 'bob', id, 'other/seized'))
        expect(codeOf(await use())).toEqual(DENIED);
      const list = await as('bob', 'listLeases', 'GET', '/v1/leases');
      // From 3.5.28 on etcd denies the list to users with limited rights, unless all leases are empty.
      if (list.status === 200) expect(list.text).not.toContain(id);
      expect((await as('ann', 'getLease', 'GET', `/v1/leases/${id}`)).status).toBe(200);
      await as('root', 'deleteLease', 'DELETE', `/v1/leases/${id}`);
    });

    it('can be used by its creator, also at another replica, and by root', async () => {
      const byUser = [
        ['ann', as, 'app/own'],
        ['ann', atReplica, 'app/own'],
        ['root', as, 'app/own'],
      ] as const;
      for (const [user, at, key] of byUser) {
        const id = await make('ann');
        for (const use of usesOf(at, user, id, key)) expect((await use()).status).toBe(200);
      }
    });

    it('gets its ID from the gateway unless root chooses it', async () => {
      const body = { ttl: 60, id: '777' };
      expect(codeOf(await as('ann', 'createLease', 'POST', '/v1/leases', body))).toEqual(DENIED);
      expect((await as('root', 'createLease', 'POST', '/v1/leases', body)).status).toBe(200);
      expect((await as('root', 'deleteLease', 'DELETE', '/v1/leases/777')).status).toBe(200);
    });

    it('works for keys with a ttl', async () => {
      const put = await as('ann', 'putKey', 'PUT', '/v1/kv/app/short', { value: 'v', ttl: 60 });
      expect(put.status).toBe(200);
      const { lease } = put.json();
      expect(
        (await as('ann', 'keepLeaseAlive', 'POST', `/v1/leases/${lease}/keepalive`)).status,
      ).toBe(200);
    });
  },
);
