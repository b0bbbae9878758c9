// The real command line of v2, unchanged, at the gateway and at an etcd 3.4 that speaks v2 itself: it says the same, and asks nobody else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { findEtcdctlOfV2 } from '../support/etcdctl.js';
import { EtcdctlV2 } from '../support/etcdctl-v2.js';
import type { V2Command } from '../support/etcdctl-v2.js';
import { send } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { eventually } from '../support/raw-door.js';
import { newPath } from '../support/v2-client.js';

const found = await findEtcdctlOfV2();
const obstacle = 'reason' in found ? found.reason : undefined;
if (obstacle !== undefined) console.error(`not tested against etcdctl of v2: ${obstacle}`);

const stops: (() => Promise<void>)[] = [];
let native: Member;
let gateway: Gateway;
let ctls: readonly [EtcdctlV2, EtcdctlV2];
beforeAll(async () => {
  if ('reason' in found) return;
  native = await startMember({ version: '3.4', extraArgs: ['--enable-v2'] });
  stops.push(() => native.stop());
  const member = await startMember();
  stops.push(() => member.stop());
  gateway = await spawnGateway({ args: ['--endpoints', member.endpoint, '--log-level=info'] });
  stops.push(() => gateway.stop());
  ctls = [new EtcdctlV2(found.file, native.endpoint), new EtcdctlV2(found.file, gateway.baseUrl)];
});
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

const bases = (): [string, string] => [native.endpoint, gateway.baseUrl];

/** What each member calls its own: ids, addresses, indexes. */
function common({ status, stdout, stderr }: V2Command): object {
  const plain = (text: string): string =>
    text
      .replace(/\b[0-9a-f]{15,16}\b/g, 'ID')
      .replace(/http:\/\/127\.0\.0\.1:\d+/g, 'URL')
      .replace(/\[\d+\]$|(?<=Index: )\d+/gm, 'INDEX');
  return { status, stdout: plain(stdout), stderr: plain(stderr) };
}

/** Runs it at both, and gives what the gateway's said. */
async function both(...args: string[]): Promise<V2Command> {
  const [theirs, ours] = await Promise.all(ctls.map((ctl) => ctl.run(...args)));
  expect(common(ours!), args.join(' ')).toEqual(common(theirs!));
  return ours!;
}

/** What the gateway wrote into its access log. */
function served(): string[] {
  return gateway
    .output()
    .split('\n')
    .filter((line) => line.includes('"path"'))
    .map((line) => JSON.parse(line) as { method: string; path: string })
    .map(({ method, path }) => `${method} ${path}`);
}

const withoutQuery = (request: string): string =>
  request.replace(gateway.baseUrl, '').replace(/\?.*/, '');

describe.skipIf(obstacle !== undefined)('etcdctl in v2 mode', () => {
  it('sets, makes, updates, reads, lists and removes', async () => {
    const path = newPath();
    expect((await both('set', `${path}/f`, 'one')).stdout).toBe('one\n');
    await both('mk', `${path}/g`, 'two');
    expect((await both('mk', `${path}/g`, 'three')).status).toBe(4);
    await both('update', `${path}/f`, 'four');
    await both('update', `${path}/none`, 'x');
    await both('set', '--swap-with-value', 'four', `${path}/f`, 'five');
    await both('set', '--swap-with-value', 'four', `${path}/f`, 'six');
    await both('set', '--ttl', '100', `${path}/short`, 'x');
    await both('mk', '--in-order', `${path}/queue`, 'job');
    expect((await both('get', `${path}/f`)).stdout).toBe('five\n');
    await both('-o', 'extended', 'get', '--quorum', `${path}/f`);
    await both('get', `${path}/none`);
    await both('mkdir', `${path}/d/e`);
    await both('mkdir', `${path}/d`);
    await both('setdir', `${path}/s`);
    await both('updatedir', '--ttl', '100', `${path}/s`);
    expect((await both('ls', '--sort', '-p', path)).stdout).toBe(
      ['d/', 'f', 'g', 'queue/', 's/', 'short'].map((name) => `${path}/${name}\n`).join(''),
    );
    await both('rmdir', `${path}/d`);
    await both('rmdir', `${path}/d/e`);
    await both('rm', '--with-value', 'nine', `${path}/f`);
    expect((await both('rm', `${path}/f`)).stdout).toBe('PrevNode.Value: five\n');
    await both('rm', path);
    await both('rm', '--recursive', path);
    expect((await both('ls', path)).status).toBe(4);
  });

  it('names the members, the leader, and a cluster that is well', async () => {
    const list = await both('member', 'list');
    expect(list.stdout).toContain(`clientURLs=${gateway.baseUrl} isLeader=true`);
    expect((await both('cluster-health')).stdout).toContain('cluster is healthy');
  });

  it('watches', async () => {
    const path = newPath();
    const watching = ctls.map((ctl) => ctl.run('watch', '--recursive', path));
    await Promise.all(bases().map(untilWatched));
    await both('set', `${path}/a`, '1');
    const [theirs, ours] = await Promise.all(watching);
    expect(common(ours!)).toEqual(common(theirs!));
    expect(ours!.stdout).toContain(`[set] ${path}/a`);
  });

  it('runs a command for every change', async () => {
    const path = newPath();
    const script = ['sh', '-c', 'echo "$ETCD_WATCH_ACTION $ETCD_WATCH_KEY $ETCD_WATCH_VALUE"'];
    const watching = ctls.map((ctl) =>
      ctl.lines(2, 'exec-watch', '--recursive', path, '--', ...script),
    );
    await Promise.all(bases().map(untilWatched));
    await both('set', `${path}/a`, '1');
    await Promise.all(bases().map(untilWatched));
    await both('rm', `${path}/a`);
    const [theirs, ours] = await Promise.all(watching);
    expect(ours!.stdout).toBe(theirs!.stdout);
    expect(ours!.stdout).toBe(`set ${path}/a 1\ndelete ${path}/a \n`);
  });

  it('asks the gateway and nobody else', async () => {
    const path = newPath();
    const before = served().length;
    const [, ctl] = ctls;
    const commands = [
      await ctl.run('set', `${path}/a`, '1'),
      await ctl.run('ls', path),
      await ctl.run('member', 'list'),
      await ctl.run('cluster-health'),
    ];
    const asked = commands.flatMap(({ requests }) => requests);
    expect(asked.filter((request) => !request.includes(` ${gateway.baseUrl}/`))).toEqual([]);
    // Of cluster-health it tells all but the question itself.
    const expected = [...asked.map(withoutQuery), 'GET /health'];
    // A wait of an earlier command may be written to the log only now.
    const servedNow = (): string[] =>
      served()
        .slice(before)
        .filter((line) => !line.includes('/v2/keys/') || line.includes(path));
    await eventually(() => servedNow().length >= expected.length, 5_000);
    expect(servedNow()).toEqual(expected);
  });
});

async function untilWatched(base: string): Promise<void> {
  const watchers = async (): Promise<number> =>
    ((await send(base, 'GET', '/v2/stats/store')).json() as { watchers: number }).watchers;
  await eventually(async () => (await watchers()) > 0, 10_000);
}
