// `--auth=etcd` at the raw API: a user can do what every version of etcd allows, and no more, on the default version of etcd and on 3.4.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checksNestedRights } from '../../src/etcd/version.js';
import { basic, startGuardedEtcd } from '../support/guarded-etcd.js';
import type { GuardedEtcd, UserName } from '../support/guarded-etcd.js';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { userCalls } from '../support/user-calls.js';
import { eventually } from '../support/raw-router-server.js';
import { chunk, openConnection } from '../support/raw-socket.js';
import type { OpenConnection } from '../support/raw-socket.js';

const b64 = (text: string): string => Buffer.from(text).toString('base64');
const DENIED = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';
const PATHS = ['/v3/watch', '/v3beta/watch', '/v3alpha/watch'];
let serial = 0;
const fresh = (prefix: string): string => `${prefix}raw-${++serial}`;

const KEY = `"key":"${b64('app/a')}"`;
const create = (fields: string, name = 'create_request'): string => `{"${name}":{${fields}}}`;
const open = (rangeEnd: string): string => create(`${KEY},"range_end":${rangeEnd}`);

/** Each of these reads a key of others on at least one version if it reaches etcd unchanged. */
const OPENINGS: readonly string[] = [
  ...['"AA=="', '"AA"', '"AB=="', '"AP=="', '"A\\u0041=="', '"\\u0041\\u0041\\u003d\\u003d"'].map(
    open,
  ),
  ...['"AA\\n=="', '"\\nAA==\\r\\n"', '"AA==\\n\\n"', '[0]'].map(open),
  ...['rangeEnd', 'range\\u005fend', 'range\\u0045nd', '\\u0072ange_end'].map((name) =>
    create(`${KEY},"${name}":"AA=="`),
  ),
  ...['createRequest', 'create\\u005frequest', 'create\\u0052equest'].map((name) =>
    create(`${KEY},"range_end":"AA=="`, name),
  ),
  create(`${KEY},"range_end":"","range_end":"AA=="`),
  create(`${KEY},"range_end":"","rangeEnd":"AA=="`),
  create(`${KEY},"rangeEnd":"AA==","range_end":""`),
  create(`${KEY},"rangeEnd":"AA==","range_end":null`),
  `{"create_request":{${KEY}},"create_request":{${KEY},"range_end":"AA=="}}`,
  `{"create_request":{${KEY}},"createRequest":{${KEY},"range_end":"AA=="}}`,
  `{"createRequest":{${KEY},"range_end":"AA=="},"create_request":{${KEY}}}`,
  `{"create_request":null,"createRequest":{${KEY},"range_end":"AA=="}}`,
  `{"foo":1,"create_request":{${KEY},"range_end":"AA=="}}`,
  create(`${KEY},"foo":1,"range_end":"AA=="`),
  create(`${KEY},"range_end":"AA==","foo":{"a":1}`),
  create(`"key":[97,112,112,47,97],"range_end":"AA=="`),
  create(`"key":"YXBwL2Fh","range_end":"AA"`),
  create(`"key":"YXBwL2FhYR==","range_end":"AA=="`),
  ` \t\r\n${open('"AA=="')}`,
  `${open('"AA=="')}xyz`,
  `{}\n${open('"AA=="')}`,
  `null${open('"AA=="')}`,
  `{"create_request":{${KEY}}}{}${open('"AA=="')}`,
  create(`${KEY},"range_end":"AA==","filters":["NODELETE"],"fragment":true,"progress_notify":true`),
  create(`${KEY},"range_end":"AA==","watch_id":"9"`),
  create(`${KEY},"range_end":"AA==","prev_kv":true,"start_revision":"1"`),
  create('"range_end":"AA=="'),
  create('"key":"AA==","range_end":"AA=="'),
];

describe.each([undefined, '3.4'] as const)('with etcd %s', (version) => {
  let etcd: GuardedEtcd;
  let gateway: Gateway;
  beforeAll(async () => {
    etcd = await startGuardedEtcd({ ...(version && { version }) });
    gateway = await spawnGateway({ args: ['--auth=etcd', `--endpoints=${etcd.endpoint}`] });
  });
  afterAll(async () => {
    await gateway.stop();
    await etcd.stop();
  });

  const { raw } = userCalls(() => gateway);
  const putAsRoot = (key: string, value = 'v'): Promise<Answer> =>
    etcd.ask('kv/put', { key: b64(key), value: b64(value) });
  const revision = async (): Promise<number> =>
    Number((await etcd.ask('kv/range', { key: b64('x') })).json().header.revision);

  /** A watch whose body stays open after `text`. */
  const openWatch = (user: UserName, text: string, path = '/v3/watch'): OpenConnection => {
    const watch = openConnection(Number(new URL(gateway.baseUrl).port));
    const { authorization } = basic(user);
    watch.socket.write(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n` +
        `Transfer-Encoding: chunked\r\n\r\n${text === '' ? '' : chunk(text)}`,
    );
    return watch;
  };
  const watchesOfEtcd = async (): Promise<number> => {
    const { text } = await send(etcd.endpoint, 'GET', '/metrics');
    return Number(/^etcd_debugging_mvcc_watcher_total (\d+)/m.exec(text)?.[1]);
  };

  describe('a watch', () => {
    it('returns the keys of its user, a single key and a range, for a body that ends', async () => {
      const key = fresh('app/');
      const body = create(`"key":"${b64('app/')}","range_end":"${b64('app0')}","prev_kv":true`);
      const watch = openConnection(Number(new URL(gateway.baseUrl).port));
      watch.socket.write(
        `POST /v3/watch HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${basic('ann').authorization}\r\n` +
          `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      await watch.until('"created":true');
      await putAsRoot(fresh('other/'));
      await putAsRoot(key, 'one');
      await watch.until(b64(key));
      await putAsRoot(key, 'two');
      expect(await watch.until(`"prev_kv"`)).not.toContain(b64('other/').slice(0, 8));
      watch.socket.destroy();
    });

    it('accepts creates, a cancel and a progress request in one open body, in chunks of any size', async () => {
      const [first, second] = [fresh('app/'), fresh('app/')];
      const watch = openWatch('ann', '');
      const requests = [
        create(`"key":"${b64(first)}","watchId":7`),
        create(`"key":"${b64(second).replace(/=+$/, '')}","watch_id":"8"`, 'createRequest'),
      ].join(' \r\n');
      for (const letter of requests) watch.socket.write(chunk(letter));
      await watch.until('"watch_id":"8"');
      await putAsRoot(first);
      await putAsRoot(second);
      await watch.until(b64(second));
      watch.socket.write(chunk('{"cancelRequest":{"watchId":"7"}}'));
      const cancelled = await watch.until('"canceled":true');
      watch.socket.write(chunk('{"progress_request":{}}'));
      const lines = cancelled.split('"header"').length;
      await eventually(async () => (await watch.until('')).split('"header"').length > lines);
      await putAsRoot(first, 'unseen');
      await putAsRoot(second, 'seen');
      expect(await watch.until(b64('seen'))).not.toContain(b64('unseen'));
      watch.socket.destroy();
    });

    it.each(PATHS)('to the end of the keyspace is rejected in order at %s', async (path) => {
      const [before, after] = [fresh('app/'), fresh('app/')];
      const watch = openWatch('ann', create(`"key":"${b64(before)}","watch_id":1`), path);
      await watch.until('"created":true');
      watch.socket.write(
        chunk(`${open('"AA=="')}${create(`"key":"${b64(after)}","watch_id":2`)}\n`),
      );
      const text = await watch.until('"watch_id":"2"');
      expect(text.indexOf(DENIED)).toBeGreaterThan(0);
      expect(text.indexOf(DENIED)).toBeLessThan(text.indexOf('"watch_id":"2"'));
      const refused = text.split('\n').find((line) => line.includes(DENIED));
      expect(JSON.parse(refused ?? '').result).toMatchObject({
        watch_id: '-1',
        created: true,
        canceled: true,
        cancel_reason: DENIED,
      });
      await putAsRoot(fresh('other/'), 'foreign');
      await putAsRoot(before, 'first');
      await putAsRoot(after, 'second');
      await watch.until(b64('first'));
      expect(await watch.until(b64('second'))).not.toContain(b64('foreign'));
      watch.socket.destroy();
    });

    it('returns no key of others, however the end of the keyspace is encoded', async () => {
      const watches = OPENINGS.map((body) => ({ body, watch: openWatch('ann', body) }));
      for (const { watch } of watches) await watch.until('\r\n\r\n');
      const foreign = fresh('other/spelled-');
      await putAsRoot(foreign, 'foreign');
      // One more watch receives a later event. By then the others would have received theirs.
      const last = fresh('app/');
      const witness = openWatch('root', create(`"key":"${b64(last)}"`));
      await witness.until('"created":true');
      await putAsRoot(last, 'last');
      await witness.until(b64('last'));
      witness.socket.destroy();
      for (const { body, watch } of watches) {
        const text = await watch.until('');
        expect([body, text.includes(b64('foreign'))]).toEqual([body, false]);
        expect(text, body).toMatch(/PermissionDenied|HTTP\/1\.1 400|"code":3/);
        watch.socket.destroy();
      }
    });

    it('returns everything to root, up to the end of the keyspace', async () => {
      const key = fresh('other/');
      const last = '\u00ff'.repeat(20);
      const watch = openWatch('root', open('"AA"'));
      await watch.until('"created":true');
      await putAsRoot(key, 'of bob');
      await watch.until(b64('of bob'));
      const end = Buffer.from(last, 'latin1').toString('base64');
      await etcd.ask('kv/put', { key: end, value: b64('at the end') });
      await watch.until(end);
      watch.socket.destroy();
    });

    it('is rejected with 400 if its first request is malformed', async () => {
      for (const body of ['null', '[]', 'x', '{"create_request":{"key":"!"}}', '{}', '\ufeff{}']) {
        const answer = await send(gateway.baseUrl, 'POST', '/v3/watch', {
          headers: basic('ann'),
          body,
        });
        expect([body, answer.status, answer.json().code]).toEqual([body, 400, 3]);
      }
    });

    it('ends with a line that states the reason if a later request is malformed', async () => {
      const key = fresh('app/');
      const watch = openWatch('ann', create(`"key":"${b64(key)}"`));
      await watch.until('"created":true');
      watch.socket.write(chunk('{"create_request":{"key":"a b"}}'));
      const text = await watch.ended;
      expect(text).toMatch(/"error":\{"code":3,"grpc_code":3,"http_code":400,.*base64/);
      expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
    });

    it('ends in etcd when its client disconnects', async () => {
      // Watches of earlier tests may still be ending.
      let before = -1;
      await eventually(async () => {
        const last = before;
        before = await watchesOfEtcd();
        await pause(200);
        return before === last;
      });
      const watch = openWatch('ann', create(`"key":"${b64(fresh('app/'))}"`));
      await watch.until('"created":true');
      await eventually(async () => (await watchesOfEtcd()) > before);
      watch.socket.destroy();
      await eventually(async () => (await watchesOfEtcd()) <= before);
    });

    it('requires credentials', async () => {
      const answer = await send(gateway.baseUrl, 'POST', '/v3/watch', { body: open('"AA=="') });
      expect([answer.status, answer.json().code]).toEqual([400, 3]);
    });
  });

  describe('an RPC for root', () => {
    const alarm = (action: string, memberID: string): object => ({
      action,
      memberID,
      alarm: 'NOSPACE',
    });
    const denied = async (path: string, body: object): Promise<void> => {
      for (const prefix of ['/v3', '/v3beta', '/v3alpha']) {
        const answer = await raw('ann', `${prefix}/${path}`, body);
        expect([path, answer.status]).toEqual([path, 403]);
        const message = 'etcdserver: permission denied';
        expect(answer.json()).toEqual({ error: message, message, code: 7 });
      }
    };

    it('compacts for no other user', async () => {
      const key = fresh('app/');
      await putAsRoot(key, 'old');
      const then = await revision();
      await putAsRoot(key, 'new');
      await denied('kv/compaction', { revision: String(await revision()) });
      const { kvs } = (
        await etcd.ask('kv/range', { key: b64(key), revision: String(then) })
      ).json();
      expect(atob(kvs[0].value)).toBe('old');
      const asRoot = await raw('root', '/v3/kv/compaction', { revision: String(then) });
      expect(asRoot.status).toBe(200);
    });

    it('reads, raises and clears alarms for no other user', async () => {
      const { header } = (await etcd.ask('kv/range', { key: b64('x') })).json();
      await denied('maintenance/alarm', { action: 'GET' });
      await denied('maintenance/alarm', alarm('ACTIVATE', header.member_id));
      expect((await putAsRoot(fresh('app/'))).status).toBe(200);
      await denied('maintenance/alarm', alarm('DEACTIVATE', header.member_id));
      const asRoot = await raw('root', '/v3/maintenance/alarm', { action: 'GET' });
      expect([asRoot.status, asRoot.json().alarms]).toEqual([200, undefined]);
    });

    it('is denied to other users while an alarm is raised, although etcd itself allows it', async () => {
      const { header } = (await etcd.ask('kv/range', { key: b64('x') })).json();
      const raised = alarm('ACTIVATE', header.member_id);
      const clear = alarm('DEACTIVATE', header.member_id);
      expect((await raw('root', '/v3/maintenance/alarm', raised)).status).toBe(200);
      try {
        const ann = await etcd.tokenOf('ann');
        // The rest is needed only if etcd itself allows this call: 3.4.23 to 3.5.30 do, 3.6.14 does not.
        const { status } = await etcd.ask('auth/user/list', {}, ann);
        if (/^3\.[45]\./.test(etcd.version)) expect(status).toBe(200);
        await denied('maintenance/alarm', clear);
        await denied('kv/compaction', { revision: String(await revision()) });
        await denied('auth/user/grant', { user: 'ann', role: 'root' });
        await denied('auth/user/changepw', { name: 'root', password: 'of ann' });
        await denied('auth/role/grant', { name: 'role-of-ann', perm: { key: b64('other/') } });
        await denied('auth/disable', {});
        expect((await putAsRoot(fresh('app/'))).json().message).toContain('space exceeded');
        expect((await raw('root', '/v3/maintenance/alarm', clear)).status).toBe(200);
        expect((await putAsRoot(fresh('app/'))).status).toBe(200);
      } finally {
        await etcd.ask('maintenance/alarm', clear);
      }
    });

    it('succeeds for root', async () => {
      const user = fresh('user-');
      const added = await raw('root', '/v3/auth/user/add', { name: user, password: 'p' });
      expect(added.status).toBe(200);
      const { users } = (await raw('root', '/v3/auth/user/list', {})).json();
      expect(users).toContain(user);
      await denied('auth/user/delete', { name: user });
      expect((await raw('root', '/v3/auth/user/delete', { name: user })).status).toBe(200);
    });

    it('moves the leader and prepares a downgrade for no other user', async () => {
      await denied('maintenance/transfer-leadership', { targetID: '1' });
      await denied('maintenance/downgrade', { action: 'VALIDATE', version: '3.4.0' });
      await denied('maintenance/downgrade', { action: 'ENABLE', version: '3.4.0' });
      const asRoot = await raw('root', '/v3/maintenance/transfer-leadership', { targetID: '1' });
      expect(asRoot.json().message).toContain('bad leader transferee');
    });
  });

  it('logs the missing checks of this version of etcd once', () => {
    const lines = gateway
      .output()
      .split('\n')
      .filter((line) => line.includes('nested transactions'));
    expect(lines.map((line) => JSON.parse(line).versions)).toEqual(
      checksNestedRights(etcd.version) ? [] : [[etcd.version]],
    );
  });
});
