// Real etcd members for tests, run by the same embedded module that the gateway uses: one, or a cluster of three whose members can be
// killed, paused and started again. Data lives in temporary folders; fetched binaries in the project's `.latchkey/cache`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runCommand } from '../../src/embedded/command.js';
import { startEmbeddedEtcd } from '../../src/embedded/etcd.js';
import type { EmbeddedEtcd, EmbeddedEtcdOptions } from '../../src/embedded/etcd.js';
import { OFFICIAL_BASE_URL } from '../../src/embedded/release.js';
import { findEtcdctl } from './etcdctl.js';
import { findEtcdOfLine, findTestEtcd, testPath } from './etcd-versions.js';
import type { EtcdLine } from './etcd-versions.js';
import { onOwnPorts } from './ports.js';
import { untilGone } from './processes.js';

const MEMBERS = 3;
const LEADER_LIMIT_MS = 60_000;
const LEADER_POLL_MS = 50;
const ANSWER_LIMIT_MS = 1_000;
const HELP_LIMIT_MS = 10_000;
const SNAPSHOT_LIMIT_MS = 30_000;

export type MemberSignal = 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM';

export interface MemberOptions {
  /** An etcd of that line (their JSON differs); throws where there is none. The one of a plain start by default. */
  readonly version?: EtcdLine;
  /** A certain etcd. */
  readonly etcdBin?: string;
  readonly extraArgs?: readonly string[];
}

export interface Member {
  readonly name: string;
  readonly endpoint: string;
  /** etcd's own process; another one after `restart`. */
  readonly pid: number;
  readonly version: string;
  readonly logFile: string;
  /** Sends the signal at once; resolves when a process that is to end has ended. */
  kill(signal: MemberSignal): Promise<void>;
  /** Starts the same member again, on the same ports and data; ends it first where it still runs. */
  restart(): Promise<void>;
  /**
   * Replaces its data by those of a snapshot file, or by none; `restart` starts it on them. All members of a cluster have to be killed first.
   * The IDs of the cluster and of its members stay the same.
   */
  replaceData(snapshot?: string): Promise<void>;
  /** Ends etcd and removes its data. */
  stop(): Promise<void>;
}

export interface Cluster {
  readonly members: readonly Member[];
  readonly endpoints: readonly string[];
  /** The member that leads now; waits for an election. */
  leader(): Promise<Member>;
  stop(): Promise<void>;
}

export async function startMember(options: MemberOptions = {}): Promise<Member> {
  const complete = await completed(options);
  return onOwnPorts(1, ([clientPort]) => startOne({ ...complete, clientPort: clientPort! }));
}

export async function startThreeMembers(options: MemberOptions = {}): Promise<Cluster> {
  const complete = await completed(options);
  return onOwnPorts(MEMBERS * 2, async (ports) => {
    const results = await Promise.allSettled(
      memberPlaces(ports).map((place) => startOne({ ...complete, ...place })),
    );
    const members = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
    if (members.length === MEMBERS) return clusterOf(members);
    await Promise.all(members.map((member) => member.stop()));
    throw results.find((result) => result.status === 'rejected')?.reason;
  });
}

/** A member, and one that joins it as a learner: it follows, and serves nobody until it is promoted. */
export async function startWithLearner(): Promise<{ member: Member; learner: Member }> {
  const complete = await completed({});
  return onOwnPorts(4, async ([clientPort, peerPort, learnerPort, learnerPeerPort]) => {
    const peers = `m1=http://127.0.0.1:${peerPort!}`;
    const place = { name: 'm1', clientPort: clientPort!, peerPort, initialCluster: peers };
    const member = await startOne({ ...complete, ...place });
    try {
      const learnerUrl = `http://127.0.0.1:${learnerPeerPort!}`;
      await addLearner(member, learnerUrl);
      const learner = await startOne({
        ...complete,
        name: 'm2',
        clientPort: learnerPort!,
        peerPort: learnerPeerPort,
        initialCluster: `${peers},m2=${learnerUrl}`,
        extraArgs: [...(complete.extraArgs ?? []), '--initial-cluster-state=existing'],
      });
      return { member, learner };
    } catch (error) {
      await member.stop();
      throw error;
    }
  });
}

async function addLearner({ endpoint }: Member, peerUrl: string): Promise<void> {
  const response = await fetch(`${endpoint}/v3/cluster/member/add`, {
    method: 'POST',
    body: JSON.stringify({ peerURLs: [peerUrl], isLearner: true }),
  });
  if (!response.ok) throw new Error(await response.text());
}

/** TCP ports: faults and tools need an address that they can be put in front of. */
type Place = Pick<EmbeddedEtcdOptions, 'name' | 'peerPort' | 'initialCluster'> & {
  readonly clientPort: number;
};

function memberPlaces(ports: readonly number[]): Place[] {
  const places = Array.from({ length: MEMBERS }, (_, index) => ({
    name: `m${index + 1}`,
    clientPort: ports[index * 2]!,
    peerPort: ports[index * 2 + 1]!,
  }));
  const initialCluster = places
    .map(({ name, peerPort }) => `${name}=http://127.0.0.1:${peerPort}`)
    .join(',');
  return places.map((place) => ({ ...place, initialCluster }));
}

async function startOne({ clientPort, ...options }: MemberOptions & Place): Promise<Member> {
  const dataDir = await mkdtemp(join(tmpdir(), 'latchkey-etcd-'));
  const start = (): Promise<EmbeddedEtcd> =>
    startEmbeddedEtcd({
      ...options,
      clientAddress: { host: '127.0.0.1', port: clientPort },
      dataDir,
      downloadBaseUrl: OFFICIAL_BASE_URL,
      path: testPath(),
      say: () => undefined,
    });
  let etcd: EmbeddedEtcd;
  try {
    etcd = await start();
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
  const end = async (): Promise<void> => {
    // A paused process answers SIGTERM only once it runs again.
    send(etcd.pid, 'SIGCONT');
    await etcd.stop();
  };
  return {
    name: options.name ?? 'latchkey',
    endpoint: etcd.endpoint,
    version: etcd.version,
    logFile: etcd.logFile,
    get pid() {
      return etcd.pid;
    },
    async kill(signal) {
      send(etcd.pid, signal);
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await untilGone(etcd.pid);
    },
    async restart() {
      await end();
      etcd = await start();
    },
    replaceData: (snapshot) => replaceData(join(dataDir, 'etcd-data'), options, snapshot),
    async stop() {
      // Nothing is kept: no need to wait for its connections to end.
      send(etcd.pid, 'SIGKILL');
      await etcd.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function replaceData(
  folder: string,
  place: Omit<Place, 'clientPort'>,
  snapshot?: string,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  if (snapshot === undefined) return;
  const { name = 'latchkey', peerPort = 0 } = place;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const flags = {
    name,
    'data-dir': folder,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': place.initialCluster ?? `${name}=${peerUrl}`,
  };
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  await etcdctl(['snapshot', 'restore', snapshot, ...args]);
}

/** Writes the member's data to a file that `replaceData` takes. */
export async function saveSnapshot({ endpoint }: Member, file: string): Promise<void> {
  await etcdctl(['--endpoints', endpoint, 'snapshot', 'save', file]);
}

async function etcdctl(args: readonly string[]): Promise<void> {
  const found = await findEtcdctl();
  if ('reason' in found) throw new Error(found.reason);
  const env = { ETCDCTL_API: '3' };
  const result = await runCommand(found.file, args, { env, timeoutMs: SNAPSHOT_LIMIT_MS });
  if (result.kind === 'failed') throw new Error(result.reason);
}

function clusterOf(members: readonly Member[]): Cluster {
  return {
    members,
    endpoints: members.map(({ endpoint }) => endpoint),
    async leader() {
      const deadline = Date.now() + LEADER_LIMIT_MS;
      while (Date.now() < deadline) {
        const isLeading = await Promise.all(members.map(leads));
        const leader = members[isLeading.indexOf(true)];
        if (leader !== undefined) return leader;
        await pause(LEADER_POLL_MS);
      }
      throw new Error(`no member leads after ${LEADER_LIMIT_MS / 1000} s`);
    },
    async stop() {
      await Promise.all(members.map((member) => member.stop()));
    },
  };
}

/** Asks the member itself: a deposed leader that is cut off may still think so. */
async function leads({ endpoint }: Member): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/v3/maintenance/status`, {
      method: 'POST',
      body: '{}',
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    const status = (await response.json()) as { leader?: string; header?: { member_id?: string } };
    return status.leader !== undefined && status.leader === status.header?.member_id;
  } catch {
    return false;
  }
}

/** Chooses the binary and spares the tests the disk: nothing of theirs has to survive a crash of the machine. */
async function completed(options: MemberOptions): Promise<MemberOptions & { etcdBin: string }> {
  const etcdBin = options.etcdBin ?? (await binaryFor(options.version));
  const help = await runCommand(etcdBin, ['--help'], { env: {}, timeoutMs: HELP_LIMIT_MS });
  // Versions before 3.5 do not know the flag.
  const knowsFlag = help.kind === 'done' && help.stdout.includes('--unsafe-no-fsync');
  const extraArgs = [...(knowsFlag ? ['--unsafe-no-fsync'] : []), ...(options.extraArgs ?? [])];
  return { ...options, etcdBin, extraArgs };
}

async function binaryFor(version: EtcdLine | undefined): Promise<string> {
  if (version === undefined) return (await findTestEtcd()).file;
  const found = await findEtcdOfLine(version);
  if ('reason' in found) throw new Error(`no etcd ${version} here: ${found.reason}`);
  return found.file;
}

function send(pid: number, signal: MemberSignal): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended before.
  }
}
