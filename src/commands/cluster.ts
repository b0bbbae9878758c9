// `npm run cluster`: three etcd members and a gateway as plain processes on one machine, with the topology of docker-compose.yml. If a
// member is killed, the others and the gateway continue. A signal stops all processes.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startGateway } from './cluster/gateway-process.js';
import type { GatewayProcess } from './cluster/gateway-process.js';
import { parseClusterSettings } from './cluster/settings.js';
import type { ClusterSettings } from './cluster/settings.js';
import { findEtcd } from '../embedded/binary.js';
import { startEmbeddedEtcd } from '../embedded/etcd.js';
import type { EmbeddedEtcd } from '../embedded/etcd.js';
import { messageOf } from '../core/errors.js';
import { addressProblem } from '../process/free-address.js';
import { parseListen } from '../config/address.js';

const STATUS_FAILED = 1;
const STATUS_USAGE = 2;

interface Member {
  readonly name: string;
  readonly peerUrl: string;
  readonly etcd: EmbeddedEtcd;
}

interface Cluster {
  readonly members: readonly Member[];
  readonly gateway: GatewayProcess;
}

const path = process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
const home = process.env.HOME ?? '/';
const result = parseClusterSettings(process.argv.slice(2));
switch (result.kind) {
  case 'help':
    say(result.text);
    break;
  case 'errors':
    result.problems.forEach(printError);
    process.exitCode = STATUS_USAGE;
    break;
  case 'run':
    process.exitCode = await run(result.settings);
}

/** Resolves with the exit status when all processes have exited. */
async function run(settings: ClusterSettings): Promise<number> {
  const stopping = stopSignal();
  try {
    const cluster = await start(settings, stopping);
    show(cluster);
    const failure = await untilEnd(cluster, stopping);
    if (failure !== undefined) printError(failure);
    await stop(cluster);
    return failure === undefined ? 0 : STATUS_FAILED;
  } catch (error) {
    if (stopping.aborted) return 0;
    printError(messageOf(error));
    return STATUS_FAILED;
  }
}

/** Returns a signal that the first SIGINT, SIGTERM or SIGHUP aborts. The second one exits immediately; the supervisors then stop etcd. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(STATUS_FAILED);
      controller.abort(new Error(signal));
    });
  }
  return controller.signal;
}

async function start(settings: ClusterSettings, stopping: AbortSignal): Promise<Cluster> {
  await requireFreePorts(settings);
  const { cacheDir, etcdBin, etcdDownloadUrl: downloadBaseUrl } = settings;
  // Finds etcd once for all members, so that it is downloaded and reported once.
  await findEtcd({ path, cacheDir, etcdBin, downloadBaseUrl, say, signal: stopping });
  const folder = clusterFolder(settings);
  const members = await startMembers(settings, folder, stopping);
  try {
    const gateway = await startGateway({
      listen: settings.listen,
      endpoints: members.map(({ etcd }) => etcd.endpoint),
      logFile: join(folder, 'gateway.log'),
      args: settings.gatewayArgs,
      path,
      home,
      signal: stopping,
    });
    return { members, gateway };
  } catch (error) {
    await Promise.all(members.map(({ etcd }) => etcd.stop()));
    throw error;
  }
}

/** Throws an error with one line for each address that is in use. */
async function requireFreePorts({
  listen,
  clientPorts,
  peerPorts,
}: ClusterSettings): Promise<void> {
  const local = (port: number) => ({ host: '127.0.0.1', port });
  const problems = await Promise.all([
    addressProblem(parseListen(listen), '--listen'),
    ...clientPorts.map((port) => addressProblem(local(port), '--client-ports')),
    ...peerPorts.map((port) => addressProblem(local(port), '--peer-ports')),
  ]);
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new Error(found.join('\n'));
}

/** Each set of peer ports has its own data, because etcd stores its peers' addresses in them. */
function clusterFolder({ dataDir, peerPorts }: ClusterSettings): string {
  const folder = resolve(dataDir, peerPorts.join('-'));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Starts all members at the same time, because one alone is not ready. If one fails, stops the others and throws its reason. */
async function startMembers(
  settings: ClusterSettings,
  folder: string,
  stopping: AbortSignal,
): Promise<Member[]> {
  const failed = new AbortController();
  const specs = settings.peerPorts.map((peerPort, index) => ({
    name: `m${index + 1}`,
    peerPort,
    clientAddress: { host: '127.0.0.1', port: settings.clientPorts[index] ?? 0 },
    peerUrl: `http://127.0.0.1:${peerPort}`,
  }));
  const initialCluster = specs.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  let reason: Error | undefined;
  const starts = specs.map(async ({ peerUrl, ...spec }) => {
    try {
      const etcd = await startEmbeddedEtcd({
        ...spec,
        initialCluster,
        dataDir: join(folder, spec.name),
        cacheDir: settings.cacheDir,
        etcdBin: settings.etcdBin,
        downloadBaseUrl: settings.etcdDownloadUrl,
        path,
        say: (line) => say(`${spec.name}: ${line}`),
        signal: AbortSignal.any([stopping, failed.signal]),
      });
      return { name: spec.name, peerUrl, etcd };
    } catch (error) {
      reason ??= new Error(`${spec.name}: ${messageOf(error)}`, { cause: error });
      failed.abort();
      return undefined;
    }
  });
  const members = (await Promise.all(starts)).filter((member) => member !== undefined);
  if (members.length === specs.length) return members;
  await Promise.all(members.map(({ etcd }) => etcd.stop()));
  throw reason ?? new Error('no member was started');
}

function show({ members, gateway }: Cluster): void {
  for (const { name, peerUrl, etcd } of members) {
    say(`${name.padEnd(8)} clients ${etcd.endpoint}  peers ${peerUrl}  process ${etcd.pid}`);
    void etcd.exited.then((reason) => say(`${name} exited: ${reason}`));
  }
  say(`gateway  ${gateway.url}  process ${gateway.pid}`);
  say('Ctrl-C stops all of them');
}

/** Resolves with the reason if the gateway exits unexpectedly, or with `undefined` after a signal. */
async function untilEnd({ gateway }: Cluster, stopping: AbortSignal): Promise<string | undefined> {
  const stopped = new Promise<undefined>((done) => {
    if (stopping.aborted) done(undefined);
    stopping.addEventListener('abort', () => done(undefined), { once: true });
  });
  return Promise.race([stopped, gateway.ended.then((how) => `the gateway ended with ${how}`)]);
}

async function stop({ members, gateway }: Cluster): Promise<void> {
  say('stopping the gateway and the members');
  await gateway.stop();
  await Promise.all(members.map(({ etcd }) => etcd.stop()));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}
