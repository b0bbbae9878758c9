// `npm run cluster`: three etcd members and the gateway in front of them as plain processes, the topology of docker-compose.yml on one
// machine. Members may be killed to see what happens: the others and the gateway go on. Ends everything when it is told to.
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
    result.problems.forEach(complain);
    process.exitCode = STATUS_USAGE;
    break;
  case 'run':
    process.exitCode = await run(result.settings);
}

/** Resolves with the exit status when everything has ended. */
async function run(settings: ClusterSettings): Promise<number> {
  const asked = endWhenAsked();
  try {
    const cluster = await start(settings, asked);
    show(cluster);
    const failure = await untilEnd(cluster, asked);
    if (failure !== undefined) complain(failure);
    await stop(cluster);
    return failure === undefined ? 0 : STATUS_FAILED;
  } catch (error) {
    if (asked.aborted) return 0;
    complain(messageOf(error));
    return STATUS_FAILED;
  }
}

/** Aborted by the first signal; the second one ends the program on the spot, and the supervisors end etcd then. */
function endWhenAsked(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(STATUS_FAILED);
      controller.abort(new Error(signal));
    });
  }
  return controller.signal;
}

async function start(settings: ClusterSettings, asked: AbortSignal): Promise<Cluster> {
  await requireFreePorts(settings);
  const { cacheDir, etcdBin, etcdDownloadUrl: downloadBaseUrl } = settings;
  // Once for all three, so that a fetch and its lines come once.
  await findEtcd({ path, cacheDir, etcdBin, downloadBaseUrl, say, signal: asked });
  const folder = clusterFolder(settings);
  const members = await startMembers(settings, folder, asked);
  try {
    const gateway = await startGateway({
      listen: settings.listen,
      endpoints: members.map(({ etcd }) => etcd.endpoint),
      logFile: join(folder, 'gateway.log'),
      args: settings.gatewayArgs,
      path,
      home,
      signal: asked,
    });
    return { members, gateway };
  } catch (error) {
    await Promise.all(members.map(({ etcd }) => etcd.stop()));
    throw error;
  }
}

/** Throws one line for each address that is in use. */
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

/** Data belong to the ports that they were made with: etcd keeps its peers' addresses in them. */
function clusterFolder({ dataDir, peerPorts }: ClusterSettings): string {
  const folder = resolve(dataDir, peerPorts.join('-'));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** All at once, as none serves without another. When one cannot start, the others are ended and its reason is thrown. */
async function startMembers(
  settings: ClusterSettings,
  folder: string,
  asked: AbortSignal,
): Promise<Member[]> {
  const failed = new AbortController();
  const places = settings.peerPorts.map((peerPort, index) => ({
    name: `m${index + 1}`,
    peerPort,
    clientAddress: { host: '127.0.0.1', port: settings.clientPorts[index] ?? 0 },
    peerUrl: `http://127.0.0.1:${peerPort}`,
  }));
  const initialCluster = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  let reason: Error | undefined;
  const starts = places.map(async ({ peerUrl, ...place }) => {
    try {
      const etcd = await startEmbeddedEtcd({
        ...place,
        initialCluster,
        dataDir: join(folder, place.name),
        cacheDir: settings.cacheDir,
        etcdBin: settings.etcdBin,
        downloadBaseUrl: settings.etcdDownloadUrl,
        path,
        say: (line) => say(`${place.name}: ${line}`),
        signal: AbortSignal.any([asked, failed.signal]),
      });
      return { name: place.name, peerUrl, etcd };
    } catch (error) {
      reason ??= new Error(`${place.name}: ${messageOf(error)}`, { cause: error });
      failed.abort();
      return undefined;
    }
  });
  const members = (await Promise.all(starts)).filter((member) => member !== undefined);
  if (members.length === places.length) return members;
  await Promise.all(members.map(({ etcd }) => etcd.stop()));
  throw reason ?? new Error('no member was started');
}

function show({ members, gateway }: Cluster): void {
  for (const { name, peerUrl, etcd } of members) {
    say(`${name.padEnd(8)} clients ${etcd.endpoint}  peers ${peerUrl}  process ${etcd.pid}`);
    void etcd.exited.then((reason) => say(`${name} is gone: ${reason}`));
  }
  say(`gateway  ${gateway.url}  process ${gateway.pid}`);
  say('Ctrl-C ends all of them');
}

/** Why it ended unasked; `undefined` when it was told to. */
async function untilEnd({ gateway }: Cluster, asked: AbortSignal): Promise<string | undefined> {
  const told = new Promise<undefined>((done) => {
    if (asked.aborted) done(undefined);
    asked.addEventListener('abort', () => done(undefined), { once: true });
  });
  return Promise.race([told, gateway.ended.then((how) => `the gateway ended with ${how}`)]);
}

async function stop({ members, gateway }: Cluster): Promise<void> {
  say('ending the gateway and the members');
  await gateway.stop();
  await Promise.all(members.map(({ etcd }) => etcd.stop()));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}
