// Repeats linearizable reads of etcd's revision, which relate times to revisions. Also detects new leaders.
import { setTimeout as pause } from 'node:timers/promises';
import { EtcdAccess, base64 } from './etcd-access.js';
import type { Probe } from './revision-clock.js';

const EVERY_MS = 20;
const READ_LIMIT_MS = 20_000;
const READ = { key: base64('harness/absent') };

export class RevisionProbe {
  readonly probes: Probe[] = [];
  /** When a new leader was first seen. */
  readonly elections: number[] = [];
  readonly #etcd: EtcdAccess;
  readonly #onRevision: (revision: number) => void;
  #term = 0;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(endpoints: readonly string[], onRevision: (revision: number) => void) {
    this.#etcd = new EtcdAccess(endpoints);
    this.#onRevision = onRevision;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Reads once more. Throws when etcd does not respond. */
  async read(): Promise<number> {
    return this.#note(
      performance.now(),
      await this.#etcd.until('/v3/kv/range', READ, READ_LIMIT_MS),
    );
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const startedAt = performance.now();
      try {
        this.#note(startedAt, await this.#etcd.once('/v3/kv/range', READ));
      } catch {
        // The next read goes to another member.
      }
      await pause(EVERY_MS);
    }
  }

  #note(startedAt: number, response: any): number {
    const endedAt = performance.now();
    const revision = Number(response.header.revision);
    const term = Number(response.header.raft_term);
    if (term > this.#term) this.elections.push(endedAt);
    this.#term = Math.max(term, this.#term);
    this.probes.push({ startedAt, endedAt, revision });
    this.#onRevision(revision);
    return revision;
  }
}
