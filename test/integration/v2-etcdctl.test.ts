// The unmodified etcdctl in v2 mode against the gateway and an etcd 3.4 that serves v2. It prints the same and contacts no other server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { findEtcdctlOfV2 } from '../support/etcdctl.js';
import { EtcdctlV2 } from '../support/etcdctl-v2.js';
import type { V2Command } from '../support/etcdctl-v2.js';
import { send } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { eventually } from '../support/raw-router-server.js';
import { newPath } from '../support/v2-client.js';

const found = await findEtcdctlOfV2();
const skipReason = 'reason' in found ? found.reason : undefined;
if (skipReason !== undefined)
  console.error(`skipping the tests with etcdctl in v2 mode: ${skipReason}`);

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

/** Replaces IDs, addresses and indexes, which differ between clusters. */
function common({ status, stdout, stderr }: V2Command): object {
  const normalize = (text: string): string =>
    text
      .replace(/\b[0-9a-f]{15,16}\b/g, 'ID')
      .replace(/http:\/\/127\.0\.0\.1:\d+/g, 'URL')
      .replace(/\[\d+\]$|(?<=Index: )\d+/gm, 'INDEX');
  return { status, stdout: normalize(stdout), stderr: normalize(stderr) };
}

/** Runs a command against both servers and returns the result of the gateway. */
async function both(...args: string[]): Promise<V2Command> {
  const [etcdResult, result] = await Promise.all(ctls.map((ctl) => ctl.run(...args)));
  expect(common(result!), args.join(' ')).toEqual(common(etcdResult!));
  return result!;
}

/** Returns the requests in the gateway's access log. */
function loggedRequests(): string[] {
  return gateway
    .output()
    .split('\n')
    .filter((line) => line.includes('"path"'))
    .map((line) => JSON.parse(line) as { method: string; path: string })
    .map(({ method, path }) => `${method} ${path}`);
}

const withoutQuery = (request: string): string =>
  request.replace(gateway.baseUrl, '').replace(/\?.*/, '');

describe.skipIf(skipReason !== undefined)('etcdctl in v2 mode', () => {
  it('sets, creates, updates, reads, lists and deletes keys', async () => {
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

  it('lists the members and the leader, and reports a healthy cluster', async () => {
    const list = await both('member', 'list');
    expect(list.stdout).toContain(`clientURLs=${gateway.baseUrl} isLeader=true`);
    expect((await both('cluster-health')).stdout).toContain('cluster is healthy');
  });

  it('watches a directory', async () => {
    const path = newPath();
    const watching = ctls.map((ctl) => ctl.run('watch', '--recursive', path));
    await Promise.all(bases().map(untilWatched));
    await both('set', `${path}/a`, '1');
    const [etcdResult, result] = await Promise.all(watching);
    expect(common(result!)).toEqual(common(etcdResult!));
    expect(result!.stdout).toContain(`[set] ${path}/a`);
  });

  it('runs a command for each change', async () => {
    const path = newPath();
    const script = ['sh', '-c', 'echo "$ETCD_WATCH_ACTION $ETCD_WATCH_KEY $ETCD_WATCH_VALUE"'];
    const watching = ctls.map((ctl) =>
      ctl.lines(2, 'exec-watch', '--recursive', path, '--', ...script),
    );
    await Promise.all(bases().map(untilWatched));
    await both('set', `${path}/a`, '1');
    await Promise.all(bases().map(untilWatched));
    await both('rm', `${path}/a`);
    const [etcdResult, result] = await Promise.all(watching);
    expect(result!.stdout).toBe(etcdResult!.stdout);
    expect(result!.stdout).toBe(`set ${path}/a 1\ndelete ${path}/a \n`);
  });

  it('contacts only the gateway', async () => {
    const path = newPath();
    const before = loggedRequests().length;
    const [, ctl] = ctls;
    const commands = [
      await ctl.run('set', `${path}/a`, '1'),
      await ctl.run('ls', path),
      await ctl.run('member', 'list'),
      await ctl.run('cluster-health'),
    ];
    const sent = commands.flatMap(({ requests }) => requests);
    expect(sent.filter((request) => !request.includes(` ${gateway.baseUrl}/`))).toEqual([]);
    // In its debug output, cluster-health leaves out its own request.
    const expected = [...sent.map(withoutQuery), 'GET /health'];
    // The log can contain a late entry for a wait of an earlier command.
    const newRequests = (): string[] =>
      loggedRequests()
        .slice(before)
        .filter((line) => !line.includes('/v2/keys/') || line.includes(path));
    await eventually(() => newRequests().length >= expected.length, 5_000);
    expect(newRequests()).toEqual(expected);
  });
});

async function untilWatched(base: string): Promise<void> {
  const watchers = async (): Promise<number> =>
    ((await send(base, 'GET', '/v2/stats/store')).json() as { watchers: number }).watchers;
  await eventually(async () => (await watchers()) > 0, 10_000);
}
