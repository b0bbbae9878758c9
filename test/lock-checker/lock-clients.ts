// All lock clients of a run: 50 at one lock, 200 at 40 locks, one that inspects, one that forces releases, and one that writes with stale guards.
import { pauseUnlessAborted } from '../harness/faults.js';
import type { LockUser } from './lock-user.js';
import { LOCKS } from './history.js';
import type { Random, Span } from '../harness/random.js';
import type { CheckSettings } from './settings.js';
import { runLockCycle } from './lock-cycle.js';
import type { LockCycleDeps } from './lock-cycle.js';

const HOT_LOCK = 'hot';
const REPLICAS = 2;
/** Pauses of the clients that force releases, inspect, and write with stale guards. */
const FORCE_EVERY_MS: Span = [1_500, 4_000];
const INSPECT_EVERY_MS: Span = [50, 250];
const STALE_WRITE_EVERY_MS: Span = [100, 500];
const CLEAN_UP_ATTEMPTS_MAX = 20;
const CLEAN_UP_PAUSE_MS = 250;

interface LockClientsDeps {
  readonly settings: CheckSettings;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Keys of entries with their create revisions. */
  readonly alive: ReadonlyMap<string, number>;
  readonly createUser: (name: string) => LockUser;
  readonly pickReplica: LockCycleDeps['pickReplica'];
}

type Leftover = Parameters<LockCycleDeps['recordLeftover']>[0];

export class LockClients {
  readonly #deps: LockClientsDeps;
  readonly #leftovers: Leftover[] = [];
  readonly #locks: string[];

  constructor(deps: LockClientsDeps) {
    this.#deps = deps;
    const { spreadLocks } = deps.settings;
    this.#locks = Array.from({ length: spreadLocks }, (_, index) => `lock-${index}`);
  }

  /** Resolves when all clients have stopped, which they do after the signal. */
  async run(): Promise<void> {
    const { hotClients, spreadClients, hotPauseMs, spreadPauseMs } = this.#deps.settings;
    const hot = times(hotClients, (index) => this.#client(`h${index}`, HOT_LOCK, hotPauseMs));
    const spread = times(spreadClients, (index) =>
      this.#client(`s${index}`, this.#locks[index % this.#locks.length]!, spreadPauseMs),
    );
    await Promise.all([
      ...hot,
      ...spread,
      this.#forcer(),
      this.#inspector(),
      this.#staleGuardWriter(),
    ]);
  }

  /** Releases locks without a ttl whose response was lost. */
  async cleanUp(): Promise<void> {
    await Promise.all(
      this.#leftovers.map(async (left, index) => {
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
    const { settings, signal, createUser, pickReplica } = this.#deps;
    const random = this.#deps.random.fork(name);
    const user = createUser(name);
    const recordLeftover = (left: Leftover): void => void this.#leftovers.push(left);
    const isHot = lock === HOT_LOCK;
    await this.#repeat(random, pauseMs, () =>
      runLockCycle({ user, lock, isHot, random, settings, signal, recordLeftover, pickReplica }),
    );
  }

  async #forcer(): Promise<void> {
    const random = this.#deps.random.fork('forcer');
    const user = this.#deps.createUser('forcer');
    await this.#repeat(random, FORCE_EVERY_MS, () =>
      user.force(random.whole([0, 1]), this.#anyLock(random)),
    );
  }

  async #inspector(): Promise<void> {
    const random = this.#deps.random.fork('inspector');
    const user = this.#deps.createUser('inspector');
    await this.#repeat(random, INSPECT_EVERY_MS, () =>
      user.inspect(random.whole([0, 1]), this.#anyLock(random)),
    );
  }

  /** Uses the create revision of any entry as a fencing token. Most of these entries are waiters. */
  async #staleGuardWriter(): Promise<void> {
    const random = this.#deps.random.fork('stale-guard');
    const user = this.#deps.createUser('stale-guard');
    await this.#repeat(random, STALE_WRITE_EVERY_MS, async () => {
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
    // The clients do not start all at once.
    await pauseUnlessAborted(random.between([0, pauseMs[1]]), signal);
    while (!signal.aborted) {
      await act();
      await pauseUnlessAborted(random.between(pauseMs), signal);
    }
  }
}

function times(count: number, act: (index: number) => Promise<void>): Promise<void>[] {
  return Array.from({ length: count }, (_, index) => act(index));
}
