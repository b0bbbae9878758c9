// All clients of a run: fifty at one lock, two hundred at forty, and a few who look, break locks and write under guards that do not hold.
import { unlessAborted } from '../harness/faults.js';
import type { LockUser } from './lock-user.js';
import { LOCKS } from './history.js';
import type { Random, Span } from '../harness/random.js';
import type { CheckSettings } from './settings.js';
import type { VisitDeps } from './visit.js';

const HOT_LOCK = 'hot';
const REPLICAS = 2;
/** Of the one who breaks locks, of those who look, and of the one whose guards do not hold. */
const FORCE_EVERY_MS: Span = [1_500, 4_000];
const LOOK_EVERY_MS: Span = [50, 250];
const CHEAT_EVERY_MS: Span = [100, 500];
const CLEAN_UP_ATTEMPTS_MAX = 20;
const CLEAN_UP_PAUSE_MS = 250;

interface VisitorsDeps {
  readonly settings: CheckSettings;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Keys of entries with their create revisions. */
  readonly alive: ReadonlyMap<string, number>;
  readonly visit: (deps: VisitDeps) => Promise<void>;
  readonly createUser: (name: string) => LockUser;
  readonly pickReplica: VisitDeps['pickReplica'];
}

type LeftBehind = Parameters<VisitDeps['leftBehind']>[0];

export class Visitors {
  readonly #deps: VisitorsDeps;
  readonly #leftBehind: LeftBehind[] = [];
  readonly #locks: string[];

  constructor(deps: VisitorsDeps) {
    this.#deps = deps;
    const { spreadLocks } = deps.settings;
    this.#locks = Array.from({ length: spreadLocks }, (_, index) => `lock-${index}`);
  }

  /** Resolves when all have come to an end, which they do after the signal. */
  async run(): Promise<void> {
    const { hotClients, spreadClients, hotPauseMs, spreadPauseMs } = this.#deps.settings;
    const hot = times(hotClients, (index) => this.#client(`h${index}`, HOT_LOCK, hotPauseMs));
    const spread = times(spreadClients, (index) =>
      this.#client(`s${index}`, this.#locks[index % this.#locks.length]!, spreadPauseMs),
    );
    await Promise.all([...hot, ...spread, this.#breaker(), this.#looker(), this.#cheat()]);
  }

  /** Releases what has no ttl and an answer that was lost. */
  async cleanUp(): Promise<void> {
    await Promise.all(
      this.#leftBehind.map(async (left, index) => {
        const user = 'owner' in left ? left.owner : this.#deps.createUser(`clean-up-${index}`);
        for (let count = 0; count < CLEAN_UP_ATTEMPTS_MAX; count++) {
          const call =
            'owner' in left
              ? await user.releaseByOwner(count % REPLICAS, left.lock)
              : await user.release(count % REPLICAS, left.lock, left.token);
          if (call.ending === 'answered' && (call.status ?? 0) < 500) return;
          await new Promise((resolve) => setTimeout(resolve, CLEAN_UP_PAUSE_MS));
        }
      }),
    );
  }

  async #client(name: string, lock: string, pauseMs: Span): Promise<void> {
    const { settings, signal, visit, createUser, pickReplica } = this.#deps;
    const random = this.#deps.random.fork(name);
    const user = createUser(name);
    const leftBehind = (left: LeftBehind): void => void this.#leftBehind.push(left);
    const isHot = lock === HOT_LOCK;
    await this.#repeat(random, pauseMs, () =>
      visit({ user, lock, isHot, random, settings, signal, leftBehind, pickReplica }),
    );
  }

  async #breaker(): Promise<void> {
    const random = this.#deps.random.fork('breaker');
    const user = this.#deps.createUser('breaker');
    await this.#repeat(random, FORCE_EVERY_MS, () =>
      user.force(random.whole([0, 1]), this.#anyLock(random)),
    );
  }

  async #looker(): Promise<void> {
    const random = this.#deps.random.fork('looker');
    const user = this.#deps.createUser('looker');
    await this.#repeat(random, LOOK_EVERY_MS, () =>
      user.inspect(random.whole([0, 1]), this.#anyLock(random)),
    );
  }

  /** Takes any entry's create revision for a fencing token, most of which belong to waiters. */
  async #cheat(): Promise<void> {
    const random = this.#deps.random.fork('cheat');
    const user = this.#deps.createUser('cheat');
    await this.#repeat(random, CHEAT_EVERY_MS, async () => {
      const entries = [...this.#deps.alive];
      if (entries.length === 0) return;
      const [key, createRevision] = random.pick(entries);
      const lock = key.slice(LOCKS.length, key.lastIndexOf('/'));
      await user.guardedWrite(random.whole([0, 1]), lock, createRevision);
    });
  }

  #anyLock(random: Random): string {
    return random.chance(0.2) ? HOT_LOCK : random.pick(this.#locks);
  }

  async #repeat(random: Random, pauseMs: Span, act: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#deps;
    // Not all at once.
    await unlessAborted(random.between([0, pauseMs[1]]), signal);
    while (!signal.aborted) {
      await act();
      await unlessAborted(random.between(pauseMs), signal);
    }
  }
}

function times(count: number, act: (index: number) => Promise<void>): Promise<void>[] {
  return Array.from({ length: count }, (_, index) => act(index));
}
