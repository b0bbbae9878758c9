// Sixty watchers of nested and overlapping ranges at two replicas, cut off again and again (inside revisions too) and resumed at either
// one, while four writers write and members are killed. What each of them got in all is the history of his range as etcd tells it.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startThreeMembers } from '../support/etcd.js';
import type { Cluster } from '../support/etcd.js';
import { BYTES_TYPE, JSON_TYPE, send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { expectDocumentedResponse } from '../support/openapi-response.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';
import { openWatch } from '../support/watch-reader.js';
import type { WatchedEvent } from '../support/watch-reader.js';
import { readHistory } from '../support/etcd-history.js';
import type { EtcdEvent } from '../support/etcd-history.js';

const SEED = 20_261_121;
const WATCHERS = 60;
const WRITERS = 4;
const WRITE_MS = 14_000;
const KILLS = 3;
/** After the last write, until everybody has everything. */
const CATCH_UP_LIMIT_MS = 90_000;
/** In which nothing more may come. */
const QUIET_MS = 500;
const FOLDERS = ['x/', 'y/', 'xy/'];
const NAMES = ['1', '2', '3', '4'];

let cluster: Cluster;
let gateways: Gateway[];
beforeAll(async () => {
  cluster = await startThreeMembers();
  const args = ['--endpoints', cluster.endpoints.join(','), '--log-level=error'];
  gateways = await Promise.all([spawnGateway({ args }), spawnGateway({ args })]);
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await cluster.stop();
});

/** Numbers that are the same in every run: mulberry32. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof randomOf>;

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)]!;
}

/** A range as the query says it, and as the test understands it. */
interface Range {
  readonly query: string;
  readonly contains: (key: string) => boolean;
}

function rangesOf(root: string): Range[] {
  const prefix = (name: string): Range => ({
    query: `prefix=${root}${name}`,
    contains: (key) => key.startsWith(root + name),
  });
  const between = (start: string, end: string): Range => ({
    query: `start=${root}${start}&end=${root}${end}`,
    contains: (key) => key >= root + start && key < root + end,
  });
  const one = (name: string): Range => ({
    query: `key=${root}${name}`,
    contains: (key) => key === root + name,
  });
  return [
    prefix(''),
    ...['x', 'x/', 'y/', 'xy/', 'x/x/', 'x/y', 'y/xy/', 'xy/x/'].map(prefix),
    between('x/x/2', 'y/x/3'),
    between('x', 'xy/y/'),
    one('x/x/1'),
    one('y/xy/4'),
  ];
}

/** One change as a line that is easy to compare. */
function wordOf(kind: string, key: string, value: string, id: string): string {
  return `${kind} ${key}=${value} @${id}`;
}

function expectedOf(range: Range, truth: readonly EtcdEvent[]): string[] {
  let [revision, n] = [0, 0];
  return truth
    .filter(({ key }) => range.contains(key))
    .map((event) => {
      n = event.revision === revision ? n + 1 : 1;
      revision = event.revision;
      return wordOf(event.kind, event.key, event.value, `${revision}.${n}`);
    });
}

type Way = 'sse' | 'ndjson' | 'poll';

/** Somebody who wants everything and whose connections do not last. */
class Client {
  readonly got: string[] = [];
  readonly previous = new Map<string, number | undefined>();
  /** The ids of the events after which he cut the connection. */
  readonly cuts: string[] = [];
  connections = 0;
  #position: string;
  #isDone = false;

  constructor(
    readonly range: Range,
    readonly way: Way,
    since: number,
    readonly random: Random,
  ) {
    this.#position = String(since);
  }

  /** Until `finish`, and in any case until there are that many events. */
  async run(): Promise<void> {
    while (!this.#isDone) {
      this.connections++;
      const { baseUrl } = pick(this.random, gateways);
      if (this.way === 'poll') await this.#poll(baseUrl);
      else await this.#stream(baseUrl, this.way);
    }
  }

  finish(): void {
    this.#isDone = true;
  }

  async #stream(baseUrl: string, as: 'sse' | 'ndjson'): Promise<void> {
    let left = 1 + this.random(30);
    const headers = as === 'sse' ? { 'last-event-id': this.#position } : {};
    // A browser repeats its first address.
    const since = as === 'sse' ? '' : `&since=${this.#position}`;
    const query = `${this.range.query}&previous=true${since}`;
    const onEvent = (event: WatchedEvent): boolean => {
      this.#take(event.event, event.id ?? '', event.data);
      left--;
      if (left === 0) this.cuts.push(event.id ?? '');
      return left > 0;
    };
    const reader = await openWatch(baseUrl, query, { as, headers, onEvent }).catch(() => undefined);
    if (reader === undefined) return this.#wait();
    const timer = setTimeout(() => reader.close(), 100 + this.random(3_000));
    const text = await reader.ended;
    clearTimeout(timer);
    this.#position = reader.ids.at(-1) ?? this.#position;
    if (reader.status === 200 && reader.retryMs === undefined) return;
    if (reader.status !== 200) expect([reader.status, text]).toEqual([503, expect.anything()]);
    await this.#wait();
  }

  async #poll(baseUrl: string): Promise<void> {
    const path = `/v1/watch?${this.range.query}&previous=true&wait=2&since=${this.#position}`;
    const answer = await send(baseUrl, 'GET', path);
    expectDocumentedResponse('watchKeys', answer);
    if (answer.status !== 200) {
      expect(answer.status).toBe(503);
      return this.#wait();
    }
    const { events, next } = answer.json();
    for (const { event, id, ...data } of events) this.#take(event, id, data);
    this.#position = next;
  }

  #take(kind: string, id: string, data: any): void {
    expect(['put', 'delete']).toContain(kind);
    const word = wordOf(kind, data.key, data.value ?? '', id);
    this.got.push(word);
    this.previous.set(`${data.key}@${data.modRevision}`, data.previous?.modRevision);
  }

  async #wait(): Promise<void> {
    await pause(50 + this.random(200));
  }
}

/** Writes for a while; what fails may have happened or not: etcd knows. */
async function write(root: string, writer: number, until: number): Promise<void> {
  const random = randomOf(SEED + 1_000 + writer);
  const key = (): string =>
    root + pick(random, FOLDERS) + pick(random, FOLDERS) + pick(random, NAMES);
  for (let i = 0; Date.now() < until; i++) {
    const { baseUrl } = pick(random, gateways);
    const value = `${writer}-${i}`;
    const kind = random(10);
    if (kind < 5) {
      const sent = { headers: BYTES_TYPE, body: value };
      await send(baseUrl, 'PUT', `/v1/kv?key=${key()}`, sent);
    } else if (kind < 9) {
      const keys = [...new Set(Array.from({ length: 2 + random(8) }, key))];
      const then = keys.map((each, at) =>
        at % 4 === 3 ? { delete: { key: each } } : { put: { key: each, value } },
      );
      await send(baseUrl, 'POST', '/v1/txn', {
        headers: JSON_TYPE,
        body: JSON.stringify({ then }),
      });
    } else {
      const folder = pick(random, FOLDERS) + (random(2) === 0 ? pick(random, FOLDERS) : '');
      await send(baseUrl, 'DELETE', `/v1/kv?prefix=${root}${folder}`);
    }
    await pause(random(60));
  }
}

async function killMembers(): Promise<void> {
  const random = randomOf(SEED + 2_000);
  for (let i = 0; i < KILLS; i++) {
    await pause(WRITE_MS / (KILLS + 1) / 2);
    const member = i === 0 ? await cluster.leader() : pick(random, cluster.members);
    await member.kill('SIGKILL');
    await pause(300 + random(1_000));
    await member.restart();
  }
}

/** The last write has to be there for the history to have an end. */
async function putEnd(root: string): Promise<string> {
  const key = `${root}~end`;
  const deadline = Date.now() + CATCH_UP_LIMIT_MS;
  for (;;) {
    const sent = { headers: BYTES_TYPE, body: 'end' };
    const answer = await send(gateways[0]!.baseUrl, 'PUT', `/v1/kv?key=${key}`, sent);
    if (answer.status === 200) return key;
    if (Date.now() > deadline) throw new Error(`the end cannot be written: ${answer.text}`);
    await pause(100);
  }
}

it(`F40: gives every watcher the history of its range, over cuts, resumes at either replica and killed members (seed ${SEED})`, async () => {
  const root = newKey('');
  const random = randomOf(SEED);
  const start = await new RawEtcd(cluster.endpoints[0]!).revision();
  const ranges = rangesOf(root);
  const ways: Way[] = ['sse', 'sse', 'sse', 'ndjson', 'poll'];
  const clients = Array.from(
    { length: WATCHERS },
    (_, i) => new Client(ranges[i % ranges.length]!, pick(random, ways), start, randomOf(SEED + i)),
  );
  const running = Promise.all(clients.map((client) => client.run()));
  const until = Date.now() + WRITE_MS;
  const writers = Array.from({ length: WRITERS }, (_, i) => write(root, i, until));
  await Promise.race([Promise.all([...writers, killMembers()]), running]);
  const lastKey = await putEnd(root);
  const truth = await readHistory(cluster.endpoints[1]!, root, start, lastKey);
  const expected = clients.map(({ range }) => expectedOf(range, truth));
  const deadline = Date.now() + CATCH_UP_LIMIT_MS;
  const isBehind = (client: Client, i: number): boolean => client.got.length < expected[i]!.length;
  while (clients.some(isBehind) && Date.now() < deadline) await Promise.race([pause(50), running]);
  await pause(QUIET_MS);
  clients.forEach((client) => client.finish());
  await running;

  for (const [i, { got, range, way }] of clients.entries()) {
    const at = expected[i]!.findIndex((word, n) => got[n] !== word);
    const near = at < 0 ? [] : [expected[i]!.slice(at, at + 3), got.slice(at, at + 3)];
    const what = `${way} ${range.query}, ${got.length} of ${expected[i]!.length}, differs at ${at}`;
    expect(near, what).toEqual([]);
    expect(got.length, what).toBe(expected[i]!.length);
  }
  const previous = new Map(
    truth.map(({ key, revision, previousRevision }) => [`${key}@${revision}`, previousRevision]),
  );
  for (const client of clients)
    for (const [event, revision] of client.previous) expect(revision).toBe(previous.get(event));
  // The run was what it is meant to be, however fast the machine is.
  const isMoreToCome = (client: Client, id: string): boolean => {
    const [revision = '', n = ''] = id.split('.');
    return client.got.some((word) => word.endsWith(`@${revision}.${Number(n) + 1}`));
  };
  const inside = clients.flatMap((client) => client.cuts.filter((id) => isMoreToCome(client, id)));
  expect(truth.length).toBeGreaterThan(0);
  expect(inside.length).toBeGreaterThan(0);
  expect(clients.every(({ connections }) => connections > 1)).toBe(true);
  console.info(
    `${truth.length} events, ${clients.reduce((sum, { got }) => sum + got.length, 0)} delivered over ${clients.reduce((sum, { connections }) => sum + connections, 0)} connections, ${inside.length} cut inside a revision`,
  );
});
