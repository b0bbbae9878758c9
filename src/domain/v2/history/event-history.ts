// The records of past changes, read by revision: one read of etcd for many, and each once for all who watch.
import type { Caller } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { OPERATIONS_TOGETHER_MAX } from '../../../etcd/wire.js';
import { recordAt } from './event-record.js';
import { V2_EVENT_RECORD_KEY } from '../../v2-private-keys.js';
import type { ChangeRecord } from './event-record.js';

const REMEMBERED_MAX = 10_000;

type Answer = Promise<ChangeRecord | undefined>;

const NONE: Answer = Promise.resolve(undefined);

export class ChangeRecords {
  readonly #etcd: EtcdClient;
  /** By identity and revision, oldest first. */
  readonly #known = new Map<string, Answer>();

  constructor(etcd: EtcdClient) {
    this.#etcd = etcd;
  }

  /** For a store that was reset: its revisions are other changes now. */
  clear(): void {
    this.#known.clear();
  }

  /** One for each revision, in their order: `undefined` where a change left none, or the caller may not see it. Throws when etcd cannot be read. */
  async at(caller: Caller, revisions: readonly number[]): Promise<(ChangeRecord | undefined)[]> {
    const unknown = revisions.filter((revision) => !this.#known.has(nameOf(caller, revision)));
    for (let done = 0; done < unknown.length; done += OPERATIONS_TOGETHER_MAX) {
      this.#read(caller, unknown.slice(done, done + OPERATIONS_TOGETHER_MAX));
    }
    const answers = revisions.map((revision) => this.#known.get(nameOf(caller, revision)) ?? NONE);
    this.#forgetOldest();
    return Promise.all(answers);
  }

  #read(caller: Caller, revisions: readonly number[]): void {
    const all = this.#ask(caller, revisions);
    revisions.forEach((revision, index) => {
      const name = nameOf(caller, revision);
      const answer = all.then((records) => records[index]);
      this.#known.set(name, answer);
      answer.catch(() => {
        if (this.#known.get(name) === answer) this.#known.delete(name);
      });
    });
  }

  async #ask(caller: Caller, revisions: readonly number[]): Promise<(ChangeRecord | undefined)[]> {
    try {
      const { responses } = await this.#etcd.txn(caller, {
        compare: [],
        success: revisions.map((revision) => ({
          kind: 'range',
          range: { key: V2_EVENT_RECORD_KEY, revision },
        })),
        failure: [],
      });
      return responses.map((response, index) =>
        response.kind === 'range'
          ? recordAt(response.range.kvs[0], revisions[index] ?? 0)
          : undefined,
      );
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : undefined;
      if (code === 'permission-denied') return revisions.map(() => undefined);
      if (code !== 'revision-compacted') throw error;
      if (revisions.length === 1) return [undefined];
      // Some of them are gone, and one that is gone fails all.
      const halves = [
        revisions.slice(0, revisions.length / 2),
        revisions.slice(revisions.length / 2),
      ];
      return (await Promise.all(halves.map((half) => this.#ask(caller, half)))).flat();
    }
  }

  #forgetOldest(): void {
    for (const name of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED_MAX) return;
      this.#known.delete(name);
    }
  }
}

function nameOf({ identity }: Caller, revision: number): string {
  return `${identity.key} ${revision}`;
}
