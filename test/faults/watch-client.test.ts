// Watches while members are killed, paused and left without a leader. One-sided limits, far above what is promised.
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { GATEWAY_IDENTITY } from '../../src/core/caller.js';
import { createEtcdClient } from '../../src/etcd/client.js';
import type { EtcdClient } from '../../src/etcd/client.js';
import { EndpointPool } from '../../src/etcd/endpoints/pool.js';
import { prefixRange } from '../../src/etcd/range.js';
import { createConnector } from '../../src/etcd/transport/connection.js';
import { createTransport } from '../../src/etcd/transport/transport.js';
import { createWatchClient } from '../../src/etcd/watch/client.js';
import type { WatchClient } from '../../src/etcd/watch/client.js';
import type { WatchEnd } from '../../src/etcd/watch/watch-listener.js';
import { callerFor } from '../support/caller.js';
import { startMember, startThreeMembers } from '../support/etcd.js';
import { newKey } from '../support/new-key.js';
import { eventually } from '../support/raw-router-server.js';
import { recordWatch } from '../support/watch-recorder.js';
import type { WatchRecorder } from '../support/watch-recorder.js';

const LIMIT_MS = 30_000;
const REWATCH_MS = 100;
const PROBE = { keepaliveIdleMs: 1_000, keepaliveTimeoutMs: 1_000 };

const transport = createTransport(
  {
    socketsMax: 16,
    idleSocketsMax: 4,
    responseBytesMax: 1_000_000,
  },
  createConnector({ connectTimeoutMs: 1_000 }),
);

interface Watched {
  readonly client: WatchClient;
  readonly etcd: EtcdClient;
}

const clients: WatchClient[] = [];
afterEach(() => clients.splice(0).forEach((client) => client.close()));

function connect(...endpoints: string[]): Watched {
  const client = createWatchClient({
    pool: new EndpointPool(endpoints),
    transport,
    limits: PROBE,
  });
  clients.push(client);
  return { client, etcd: createEtcdClient({ pool: new EndpointPool(endpoints), transport }) };
}

/** Resumes a watch after its last event, like every owner of a watch. */
function watchOn(client: WatchClient, prefix: string, start: number): WatchRecorder {
  let next = start;
  const open = (): void => {
    client.watch(
      GATEWAY_IDENTITY,
      { ...prefixRange(Buffer.from(prefix)), startRevision: next },
      {
        onCreated: (revision) => recorder.onCreated?.(revision),
        onEvents: (events, revision) => {
          next = events.at(-1)!.kv.modRevision + 1;
          recorder.onEvents(events, revision);
        },
        onEnd: (end) => recorder.onEnd(end),
      },
    );
  };
  const recorder = recordWatch((end: WatchEnd) => {
    if (end.kind === 'broken' && end.error.code !== 'shutting-down') setTimeout(open, REWATCH_MS);
  });
  open();
  return recorder;
}

async function put(etcd: EtcdClient, key: string): Promise<string> {
  const request = { key: Buffer.from(key), value: Buffer.from('v') };
  return `${key}@${(await etcd.put(callerFor({ timeoutMs: LIMIT_MS }), request)).header.revision}`;
}

describe('a member that is killed and comes back', () => {
  it('F40: ends its watches at once; they resume without gap or duplicate', async () => {
    const member = await startMember();
    onTestFinished(() => member.stop());
    const { client, etcd } = connect(member.endpoint);
    const prefix = newKey('');
    const expected = [await put(etcd, `${prefix}first`)];
    const start = Number(expected[0]!.split('@')[1]);
    const watches = Array.from({ length: 20 }, () => watchOn(client, prefix, start));
    await Promise.all(watches.map((each) => each.untilEvents(1)));
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 20; i++) expected.push(await put(etcd, `${prefix}${round}-${i}`));
      await Promise.all(watches.map((each) => each.untilEvents(expected.length)));
      const before = watches.map((each) => each.ends.length);
      await member.kill('SIGKILL');
      await eventually(() => watches.every((each, i) => each.ends.length > before[i]!), LIMIT_MS);
      await member.restart();
      for (let i = 0; i < 20; i++) expected.push(await put(etcd, `${prefix}${round}+${i}`));
      await Promise.all(watches.map((each) => each.untilEvents(expected.length)));
    }
    await pause(500);
    for (const each of watches) expect(each.names).toEqual(expected);
    const kinds = watches.flatMap((each) => each.ends.map(({ kind }) => kind));
    expect(new Set(kinds)).toEqual(new Set(['broken']));
    expect(client.watches).toBe(20);
  });
});

describe('a member that is paused', () => {
  it('F41: is abandoned although its connection is open, and watches resume at another member', async () => {
    const cluster = await startThreeMembers();
    onTestFinished(() => cluster.stop());
    const leader = await cluster.leader();
    const first = cluster.members.find((member) => member !== leader)!;
    const others = cluster.members.filter((member) => member !== first);
    const { client } = connect(first.endpoint, ...others.map(({ endpoint }) => endpoint));
    const { etcd } = connect(...others.map(({ endpoint }) => endpoint));
    const prefix = newKey('');
    const expected = [await put(etcd, `${prefix}before`)];
    const watcher = watchOn(client, prefix, Number(expected[0]!.split('@')[1]));
    await watcher.untilEvents(1);
    await first.kill('SIGSTOP');
    expected.push(await put(etcd, `${prefix}during`));
    expect(await watcher.untilEnd(LIMIT_MS)).toMatchObject({
      kind: 'broken',
      error: { code: 'etcd-unavailable' },
    });
    await eventually(() => watcher.names.length === 2, LIMIT_MS);
    await first.kill('SIGCONT');
    expected.push(await put(etcd, `${prefix}after`));
    await watcher.untilEvents(3);
    expect(watcher.names).toEqual(expected);
  });

  it('and the only one takes no new watch, until it runs again', async () => {
    const member = await startMember();
    onTestFinished(() => member.stop());
    const { client } = connect(member.endpoint);
    await member.kill('SIGSTOP');
    const recorder = recordWatch();
    client.watch(GATEWAY_IDENTITY, { key: Buffer.from(newKey()) }, recorder);
    expect(await recorder.untilEnd(LIMIT_MS)).toMatchObject({
      kind: 'broken',
      error: { code: 'etcd-unavailable' },
    });
    expect([recorder.created, client.streams]).toEqual([[], 0]);
    await member.kill('SIGCONT');
    const again = recordWatch();
    client.watch(GATEWAY_IDENTITY, { key: Buffer.from(newKey()) }, again);
    await again.untilCreated();
  });
});

describe('a member without a leader', () => {
  it('ends its watches by itself and takes none', async () => {
    const cluster = await startThreeMembers();
    onTestFinished(() => cluster.stop());
    const [left, ...stopped] = cluster.members;
    const { client } = connect(left!.endpoint);
    const recorder = recordWatch();
    client.watch(GATEWAY_IDENTITY, { key: Buffer.from(newKey()) }, recorder);
    await recorder.untilCreated();
    for (const member of stopped) await member.kill('SIGSTOP');
    expect(await recorder.untilEnd(LIMIT_MS)).toMatchObject({
      kind: 'broken',
      error: { code: 'no-leader' },
    });
    const refused = recordWatch();
    client.watch(GATEWAY_IDENTITY, { key: Buffer.from(newKey()) }, refused);
    expect(await refused.untilEnd(LIMIT_MS)).toMatchObject({
      kind: 'broken',
      error: { code: 'no-leader' },
    });
  });
});
