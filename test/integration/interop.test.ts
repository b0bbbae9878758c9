// One queue with other etcd clients: etcdctl, and clients of etcd's own lock and election services at the raw API.
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import { onPath, runCommand } from '../../src/embedded/command.js';
import { electionClient } from '../support/election-client.js';
import { testPath } from '../support/etcd-versions.js';
import { findEtcdctl } from '../support/etcdctl.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { RawEtcd } from '../support/raw-etcd.js';

const gateway = inject('gatewayUrl');
const etcd = inject('etcdEndpoint');
const locks = lockClient(gateway);
const elections = electionClient(gateway);
/** etcd's JSON API through the gateway. */
const door = new RawEtcd(gateway);

const SCRIPT_LIMIT_MS = 60_000;

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const lease = async (api: string): Promise<string> =>
  (await door.call(`${api}/lease/grant`, { TTL: 60 })).ID as string;

const etcdctl = await findEtcdctl();
const curl = await onPath('curl', testPath());
const noCurl = curl === undefined ? 'there is no curl on the PATH' : undefined;
const obstacle = 'reason' in etcdctl ? etcdctl.reason : noCurl;
const title = obstacle === undefined ? '' : ` (skipped: ${obstacle})`;
if (obstacle !== undefined) console.error(`not tested against etcdctl: ${obstacle}`);

/** The lines that a script of test/interop writes. */
async function linesOf(script: string): Promise<string[]> {
  const file = fileURLToPath(new URL(`../interop/${script}`, import.meta.url));
  const program = 'file' in etcdctl ? etcdctl.file : '';
  const args = [file, program, new URL(etcd).host, gateway, newKey()];
  const result = await runCommand('/bin/sh', args, {
    env: { PATH: testPath() },
    timeoutMs: SCRIPT_LIMIT_MS,
  });
  return result.kind === 'done' ? result.stdout.trimEnd().split('\n') : [result.reason];
}

describe.skipIf(obstacle !== undefined)(`etcdctl${title}`, () => {
  it('lock holds while a PUT waits, and waits while a PUT holds', async () => {
    expect(await linesOf('lock-order.sh')).toEqual([
      'the first etcdctl holds',
      'the PUT waits',
      'the first etcdctl lets go',
      'the PUT holds',
      'the second etcdctl waits',
      'the PUT is released',
      'the second etcdctl holds',
      'the second etcdctl lets go',
    ]);
  });

  it('elect leads while a candidate of the gateway waits, waits while that candidate leads, and sees its proclamations', async () => {
    expect(await linesOf('election-order.sh')).toEqual([
      'one leads, 2 stand by',
      'two leads, 1 stand by',
      'two, promoted leads, 1 stand by',
      'three leads, 0 stand by',
      'etcdctl saw: one|two|two, promoted|three',
    ]);
  });
});

describe("etcd's own lock service at the raw API", () => {
  it.each(['/v3', '/v3beta', '/v3alpha'])(
    '%s: grant, lock, keepalive, unlock, revoke queue with PUT /v1/locks',
    async (api) => {
      const name = newKey();
      const lock = { name: base64(`locks/${name}`) };
      const [first, second] = [await lease(api), await lease(api)];
      const held = await door.call(`${api}/lock/lock`, { ...lock, lease: first });
      const waiting = locks.hold200(name, { owner: 'us', wait: 20 });
      await locks.untilQueued(name, 1);
      const later = door.call(`${api}/lock/lock`, { ...lock, lease: second });
      await locks.untilQueued(name, 2);
      const { holders, waiters } = (await locks.inspect(name)).json();
      expect([holders[0].owner, waiters[0].owner, waiters[1].owner]).toEqual([null, 'us', null]);

      const kept = await door.call(`${api}/lease/keepalive`, { ID: first });
      expect(Number(kept.result.TTL)).toBe(60);
      await door.call(`${api}/lock/unlock`, { key: held.key });
      const { token, fencingToken } = await waiting;
      expect(fencingToken).toBeGreaterThan(holders[0].fencingToken as number);
      expect((await locks.inspect(name)).json().queueLength).toBe(1);

      await locks.release(name, { token });
      const { key } = await later;
      const last = (await locks.inspect(name)).json().holders[0];
      expect([last.owner, last.fencingToken > fencingToken]).toEqual([null, true]);
      await door.call(`${api}/lock/unlock`, { key });
      await door.call(`${api}/lease/revoke`, { ID: first });
      await door.call(`${api}/lease/revoke`, { ID: second });
      expect((await locks.inspect(name)).json().locked).toBe(false);
    },
  );

  it('hands over to a PUT when the lease of its holder is revoked', async () => {
    const name = newKey();
    const id = await lease('/v3');
    await door.call('/v3/lock/lock', { name: base64(`locks/${name}`), lease: id });
    const waiting = locks.hold200(name, { owner: 'us', wait: 20 });
    await locks.untilQueued(name, 1);
    await door.call('/v3/lease/revoke', { ID: id });
    expect((await waiting).owner).toBe('us');
  });

  it('uses the encoded form of a name that needs encoding', async () => {
    const name = `${newKey()}/a b%`;
    const id = await lease('/v3');
    const encoded = `locks/${name.replace('%', '%25').replace('/', '%2F').replace(' ', '%20')}`;
    await door.call('/v3/lock/lock', { name: base64(encoded), lease: id });
    expect((await locks.acquire(name, { owner: 'us' })).status).toBe(423);
    await door.call('/v3/lease/revoke', { ID: id });
    expect((await locks.acquire(name, { owner: 'us' })).status).toBe(200);
  });
});

describe("etcd's own election service at the raw API", () => {
  it('queues with PUT /v1/elections, and reads what is said there', async () => {
    const name = newKey();
    const election = { name: base64(`elections/${name}`) };
    const [first, second] = [await lease('/v3'), await lease('/v3')];
    const stand = (id: string, value: string): Promise<any> =>
      door.call('/v3/election/campaign', { ...election, lease: id, value: base64(value) });
    const { leader } = await stand(first, 'one');
    expect((await elections.inspect(name)).leader.candidate).toBe('one');
    await door.call('/v3/election/proclaim', { leader, value: base64('one, again') });
    expect((await elections.inspect(name)).leader.candidate).toBe('one, again');

    const waiting = elections.lead(name, { candidate: 'two', wait: 20 });
    await elections.untilQueued(name, 1);
    const later = stand(second, 'three');
    await elections.untilQueued(name, 2);
    await door.call('/v3/election/resign', { leader });
    const { token } = await waiting;
    await elections.proclaim(name, { token, candidate: 'two, again' });
    const { kv } = await door.call('/v3/election/leader', election);
    expect(Buffer.from(kv.value as string, 'base64').toString()).toBe('two, again');

    await elections.resign(name, { token });
    await later;
    expect((await elections.inspect(name)).leader.candidate).toBe('three');
    for (const id of [first, second]) await door.call('/v3/lease/revoke', { ID: id });
    expect((await elections.inspect(name)).leader).toBeNull();
  });
});
