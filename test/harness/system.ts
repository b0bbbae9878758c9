// The system under test: three real members, two replicas of the gateway, and fault proxies between the first replica and etcd. Records
// its faults.
import { setTimeout as pause } from 'node:timers/promises';
import { startThreeMembers } from '../support/etcd.js';
import type { Cluster, Member } from '../support/etcd.js';
import { loseResponse, startFaultProxy } from '../support/fault-proxy.js';
import type { CallKind, Call as UpstreamCall, FaultProxy } from '../support/fault-proxy.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import type { Fault } from './fault.js';
import type { Random } from './random.js';

/** The share of requests that still go to a dead replica. */
const DEAD_SHARE = 0.1;

/** The longest delay of a request on its way to etcd. */
export const LATE_MS_MAX = 5_000;
const LATE_MS = [50, LATE_MS_MAX] as const;

export class System {
  readonly cluster: Cluster;
  readonly faults: Fault[] = [];
  readonly #proxies: readonly FaultProxy[];
  readonly #gateways: Gateway[];
  readonly #down = new Set<number>();

  private constructor(cluster: Cluster, proxies: FaultProxy[], gateways: Gateway[]) {
    this.cluster = cluster;
    this.#proxies = proxies;
    this.#gateways = gateways;
  }

  static async start(): Promise<System> {
    const cluster = await startThreeMembers();
    const proxies: FaultProxy[] = [];
    const gateways: Gateway[] = [];
    try {
      for (const endpoint of cluster.endpoints) proxies.push(await startFaultProxy(endpoint));
      gateways.push(await spawnReplica(proxies.map(({ endpoint }) => endpoint)));
      gateways.push(await spawnReplica(cluster.endpoints));
    } catch (error) {
      await stopAll(gateways, proxies, cluster);
      throw error;
    }
    return new System(cluster, proxies, gateways);
  }

  get baseUrls(): string[] {
    return this.#gateways.map(({ baseUrl }) => baseUrl);
  }

  /** Returns a replica like a load balancer does: seldom a dead one. */
  pickReplica(random: Random): number {
    const any = random.whole([0, this.#gateways.length - 1]);
    return this.#down.has(any) && !random.chance(DEAD_SHARE)
      ? this.#gateways.length - 1 - any
      : any;
  }

  /** Loses, cuts or delays that share of the first replica's requests of these kinds. The returned function stops this. */
  disturb(random: Random, share: number, kinds: readonly CallKind[]): () => void {
    const stops = this.#proxies.map((proxy) =>
      proxy.every(
        ({ kind }) => kinds.includes(kind) && random.chance(share),
        (call, forward) => {
          const how = random.pick(['response lost', 'never sent', 'late'] as const);
          const lateMs = how === 'late' ? random.between(LATE_MS) : 0;
          this.#noteDisturbed(call, how, lateMs);
          if (how === 'response lost') return loseResponse(call, forward);
          if (how === 'late') setTimeout(() => void forward().catch(() => undefined), lateMs);
          return undefined;
        },
      ),
    );
    return () => stops.forEach((stop) => stop());
  }

  /** Ends every watch of the first replica. */
  cutWatches(): void {
    for (const proxy of this.#proxies) proxy.cutWatches()();
  }

  /** Breaks every connection of the first replica to etcd. New connections are accepted at once. */
  cutConnections(): void {
    const from = performance.now();
    this.faults.push({ kind: 'connections-cut', what: 'replica 0', from, until: from });
    for (const proxy of this.#proxies) proxy.cutConnections();
  }

  async killMember(member: Member, downMs: number): Promise<void> {
    await this.#during('member-killed', member.name, async () => {
      await member.kill('SIGKILL');
      await pause(downMs);
      await member.restart();
    });
  }

  async pauseMember(member: Member, downMs: number): Promise<void> {
    await this.#during('member-paused', member.name, async () => {
      await member.kill('SIGSTOP');
      await pause(downMs);
      await member.kill('SIGCONT');
    });
  }

  /** Kills the replica and starts it again at the same address. */
  async killReplica(replica: number, downMs: number): Promise<void> {
    await this.#during('replica-killed', String(replica), async () => {
      const { baseUrl } = this.#gateways[replica]!;
      this.#down.add(replica);
      await this.#gateways[replica]!.kill('SIGKILL');
      await pause(downMs);
      const endpoints =
        replica === 0 ? this.#proxies.map(({ endpoint }) => endpoint) : this.cluster.endpoints;
      this.#gateways[replica] = await spawnReplica(endpoints, new URL(baseUrl).host);
      this.#down.delete(replica);
    });
  }

  /** The output of the replicas that run now. */
  output(): string {
    return this.#gateways
      .map((gateway, index) => `replica ${index}:\n${gateway.output()}`)
      .join('\n');
  }

  async stop(): Promise<void> {
    await stopAll(this.#gateways, this.#proxies, this.cluster);
  }

  async #during(kind: Fault['kind'], what: string, act: () => Promise<void>): Promise<void> {
    const fault: Fault = { kind, what, from: performance.now() };
    this.faults.push(fault);
    await act();
    fault.until = performance.now();
  }

  #noteDisturbed({ kind, keys }: UpstreamCall, how: string, lateMs: number): void {
    const from = performance.now();
    const what = `${kind} ${how}`;
    this.faults.push({ kind: 'request-disturbed', what, from, until: from + lateMs, keys });
  }
}

function spawnReplica(endpoints: readonly string[], address?: string): Promise<Gateway> {
  const listen = address === undefined ? [] : [`--listen=${address}`];
  return spawnGateway({
    // The load of the whole test system must not make the gateway refuse waits.
    args: [
      ...listen,
      '--endpoints',
      endpoints.join(','),
      '--log-level=error',
      '--event-loop-delay=30',
    ],
  });
}

async function stopAll(
  gateways: readonly Gateway[],
  proxies: readonly FaultProxy[],
  cluster: Cluster,
): Promise<void> {
  await Promise.all(gateways.map((gateway) => gateway.kill('SIGKILL')));
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await cluster.stop();
}
