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
import { withReservedPorts } from './ports.js';
import { untilGone } from './processes.js';

const MEMBERS = 3;
const LEADER_LIMIT_MS = 60_000;
const LEADER_POLL_MS = 50;
const ANSWER_LIMIT_MS = 1_000;
const HELP_LIMIT_MS = 10_000;
const SNAPSHOT_LIMIT_MS = 30_000;

export type MemberSignal = 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM';

export interface MemberOptions {
  /** The minor version, because their JSON differs. Throws if it is not available. Defaults to the etcd of a plain start. */
  readonly version?: EtcdLine;
  /** The path of an etcd binary. */
  readonly etcdBin?: string;
  readonly extraArgs?: readonly string[];
}

export interface Member {
  readonly name: string;
  readonly endpoint: string;
  /** The ID of etcd's own process. It changes at `restart`. */
  readonly pid: number;
  readonly version: string;
  readonly logFile: string;
  /** Sends the signal at once. Resolves when the process has exited, if the signal terminates it. */
  kill(signal: MemberSignal): Promise<void>;
  /** Starts the same member again with the same ports and data. Stops it first if it runs. */
  restart(): Promise<void>;
  /**
   * Replaces its data by those of a snapshot file, or by no data, for the next `restart`. All members of the cluster must be killed first.
   * The IDs of the cluster and its members do not change.
   */
  replaceData(snapshot?: string): Promise<void>;
  /** Stops etcd and removes its data. */
  stop(): Promise<void>;
}

export interface Cluster {
  readonly members: readonly Member[];
  readonly endpoints: readonly string[];
  /** Returns the current leader. Waits for an election. */
  leader(): Promise<Member>;
  stop(): Promise<void>;
}

export async function startMember(options: MemberOptions = {}): Promise<Member> {
  const complete = await completed(options);
  return withReservedPorts(1, ([clientPort]) => startOne({ ...complete, clientPort: clientPort! }));
}

export async function startThreeMembers(options: MemberOptions = {}): Promise<Cluster> {
  const complete = await completed(options);
  return withReservedPorts(MEMBERS * 2, async (ports) => {
    const results = await Promise.allSettled(
      memberPlaces(ports).map((place) => startOne({ ...complete, ...place })),
    );
    const members = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
    if (members.length === MEMBERS) return clusterOf(members);
    await Promise.all(members.map((member) => member.stop()));
    throw results.find((result) => result.status === 'rejected')?.reason;
  });
}

/** Starts a member and a learner of it, which serves no requests until it is promoted. */
export async function startWithLearner(): Promise<{ member: Member; learner: Member }> {
  const complete = await completed({});
  return withReservedPorts(4, async ([clientPort, peerPort, learnerPort, learnerPeerPort]) => {
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

/** TCP ports, because fault proxies and tools need an address. */
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
    // A paused process handles SIGTERM only when it runs again.
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
      // The data are removed, so a graceful shutdown is not needed.
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

/** Writes the member's data to a file for `replaceData`. */
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

/** Reads the status of the member itself. A partitioned former leader may still return true. */
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

/** Selects the binary and disables fsync, because test data need not survive a crash of the machine. */
async function completed(options: MemberOptions): Promise<MemberOptions & { etcdBin: string }> {
  const etcdBin = options.etcdBin ?? (await binaryFor(options.version));
  const help = await runCommand(etcdBin, ['--help'], { env: {}, timeoutMs: HELP_LIMIT_MS });
  // Versions before 3.5 do not have the flag.
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
    // The process has already exited.
  }
}
