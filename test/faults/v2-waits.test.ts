// Clients of v2 that wait while members and gateways are killed. A client that continues after its last received index gets the history
// of its directory as in etcd itself.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startThreeMembers } from '../support/etcd.js';
import type { Cluster } from '../support/etcd.js';
import { send } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { eventually } from '../support/raw-router-server.js';
import { newPath, v2Client } from '../support/v2-client.js';
import { openWait } from '../support/v2-wait.js';
import { readHistory } from '../support/etcd-history.js';

const READERS = 6;
const KEYS = 4;
/** Between two changes, so that some readers wait and some are behind. */
const WRITE_PAUSE_MS = 5;
const AGAIN_MS = 50;
const READ_LIMIT_MS = 60_000;
const LEADER_LIMIT_MS = 30_000;

let cluster: Cluster;
let gateways: Gateway[];
const spawn = (): Promise<Gateway> =>
  spawnGateway({ args: ['--endpoints', cluster.endpoints.join(','), '--log-level=error'] });
beforeAll(async () => {
  cluster = await startThreeMembers();
  gateways = await Promise.all([spawn(), spawn()]);
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await cluster.stop();
});

/** Writes and deletes until `stop`, then once more until that write succeeds. */
function startWriter(path: string): { stop(): Promise<number> } {
  const state = { isOver: false };
  const over = (async () => {
    let written = 0;
    for (let i = 0; !state.isOver; i++) {
      const client = v2Client(gateways[1]!.baseUrl);
      const key = `${path}/${i % KEYS}`;
      const isDeletion = i % 5 === 4;
      const change = isDeletion ? client.delete(key) : client.put(key, { value: i });
      if ((await change.catch(() => ({ status: 0 }))).status < 300) written++;
      await pause(WRITE_PAUSE_MS);
    }
    await eventually(
      async () =>
        (await v2Client(gateways[1]!.baseUrl).put(`${path}/end`, { value: 'x' })).status < 300,
      LEADER_LIMIT_MS,
    );
    return written;
  })();
  return {
    stop() {
      state.isOver = true;
      return over;
    },
  };
}

interface Read {
  readonly received: string[];
  /** Waits that ended without an event: cut off, or refused. */
  broken: number;
}

/** Waits at both gateways in turn, from `index` on, until the event of the last key. */
async function readAll(
  path: string,
  index: number,
  turn: number,
  isStream: boolean,
): Promise<Read> {
  const read: Read = { received: [], broken: 0 };
  const deadline = Date.now() + READ_LIMIT_MS;
  for (let next = index; Date.now() < deadline; turn++) {
    const query = `recursive=true&waitIndex=${next}${isStream ? '&stream=true' : ''}`;
    const { baseUrl } = gateways[turn % 2]!;
    const wait = await openWait(baseUrl, path, query).catch(() => undefined);
    const events = wait?.status === 200 ? await eventsOf(wait, path) : [];
    if (events.length === 0) {
      read.broken++;
      await pause(AGAIN_MS);
    }
    for (const { action, node } of events) {
      read.received.push(
        wordOf(action === 'delete', node.key, node.value ?? '', node.modifiedIndex),
      );
      next = Number(node.modifiedIndex) + 1;
      if (node.key === `${path}/end`) return read;
    }
  }
  throw new Error(`${read.received.length} events, and no end`);
}

/** Reads a stream until it is cut off or has the event of the last key. */
async function eventsOf(
  wait: Awaited<ReturnType<typeof openWait>>,
  path: string,
): Promise<readonly any[]> {
  const isEnd = (): boolean => wait.events.at(-1)?.node.key === `${path}/end`;
  let isOver = false;
  void wait.ended.then(() => (isOver = true));
  await eventually(() => isOver || isEnd(), READ_LIMIT_MS);
  wait.close();
  return wait.events;
}

function wordOf(isDeletion: boolean, key: string, value: string, index: number): string {
  return `${index} ${isDeletion ? 'delete' : 'set'} ${key} ${value}`;
}

describe('a client that waits and continues with waitIndex', () => {
  it('loses and repeats no event when members and a gateway are killed meanwhile', async () => {
    const path = newPath();
    const first = (await v2Client(gateways[1]!.baseUrl).put(path, { dir: true })).json().node
      .modifiedIndex as number;
    const readers = Array.from({ length: READERS }, (_, turn) =>
      readAll(path, first + 1, turn, turn % 3 === 2),
    );
    const writer = startWriter(path);
    await pause(1_000);
    const leader = await cluster.leader();
    await leader.kill('SIGKILL');
    await pause(1_500);
    await gateways[0]!.kill('SIGKILL');
    await leader.restart();
    gateways[0] = await spawn();
    await pause(500);
    const follower = cluster.members.find(({ name }) => name !== leader.name)!;
    await follower.kill('SIGKILL');
    await pause(1_000);
    await follower.restart();
    const written = await writer.stop();
    const reads = await Promise.all(readers);
    const history = await readHistory(cluster.endpoints[0]!, `${path}/`, first, `${path}/end`);
    const expected = history
      .filter(({ key }) => !key.includes('\0'))
      .map(({ kind, key, value, revision }) => wordOf(kind === 'delete', key, value, revision));
    // Acknowledged writes happened. Writes without a response may have happened.
    expect(expected.length).toBeGreaterThanOrEqual(written);
    expect(written).toBeGreaterThan(0);
    for (const { received } of reads) expect(received).toEqual(expected);
    expect(reads.filter(({ broken }) => broken > 0).length).toBeGreaterThan(0);
  });
});

describe('/v2/leader', () => {
  const leaderUrl = async (): Promise<string> => {
    const { status, text } = await send(gateways[1]!.baseUrl, 'GET', '/v2/leader');
    return status === 200 ? text : '';
  };

  it('names the peer URL of another member when the leader is killed', async () => {
    const { members } = (await send(gateways[1]!.baseUrl, 'GET', '/v2/members')).json() as {
      members: { name: string; peerURLs: string[] }[];
    };
    const urlOf = (name: string): string | undefined =>
      members.find((each) => each.name === name)?.peerURLs[0];
    const leader = await cluster.leader();
    await eventually(async () => (await leaderUrl()) === urlOf(leader.name), LEADER_LIMIT_MS);
    await leader.kill('SIGKILL');
    try {
      const others = members.flatMap(({ name, peerURLs }) =>
        name === leader.name ? [] : peerURLs,
      );
      await eventually(async () => others.includes(await leaderUrl()), LEADER_LIMIT_MS);
      expect(await leaderUrl()).toBe(urlOf((await cluster.leader()).name));
    } finally {
      await leader.restart();
    }
  });
});
