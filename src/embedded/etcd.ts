// Runs a real etcd on this machine: finds or downloads the program, starts it under a supervisor, waits until it is ready, stops it.
// One member by default; with ports and an initial cluster, one of several. Tests and `npm run cluster` also use it.
import { join, resolve } from 'node:path';
import { addressesOf } from './addresses.js';
import type { EtcdAddresses, TcpAddress } from './addresses.js';
import { findEtcd } from './binary.js';
import type { BinarySearch } from './binary.js';
import { lastComplaint, logSize, prepareDataDirectory } from './data-directory.js';
import type { DataDirectory } from './data-directory.js';
import { EmbeddedEtcdError } from './embedded-etcd-error.js';
import { systemGuards } from './guards.js';
import type { SystemGuards } from './guards.js';
import type { EtcdBinary } from './inspection.js';
import { untilServing } from './readiness.js';
import { superviseEtcd } from './supervision.js';
import type { Ending, SupervisedEtcd } from './supervision.js';
import { isOlder } from './version.js';

const START_LIMIT_MS = 60_000;
/** The first version of etcd without the flag `--enable-v2`. */
const FIRST_WITHOUT_V2 = '3.6.0';

export interface EmbeddedEtcdOptions {
  /** Contains `etcd-data/`, `etcd.log` and the lock. Created if it does not exist. */
  readonly dataDir: string;
  /** The folder for downloaded programs; `<dataDir>/cache` by default. */
  readonly cacheDir?: string | undefined;
  /** The etcd to use; found or downloaded by default. */
  readonly etcdBin?: string | undefined;
  /** The source of release archives: `OFFICIAL_BASE_URL` of release.ts or a mirror of it. */
  readonly downloadBaseUrl: string;
  /** The PATH for etcd and system programs. */
  readonly path: string;
  /** Gets a line for each step. */
  readonly say: (line: string) => void;
  /** Aborts the search, the download and the start. */
  readonly signal?: AbortSignal | undefined;
  readonly name?: string | undefined;
  /** A unix socket by default: any web page can write through a TCP port. */
  readonly clientAddress?: TcpAddress | undefined;
  /** On loopback; a unix socket by default, which no other member can reach. */
  readonly peerPort?: number | undefined;
  /** `name=peerUrl,…` of all members; only this one by default. */
  readonly initialCluster?: string | undefined;
  readonly extraArgs?: readonly string[] | undefined;
}

export interface EmbeddedEtcd {
  /** `unix:///path/of/the/socket` or `http://127.0.0.1:PORT`; the same at the next start on the same folder. */
  readonly endpoint: string;
  readonly pid: number;
  readonly supervisorPid: number;
  readonly version: string;
  readonly logFile: string;
  /** Resolves with the reason, one line, if etcd exits unexpectedly; never after `stop`. */
  readonly exited: Promise<string>;
  /** Stops etcd and its supervisor and waits for both. Can be called several times. */
  stop(): Promise<void>;
}

interface Start {
  readonly options: EmbeddedEtcdOptions;
  readonly directory: DataDirectory;
  readonly binary: EtcdBinary;
  readonly addresses: EtcdAddresses;
  readonly guards: SystemGuards | undefined;
}

/** Throws an `EmbeddedEtcdError`, or the signal's reason. */
export async function startEmbeddedEtcd(options: EmbeddedEtcdOptions): Promise<EmbeddedEtcd> {
  const directory = await prepareDataDirectory(options.dataDir);
  const binary = await findEtcd(searchOf(options, directory));
  options.say(`starting etcd ${binary.version} (${binary.file}), data in ${directory.dataDir}`);
  const { clientAddress, peerPort } = options;
  const addresses = addressesOf({ dataDir: directory.dataDir, clientAddress, peerPort });
  const guards = await systemGuards(options.path);
  const etcd = await startOnce({ options, directory, binary, addresses, guards });
  options.say(`etcd serves: etcdctl --endpoints=${etcd.endpoint}`);
  return etcd;
}

function searchOf(options: EmbeddedEtcdOptions, directory: DataDirectory): BinarySearch {
  const { etcdBin, downloadBaseUrl, path, say, signal } = options;
  const { dataDir, writtenBy: version } = directory;
  return {
    etcdBin,
    downloadBaseUrl,
    path,
    say,
    signal,
    cacheDir: resolve(options.cacheDir ?? join(dataDir, 'cache')),
    writtenBy: version === undefined ? undefined : { version, dataDir },
  };
}

async function startOnce(start: Start): Promise<EmbeddedEtcd> {
  const { directory, binary, options, addresses, guards } = start;
  options.signal?.throwIfAborted();
  const logOffset = await logSize(directory.logFile);
  const supervised = superviseEtcd({
    etcdFile: binary.file,
    etcdArgs: etcdArgs(start),
    version: binary.version,
    versionFile: directory.versionFile,
    lockFile: directory.lockFile,
    logFile: directory.logFile,
    ...(addresses.socketFolder !== undefined && { socketFolder: addresses.socketFolder }),
    ...(guards === undefined ? {} : { guards }),
  });
  const explain = (ending: Ending): Promise<string> => reasonFor(ending, directory, logOffset);
  const failure = await failureToServe(supervised, addresses, options.signal);
  if (failure !== undefined) {
    await supervised.stop();
    options.signal?.throwIfAborted();
    throw new EmbeddedEtcdError(
      failure === 'timeout' ? notReadyInTime(directory) : await explain(failure),
    );
  }
  return handleOf(start, supervised, { pid: (await supervised.started) ?? 0, explain });
}

function handleOf(
  { binary, directory, addresses }: Start,
  supervised: SupervisedEtcd,
  { pid, explain }: { pid: number; explain: (ending: Ending) => Promise<string> },
): EmbeddedEtcd {
  let isStopping = false;
  return {
    endpoint: addresses.endpoint,
    pid,
    supervisorPid: supervised.supervisorPid,
    version: binary.version,
    logFile: directory.logFile,
    exited: new Promise((resolve) => {
      void supervised.ended.then((ending) => {
        if (!isStopping) resolve(explain(ending));
      });
    }),
    async stop() {
      isStopping = true;
      await supervised.stop();
    },
  };
}

/** Resolves with `undefined` when etcd is ready, else with the reason of the failure. */
async function failureToServe(
  supervised: SupervisedEtcd,
  { target }: EtcdAddresses,
  signal: AbortSignal | undefined,
): Promise<Ending | 'timeout' | undefined> {
  const giveUp = new AbortController();
  const limits = [giveUp.signal, AbortSignal.timeout(START_LIMIT_MS)];
  const waiting = AbortSignal.any(signal === undefined ? limits : [...limits, signal]);
  const result = await Promise.race([
    // Until etcd has started, another gateway's etcd may respond at the address.
    supervised.started.then(async (pid) => {
      if (pid === undefined) return supervised.ended;
      return (await untilServing(target, waiting)) ? undefined : 'timeout';
    }),
    supervised.ended,
  ]);
  giveUp.abort();
  return result;
}

function etcdArgs({ options, directory, binary, addresses }: Start): string[] {
  const name = options.name ?? 'latchkey';
  const { clientUrl, listenPeerUrl, advertisedPeerUrl } = addresses;
  const hosts = ['127.0.0.1', 'localhost', options.clientAddress?.host ?? 'localhost'];
  const settings = {
    name,
    'data-dir': directory.etcdDataDir,
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': listenPeerUrl,
    'initial-advertise-peer-urls': advertisedPeerUrl,
    'initial-cluster': options.initialCluster ?? `${name}=${advertisedPeerUrl}`,
    logger: 'zap',
    // For a TCP port: a web page can neither reach etcd by a DNS name for loopback nor read its responses. It can still write.
    'host-whitelist': [...new Set(hosts)].join(),
    cors: clientUrl,
    ...(isOlder(binary.version, FIRST_WITHOUT_V2) ? { 'enable-v2': 'false' } : {}),
  };
  const args = Object.entries(settings).map(([flag, value]) => `--${flag}=${value}`);
  return [...args, ...(options.extraArgs ?? [])];
}

async function reasonFor(
  ending: Ending,
  { dataDir, logFile }: DataDirectory,
  logOffset: number,
): Promise<string> {
  switch (ending.kind) {
    case 'taken':
      return ending.gatewayPid === undefined
        ? `The etcd of a gateway that has exited still uses the data directory ${dataDir}`
        : `Another gateway (process ${ending.gatewayPid}) uses the data directory ${dataDir}`;
    case 'failed':
      return `etcd cannot be started on ${dataDir}: ${ending.reason}`;
    case 'lost':
      return `etcd's supervisor ended: ${ending.reason}; etcd was stopped with it`;
    case 'ended': {
      const how = ending.signal ?? `status ${ending.status ?? 'unknown'}`;
      const complaint = await lastComplaint(logFile, logOffset);
      return `etcd ended with ${how}${complaint === undefined ? '' : `: ${complaint}`} (log: ${logFile})`;
    }
  }
}

function notReadyInTime({ logFile }: DataDirectory): string {
  return `etcd was not ready within ${START_LIMIT_MS / 1000} s (log: ${logFile})`;
}
