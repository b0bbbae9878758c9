// Samples of what may grow, taken at even distances and written to a file as they come: a table with tabs, one line a sample.
import { appendFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { countDescriptors, readGatewayMetrics } from '../harness/gateway-metrics.js';
import type { GatewayMetrics } from '../harness/gateway-metrics.js';
import type { Member } from '../support/etcd.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';

export interface Sample extends GatewayMetrics {
  /** From the beginning of the load. */
  readonly seconds: number;
  readonly etcdLeases: number;
  /** etcd's own sockets and files: what the gateway leaves open there. */
  readonly etcdDescriptors: number | undefined;
}

export const COLUMNS: readonly (keyof Sample)[] = [
  'seconds',
  'rssBytes',
  'heapBytes',
  'externalBytes',
  'descriptors',
  'handles',
  'timers',
  'waiters',
  'holds',
  'streams',
  'watchers',
  'etcdWatches',
  'cleanUps',
  'etcdLeases',
  'etcdDescriptors',
];

export class Sampler {
  readonly samples: Sample[] = [];
  readonly #gateway: Gateway;
  readonly #member: Member;
  readonly #etcd: RawEtcd;
  readonly #file: string | undefined;
  readonly #startedAt = performance.now();

  constructor(gateway: Gateway, member: Member, file: string | undefined) {
    this.#gateway = gateway;
    this.#member = member;
    this.#etcd = new RawEtcd(member.endpoint);
    this.#file = file;
  }

  /** Resolves when the signal is aborted. */
  async run(everyMs: number, signal: AbortSignal): Promise<void> {
    if (this.#file !== undefined) await writeFile(this.#file, `${COLUMNS.join('\t')}\n`);
    while (!signal.aborted) {
      const sample = await this.take();
      this.samples.push(sample);
      await this.#write(sample);
      await pause(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async take(): Promise<Sample> {
    const { leases = [] } = await this.#etcd.call('/v3/lease/leases', {});
    return {
      seconds: Math.round((performance.now() - this.#startedAt) / 100) / 10,
      ...(await readGatewayMetrics(this.#gateway.baseUrl, this.#gateway.pid)),
      etcdLeases: leases.length,
      etcdDescriptors: await countDescriptors(this.#member.pid),
    };
  }

  async #write(sample: Sample): Promise<void> {
    if (this.#file === undefined) return;
    await appendFile(this.#file, `${COLUMNS.map((name) => sample[name] ?? '').join('\t')}\n`);
  }
}
