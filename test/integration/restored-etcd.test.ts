// One member whose data are replaced under the gateway, and revisions that it has not reached.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { restoredEtcdContract, startRestorableGateway } from '../contract/restored-etcd.js';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { eventually } from '../support/raw-router-server.js';
import { RawEtcd } from '../support/raw-etcd.js';
import { newPath, v2Client } from '../support/v2-client.js';
import { openWait } from '../support/v2-wait.js';
import { openWatch } from '../support/watch-reader.js';

const LIMIT_MS = 60_000;

// Each test starts a gateway, and etcd twice.
vi.setConfig({ testTimeout: 120_000 });

let member: Member;
beforeAll(async () => {
  member = await startMember();
});
afterAll(() => member.stop());

restoredEtcdContract('F54: one member', () => ({ members: [member] }));

describe('a store that was written past the old revision before the gateway read it', () => {
  it('F54: is recognized by its lower raft term', async () => {
    // Each restart is an election.
    for (let i = 0; i < 2; i++) await member.restart();
    const stage = await startRestorableGateway([member]);
    const prefix = newKey('');
    await stage.snapshot();
    const old = await stage.advanceRevision();
    const watch = await openWatch(stage.gateway.baseUrl, `prefix=${prefix}`);
    await stage.gateway.kill('SIGSTOP');
    await stage.replace('snapshot');
    const etcd = new RawEtcd(member.endpoint);
    while ((await etcd.revision()) <= old) await etcd.put(newKey('past'), 'x');
    await stage.gateway.kill('SIGCONT');
    await watch.until(1, LIMIT_MS);
    expect(watch.events.map(({ event }) => event)).toEqual(['compacted']);
    expect(Number(watch.events[0]!.id)).toBeGreaterThan(old);
    expect(stage.warnings()).toBe(1);
  });
});

describe('a revision that etcd has not reached', () => {
  const ahead = async (baseUrl: string): Promise<{ newest: number; since: number }> => {
    const answer = await send(baseUrl, 'GET', `/v1/kv?prefix=${newKey('')}`);
    const newest = Number(answer.headers['etcd-revision']);
    return { newest, since: newest + 1_000 };
  };
  const expectFuture = (answer: Answer, asked: number, newest: number): void => {
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'future-revision', newestRevision: newest });
    expect(answer.json().detail).toContain(String(asked));
    expect(answer.json().detail).toContain(String(newest));
  };

  it('F55: is 400 for JSON lines and polls, and an event with the present revision for EventSource', async () => {
    const { gateway } = await startRestorableGateway([member]);
    const { baseUrl } = gateway;
    const { newest, since } = await ahead(baseUrl);
    for (const query of [`since=${since}`, `since=${since}.2`, `since=${since}&wait=5`]) {
      const answer = await send(baseUrl, 'GET', `/v1/watch?key=${newKey()}&${query}`);
      expectFuture(answer, since, newest);
    }
    for (const asked of [
      { query: `since=${since}`, headers: {} },
      { query: 'since=1', headers: { 'last-event-id': `${since}.1` } },
    ]) {
      const key = newKey();
      const watch = await openWatch(baseUrl, `key=${key}&${asked.query}`, asked);
      await watch.ended;
      expect(watch.status).toBe(200);
      expect(watch.events).toEqual([
        {
          event: 'compacted',
          id: String(newest),
          data: { oldestRevision: newest, revision: newest },
        },
      ]);
    }
    const now = await openWatch(baseUrl, `key=${newKey()}&since=${newest}`, { as: 'ndjson' });
    expect(now.status).toBe(200);
    now.close();
  });

  it('F55: is 400 with the newest revision for reads, lists, pages, histories and compactions', async () => {
    const stage = await startRestorableGateway([member]);
    const { baseUrl } = stage.gateway;
    const prefix = newKey('');
    await stage.snapshot();
    for (const name of ['a', 'b', 'c']) await stage.put(`${prefix}${name}`);
    const page = await send(baseUrl, 'GET', `/v1/kv?prefix=${prefix}&limit=1`);
    const { next, revision } = page.json() as { next: string; revision: number };
    await stage.replace('snapshot');
    await eventually(async () => {
      const list = await send(baseUrl, 'GET', `/v1/kv?prefix=${prefix}`);
      return list.status === 200;
    }, LIMIT_MS);
    const { newest } = await ahead(baseUrl);
    expect(newest).toBeLessThan(revision);
    for (const path of [
      `/v1/kv?prefix=${prefix}&limit=1&next=${next}`,
      `/v1/kv?prefix=${prefix}&revision=${revision}`,
      `/v1/kv?prefix=${prefix}&revision=${revision}&countOnly=true`,
      `/v1/kv/${prefix}a?revision=${revision}`,
      `/v1/kv/${prefix}a?revision=${revision}&history=true`,
    ]) {
      expectFuture(await send(baseUrl, 'GET', path), revision, newest);
    }
    const compaction = await send(baseUrl, 'POST', '/v1/compaction', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ revision }),
    });
    expectFuture(compaction, revision, newest);
  });

  it('F55: is waited for at /v2, except one of a history that the gateway knows to be lost', async () => {
    const stage = await startRestorableGateway([member]);
    const { baseUrl } = stage.gateway;
    const path = newPath();
    await stage.snapshot();
    const old = await stage.advanceRevision();
    await stage.replace('snapshot');
    const revision = await stage.put(newKey());
    await eventually(() => stage.warnings() === 1, LIMIT_MS);
    const lost = await openWait(baseUrl, path, `waitIndex=${old + 1}`);
    expect(lost.status).toBe(400);
    expect(JSON.parse(await lost.ended)).toMatchObject({ errorCode: 401, index: revision });
    const near = await openWait(baseUrl, path, `waitIndex=${revision + 1}`);
    const far = await openWait(baseUrl, path, `waitIndex=${old + 1_000}`);
    expect([near.status, far.status]).toEqual([200, 200]);
    await v2Client(baseUrl).put(path, { value: 'x' });
    expect((await near.until(1))[0].node.modifiedIndex).toBe(revision + 1);
    far.close();
  });
});
