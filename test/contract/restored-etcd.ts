// The behavior of a running gateway when the data of etcd are replaced by a snapshot, or by no data. The cluster ID stays the same, and the
// revision decreases.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { saveSnapshot } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { electionClient } from '../support/election-client.js';
import type { EventStream, StreamEvent } from '../support/event-stream.js';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { eventually } from '../support/raw-router-server.js';
import { newPath, v2Client } from '../support/v2-client.js';
import { openWait } from '../support/v2-wait.js';
import { openWatch } from '../support/watch-reader.js';
import type { WatchReader } from '../support/watch-reader.js';

/** The check runs at least every 5 s, and three members must elect a leader first. */
const NOTICED_LIMIT_MS = 60_000;
const LATER_WRITES = 30;
const WARNING = /etcd was restored from a backup or emptied/g;

export interface Replaceable {
  readonly members: readonly Member[];
}

export type Replacement = 'snapshot' | 'nothing';

export interface RestorableGateway {
  readonly gateway: Gateway;
  /** Replaces the data of all members at once, with a gap in which none runs. */
  replace(by: Replacement): Promise<void>;
  /** Saves the snapshot for `replace('snapshot')`. */
  snapshot(): Promise<void>;
  put(key: string, value?: string): Promise<number>;
  /** Writes until the revision exceeds the previous one by far. */
  advanceRevision(): Promise<number>;
  /** Returns how often the gateway has logged a reset. */
  warnings(): number;
}

/** Starts a gateway for these members, for one test. */
export async function startRestorableGateway(
  members: readonly Member[],
): Promise<RestorableGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-snapshot-'));
  const endpoints = members.map(({ endpoint }) => endpoint).join(',');
  const gateway = await spawnGateway({ args: ['--endpoints', endpoints, '--log-level=warn'] });
  onTestFinished(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const put = async (key: string, value = 'v'): Promise<number> => {
    let answer: Answer | undefined;
    await eventually(async () => {
      answer = await send(gateway.baseUrl, 'PUT', `/v1/kv/${key}`, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ value }),
      }).catch(() => undefined);
      return answer?.status === 200;
    }, NOTICED_LIMIT_MS);
    return Number(answer?.headers['etcd-revision']);
  };
  let snapshots = 0;
  const file = (): string => join(folder, `snapshot-${snapshots}`);
  return {
    gateway,
    put,
    async snapshot() {
      snapshots++;
      await saveSnapshot(members[0]!, file());
    },
    async replace(by) {
      await Promise.all(members.map((member) => member.kill('SIGKILL')));
      const snapshot = by === 'snapshot' ? file() : undefined;
      for (const member of members) await member.replaceData(snapshot);
      await Promise.all(members.map((member) => member.restart()));
    },
    async advanceRevision() {
      let revision = 0;
      for (let i = 0; i < LATER_WRITES; i++) revision = await put(newKey('later'), 'x');
      return revision;
    },
    warnings: () => [...gateway.output().matchAll(WARNING)].length,
  };
}

async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} takes too long`)), NOTICED_LIMIT_MS);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

/** Returns the ID to resume from, which is in the `compacted` event at the end of the stream. */
async function resumeIdAfterReset(watch: WatchReader): Promise<string> {
  await within(watch.ended, 'the end of a stream');
  const last = watch.events.at(-1);
  expect(last?.event).toBe('compacted');
  const { id, data } = last!;
  expect(id).toBe(String(data.revision));
  return id!;
}

const ofState = (event: StreamEvent): boolean => event.event === 'state';

/** The suite. `target` returns the members, which run when each test begins. */
export function restoredEtcdContract(title: string, target: () => Replaceable): void {
  describe.each<[string, Replacement]>([
    ['restored from a snapshot', 'snapshot'],
    ['emptied', 'nothing'],
  ])(`${title}, %s under a running gateway`, (_, by) => {
    it('ends streams, polls and waits, and a resumed watch gets every event', async () => {
      const restorable = await startRestorableGateway(target().members);
      const { baseUrl } = restorable.gateway;
      const prefix = newKey('');
      const path = newPath();
      await restorable.put(`${prefix}before`);
      await restorable.snapshot();
      const old = await restorable.advanceRevision();
      const streams = await Promise.all([
        openWatch(baseUrl, `prefix=${prefix}`),
        openWatch(baseUrl, `prefix=${prefix}`, { as: 'ndjson' }),
      ]);
      const poll = send(baseUrl, 'GET', `/v1/watch?prefix=${prefix}&wait=60`);
      const waits = await Promise.all([
        openWait(baseUrl, path, 'recursive=true'),
        openWait(baseUrl, path, 'recursive=true&stream=true'),
      ]);
      await restorable.replace(by);
      const places = [];
      for (const stream of streams) places.push(await resumeIdAfterReset(stream));
      for (const place of places) expect(Number(place)).toBeLessThan(old);
      expect((await within(poll, 'a poll')).json()).toMatchObject({ code: 'revision-compacted' });
      for (const wait of waits) expect(await within(wait.ended, 'a wait')).toBe('');

      const reopened = await openWatch(baseUrl, `prefix=${prefix}`, {
        headers: { 'last-event-id': places[0] },
      });
      const fresh = await openWatch(baseUrl, `prefix=${prefix}`, { as: 'ndjson' });
      const wait = await openWait(baseUrl, path, 'recursive=true');
      const revision = await restorable.put(`${prefix}after`);
      await v2Client(baseUrl).put(`${path}/after`, { value: 'x' });
      expect(revision).toBeLessThan(old);
      for (const watch of [reopened, fresh]) {
        await watch.until(1);
        expect(watch.events.map(({ id }) => id)).toEqual([`${revision}.1`]);
        watch.close();
      }
      expect((await wait.until(1))[0].node.key).toBe(`${path}/after`);
      expect(restorable.warnings()).toBe(1);
    });

    it('sends the current state to streams of locks and elections', async () => {
      const restorable = await startRestorableGateway(target().members);
      const locks = lockClient(restorable.gateway.baseUrl);
      const elections = electionClient(restorable.gateway.baseUrl);
      const name = newKey('lock');
      await restorable.put(newKey('before'));
      await restorable.snapshot();
      await locks.hold200(name, { owner: 'old', ttl: 60 });
      await elections.lead(name, { candidate: 'old', ttl: 60 });
      await restorable.advanceRevision();
      const feeds = [await locks.events(name), await elections.events(name)];
      for (const feed of feeds) expect(ofState(await feed.next())).toBe(true);
      const queued = locks.acquire(name, { owner: 'next', ttl: 60, wait: 60 });
      await locks.untilQueued(name, 1);
      await restorable.replace(by);
      // The entry of the waiter is lost, too.
      expect((await within(queued, 'a waiter')).json()).toMatchObject({ code: 'lock-expired' });
      await locks.hold200(name, { owner: 'new', ttl: 60 });
      await elections.lead(name, { candidate: 'new', ttl: 60 });
      const isNew = (feed: EventStream): boolean =>
        JSON.stringify(feed.events.at(-1)?.data).includes('"new"');
      await eventually(() => feeds.every(isNew), NOTICED_LIMIT_MS);
      for (const feed of feeds) feed.close();
    });
  });

  describe(`${title}, restored under a running gateway`, () => {
    it('applies no guarded write for an entry that waits again', async () => {
      const restorable = await startRestorableGateway(target().members);
      const { baseUrl } = restorable.gateway;
      const locks = lockClient(baseUrl);
      const name = newKey('lock');
      const first = await locks.hold200(name, { owner: 'first', ttl: 120 });
      const queued = locks.acquire(name, { owner: 'second', ttl: 120, wait: 60 });
      await locks.untilQueued(name, 1);
      await restorable.snapshot();
      await locks.release(name, { token: first.token });
      const { fencingToken } = (await queued).json();
      const guarded = (): Promise<Answer> =>
        send(baseUrl, 'PUT', `/v1/kv/${newKey('guarded')}`, {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ value: 'x', guard: { lock: name, fencingToken } }),
        });
      expect((await guarded()).status).toBe(200);
      await restorable.replace('snapshot');
      let last: Answer | undefined;
      await eventually(async () => {
        last = await guarded().catch(() => undefined);
        return last !== undefined && last.status < 500;
      }, NOTICED_LIMIT_MS);
      expect([last!.status, last!.json().code]).toEqual([412, 'lock-lost']);
      await locks.releaseBy(name, `?force=true`);
      await eventually(async () => (await guarded()).status === 200, NOTICED_LIMIT_MS);
    });
  });
}
