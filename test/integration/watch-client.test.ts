// Watches against a real etcd of each supported version: their streams differ.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GATEWAY_IDENTITY } from '../../src/core/caller.js';
import { createEtcdClient } from '../../src/etcd/client.js';
import type { EtcdClient } from '../../src/etcd/client.js';
import { EndpointPool } from '../../src/etcd/endpoints/pool.js';
import { prefixRange } from '../../src/etcd/range.js';
import { createConnector } from '../../src/etcd/transport/connection.js';
import { createTransport } from '../../src/etcd/transport/transport.js';
import type { Transport } from '../../src/etcd/transport/transport.js';
import { createWatchClient } from '../../src/etcd/watch/client.js';
import type { WatchClient, WatchLimits } from '../../src/etcd/watch/client.js';
import type { WatchHandle } from '../../src/etcd/watch/watch-listener.js';
import type { KeyRange, WatchRequest } from '../../src/etcd/wire.js';
import { callerFor } from '../support/caller.js';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { newKey } from '../support/new-key.js';
import { eventually } from '../support/raw-router-server.js';
import { recordWatch } from '../support/watch-recorder.js';
import type { WatchRecorder } from '../support/watch-recorder.js';

const MEGABYTE = 1_000_000;

describe.each(['3.4', '3.5'] as const)('etcd %s', (version) => {
  let member: Member;
  let transport: Transport;
  let etcd: EtcdClient;
  const clients: WatchClient[] = [];

  beforeAll(async () => {
    member = await startMember({
      version,
      extraArgs: ['--experimental-watch-progress-notify-interval=500ms'],
    });
    transport = createTransport(
      {
        socketsMax: 16,
        idleSocketsMax: 16,
        responseBytesMax: 10 * MEGABYTE,
      },
      createConnector({ connectTimeoutMs: 1_000 }),
    );
    etcd = createEtcdClient({ pool: new EndpointPool([member.endpoint]), transport });
  });

  afterEach(() => clients.splice(0).forEach((client) => client.close()));

  afterAll(async () => {
    transport.close();
    await member.stop();
  });

  function newClient(limits: Partial<WatchLimits> = {}): WatchClient {
    const client = createWatchClient({
      pool: new EndpointPool([member.endpoint]),
      transport,
      limits,
    });
    clients.push(client);
    return client;
  }

  function watch(
    client: WatchClient,
    request: WatchRequest,
    recorder: WatchRecorder = recordWatch(),
  ): WatchRecorder & WatchHandle {
    return Object.assign(recorder, client.watch(GATEWAY_IDENTITY, request, recorder));
  }

  async function put(key: string, value: string | Buffer = 'value'): Promise<number> {
    const bytes = Buffer.from(value);
    const answer = await etcd.put(callerFor(), { key: Buffer.from(key), value: bytes });
    return answer.header.revision;
  }

  async function remove(range: KeyRange): Promise<number> {
    return (await etcd.deleteRange(callerFor(), range)).header.revision;
  }

  async function compact(revision: number): Promise<void> {
    const response = await fetch(`${member.endpoint}/v3/kv/compaction`, {
      method: 'POST',
      body: JSON.stringify({ revision, physical: true }),
    });
    expect(response.status).toBe(200);
  }

  async function gauge(name: string): Promise<number> {
    const text = await (await fetch(`${member.endpoint}/metrics`)).text();
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  }

  it('serves many overlapping watches over one stream, each event once and in order', async () => {
    const client = newClient();
    const prefix = newKey('');
    const folders = Array.from({ length: 10 }, (_, i) => `${prefix}${i}/`);
    const keys = folders.flatMap((folder) =>
      Array.from({ length: 20 }, (_, i) => `${folder}${String(i).padStart(2, '0')}`),
    );
    const ranges: { name: string; range: KeyRange }[] = [
      { name: prefix, range: prefixRange(Buffer.from(prefix)) },
      ...folders.map((name) => ({ name, range: prefixRange(Buffer.from(name)) })),
      ...keys.map((name) => ({ name, range: { key: Buffer.from(name) } })),
    ];
    const watches = ranges.map(({ range }) => watch(client, range));
    await Promise.all(watches.map((each) => each.untilCreated()));
    expect([client.streams, client.watches]).toEqual([1, ranges.length]);

    const history: { revision: number; name: string }[] = [];
    const write = async (writer: number): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        const key = keys[(writer * 7 + i * 13) % keys.length]!;
        const mates = [key, keys[(keys.indexOf(key) + 20) % keys.length]!].sort();
        if (i % 5 === 4) {
          const success = mates.map((mate) => ({
            kind: 'put' as const,
            put: { key: Buffer.from(mate), value: Buffer.from(String(i)) },
          }));
          const txn = await etcd.txn(callerFor(), { compare: [], success, failure: [] });
          const { revision } = txn.header;
          history.push(...mates.map((mate) => ({ revision, name: `${mate}@${revision}` })));
        } else if (i % 7 === 6) {
          const answer = await etcd.deleteRange(callerFor(), { key: Buffer.from(key) });
          const { revision } = answer.header;
          if (answer.deleted > 0) history.push({ revision, name: `-${key}@${revision}` });
        } else {
          const revision = await put(key, String(i));
          history.push({ revision, name: `${key}@${revision}` });
        }
      }
    };
    await Promise.all([0, 1, 2, 3].map(write));
    const names = history.sort((a, b) => a.revision - b.revision).map(({ name }) => name);
    await Promise.all(
      ranges.map(async ({ name }, i) => {
        const expected = names.filter((each) =>
          each.replace('-' + prefix, prefix).startsWith(name),
        );
        await watches[i]!.untilEvents(expected.length);
      }),
    );
    await pause(200);
    for (const [i, { name }] of ranges.entries()) {
      const expected = names.filter((each) => each.replace('-' + prefix, prefix).startsWith(name));
      // etcd guarantees no order for the keys of one transaction.
      expect(inOrder(watches[i]!.names)).toEqual(inOrder(expected));
      const revisions = watches[i]!.events.map(({ kv }) => kv.modRevision);
      expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    }
    expect(client.streams).toBe(1);
  });

  it('creates further watches on an open stream', async () => {
    const client = newClient();
    const key = newKey();
    for (let i = 0; i < 3; i++) {
      const watcher = watch(client, { key: Buffer.from(`${key}${i}`) });
      await watcher.untilCreated();
      await put(`${key}${i}`);
      await watcher.untilEvents(1);
    }
    expect(client.streams).toBe(1);
  });

  it('delivers events directly after its start revision', async () => {
    const client = newClient();
    const key = newKey();
    const watcher = watch(client, { key: Buffer.from(key) });
    const created = await watcher.untilCreated();
    const revision = await put(key);
    await watcher.untilEvents(1);
    expect(revision).toBeGreaterThan(created);
    expect(watcher.names).toEqual([`${key}@${revision}`]);
  });

  it('starts in the past, with previous values', async () => {
    const client = newClient();
    const key = newKey();
    const first = await put(key, '1');
    const second = await put(key, '2');
    const third = await remove({ key: Buffer.from(key) });
    const watcher = watch(client, { key: Buffer.from(key), startRevision: second, prevKv: true });
    await watcher.untilEvents(2);
    expect(watcher.names).toEqual([`${key}@${second}`, `-${key}@${third}`]);
    const [change, deletion] = watcher.events;
    expect(change!.prevKv).toMatchObject({ value: Buffer.from('1'), modRevision: first });
    expect(deletion!.prevKv).toMatchObject({ value: Buffer.from('2'), modRevision: second });
  });

  it('starts at a future revision', async () => {
    const client = newClient();
    const key = newKey();
    const now = await put(key);
    const watcher = watch(client, { key: Buffer.from(key), startRevision: now + 3 });
    await watcher.untilCreated();
    await put(key);
    await put(key);
    const wanted = await put(key);
    await watcher.untilEvents(1);
    expect(watcher.names).toEqual([`${key}@${wanted}`]);
  });

  it('delivers only requested events', async () => {
    const client = newClient();
    const key = newKey();
    const range = { key: Buffer.from(key) };
    const [deletions, puts] = [{ noPut: true }, { noDelete: true }].map((filter) =>
      watch(client, { ...range, ...filter }),
    );
    await Promise.all([deletions!.untilCreated(), puts!.untilCreated()]);
    const revisions = [await put(key), await remove(range), await put(key), await remove(range)];
    await Promise.all([deletions!.untilEvents(2), puts!.untilEvents(2)]);
    expect(deletions!.names).toEqual([`-${key}@${revisions[1]}`, `-${key}@${revisions[3]}`]);
    expect(puts!.names).toEqual([`${key}@${revisions[0]}`, `${key}@${revisions[2]}`]);
  });

  it('catches up with values larger than one message, without splitting a revision', async () => {
    const client = newClient({ messageBytesMax: 8 * MEGABYTE });
    const prefix = newKey('');
    const value = Buffer.alloc(MEGABYTE, 'v');
    const start = await put(`${prefix}0`, value);
    for (let i = 1; i < 8; i++) await put(`${prefix}${i}`, value);
    const range = prefixRange(Buffer.from(prefix));
    const removed = await remove(range);
    const after = await put(`${prefix}9`);
    const watcher = watch(client, { ...range, startRevision: start, prevKv: true });
    await watcher.untilEvents(17);
    expect(watcher.events.map(({ kv }) => kv.modRevision)).toEqual([
      ...Array.from({ length: 8 }, (_, i) => start + i),
      ...Array.from({ length: 8 }, () => removed),
      after,
    ]);
    const withDeletions = watcher.calls.filter((call) =>
      call.some(({ kv }) => kv.modRevision === removed),
    );
    expect(withDeletions).toHaveLength(1);
    // More than one message: the gateway joined the fragments.
    expect(watcher.calls.length).toBeGreaterThan(1);
    expect(watcher.events.every(({ prevKv, kind }) => kind === 'put' || prevKv)).toBe(true);
  });

  it('F39: ends a watch that starts before a compaction, not a current one', async () => {
    const client = newClient();
    const key = newKey();
    const range = { key: Buffer.from(key) };
    const upToDate = watch(client, range);
    await upToDate.untilCreated();
    const first = await put(key);
    const last = await put(key);
    await upToDate.untilEvents(2);
    await compact(last);
    const late = watch(client, { ...range, startRevision: first });
    expect(await late.untilEnd()).toMatchObject({ kind: 'compacted', compactRevision: last });
    const again = watch(client, { ...range, startRevision: last });
    await again.untilEvents(1);
    const next = await put(key);
    await Promise.all([upToDate.untilEvents(3), again.untilEvents(2)]);
    expect(again.names).toEqual([`${key}@${last}`, `${key}@${next}`]);
    expect([upToDate.ends, again.ends, late.events]).toEqual([[], [], []]);
    expect([client.streams, client.watches]).toEqual([1, 2]);
  });

  it('is rejected without an effect on other watches of its stream', async () => {
    const client = newClient();
    const key = newKey();
    const watcher = watch(client, { key: Buffer.from(key) });
    const empty = watch(client, { key: Buffer.from('b'), rangeEnd: Buffer.from('a') });
    const other = watch(client, { key: Buffer.from(key) });
    expect(await empty.untilEnd()).toMatchObject({ kind: 'refused' });
    await Promise.all([watcher.untilCreated(), other.untilCreated()]);
    await put(key);
    await Promise.all([watcher.untilEvents(1), other.untilEvents(1)]);
    expect([empty.created, empty.ends.length]).toEqual([[], 1]);
  });

  it('leaves no watcher in etcd after it is closed, and no stream after all are closed', async () => {
    const watchers = (): Promise<number> => gauge('etcd_debugging_mvcc_watcher_total');
    const streams = (): Promise<number> => gauge('etcd_debugging_mvcc_watch_stream_total');
    // Watchers of other tests may close a little later.
    await eventually(async () => (await watchers()) === 0 && (await streams()) === 0);
    const client = newClient({ lingerMs: 500 });
    const keys = Array.from({ length: 5 }, () => newKey());
    const watches = keys.map((key) => watch(client, { key: Buffer.from(key) }));
    await Promise.all(watches.map((each) => each.untilCreated()));
    expect([await watchers(), await streams()]).toEqual([5, 1]);
    const [kept, ...closed] = watches;
    for (const each of closed) each.close();
    await eventually(async () => (await watchers()) === 1);
    for (const key of keys) await put(key);
    await kept!.untilEvents(1);
    expect(closed.flatMap((each) => [...each.events, ...each.ends])).toEqual([]);
    kept!.close();
    await eventually(async () => (await streams()) === 0);
    expect([await watchers(), client.streams]).toEqual([0, 0]);
  });

  it('reports its progress: on request after all events, and periodically', async () => {
    const client = newClient();
    const key = newKey();
    const periodic = watch(client, { key: Buffer.from(key), progressNotify: true });
    const asked = watch(client, { key: Buffer.from(key) });
    await Promise.all([periodic.untilCreated(), asked.untilCreated()]);
    const revision = await put(newKey());
    asked.requestProgress();
    await eventually(() => asked.progress.some((each) => each.revision >= revision));
    await eventually(() => periodic.progress.some((each) => each.revision >= revision));
    expect(asked.progress.every(({ isPeriodic }) => !isPeriodic)).toBe(true);
    expect(periodic.progress.every(({ isPeriodic }) => isPeriodic)).toBe(true);
    expect([periodic.events, asked.events]).toEqual([[], []]);
  });

  it('stays open without writes, although etcd then ignores progress requests', async () => {
    const client = newClient({ keepaliveIdleMs: 200, keepaliveTimeoutMs: 400 });
    const key = newKey();
    const now = await put(key);
    // The start revision is in the future: etcd since 3.5.8 then reports no progress.
    const watcher = watch(client, { key: Buffer.from(key), startRevision: now + 1 });
    await watcher.untilCreated();
    await pause(3_000);
    expect(watcher.ends).toEqual([]);
    await put(key);
    await watcher.untilEvents(1);
    expect([client.streams, client.watches]).toEqual([1, 1]);
  });

  it('is rejected without a user if authentication is enabled', async () => {
    const guarded = await startMember({ version });
    try {
      const call = async (path: string, body: object): Promise<number> => {
        const url = `${guarded.endpoint}/v3/auth/${path}`;
        return (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).status;
      };
      const statuses = [
        await call('user/add', { name: 'root', password: 'secret' }),
        await call('role/add', { name: 'root' }),
        await call('user/grant', { user: 'root', role: 'root' }),
        await call('enable', {}),
      ];
      expect(statuses).toEqual([200, 200, 200, 200]);
      const client = createWatchClient({ pool: new EndpointPool([guarded.endpoint]), transport });
      clients.push(client);
      const ends = await Promise.all(
        [newKey(), newKey()].map((key) => watch(client, { key: Buffer.from(key) }).untilEnd()),
      );
      const codes = ['permission-denied', 'etcd-refused'];
      for (const end of ends) {
        expect(end).toMatchObject({
          kind: 'refused',
          error: { code: expect.toSatisfy((code: string) => codes.includes(code)) },
        });
      }
    } finally {
      await guarded.stop();
    }
  });
});

function inOrder(names: readonly string[]): string[] {
  const revision = (name: string): number => Number(name.slice(name.lastIndexOf('@') + 1));
  return [...names].sort((a, b) => revision(a) - revision(b) || (a < b ? -1 : 1));
}
