// Checks the rights of etcd users to watch, in addition to etcd. For a watch to the end of the keyspace, every 3.4 and versions before 3.5.33,
// 3.6.14 and 3.7.1 check the right to the first key only, and then send all keys after it (seen up to 3.5.30). No version ends a watch whose
// user lost the right or was deleted. Every version checks a read of the same range correctly, whatever its size, even in a branch that is
// never taken.
import type { Identity } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import { isOpenEnded } from '../../../etcd/range.js';
import type { WatchClient } from '../../../etcd/watch/client.js';
import type { WatchHandle, WatchListener } from '../../../etcd/watch/watch-listener.js';
import type { KeyRange } from '../../../etcd/wire.js';
import { checkRights } from './check-rights.js';
import type { RightsClient } from './check-rights.js';

const CHECK_TIMEOUT_MS = 5_000;
/** A watch outlives the rights of its user by at most this plus the duration of one check. */
const CHECK_EVERY_MS = 10_000;

/** Returns a watch client that ends a watch with `refused` once its etcd user may not read the whole range. */
export function withWatchRights(
  watches: WatchClient,
  etcd: RightsClient,
  checkEveryMs = CHECK_EVERY_MS,
): WatchClient {
  return {
    watch(identity, request, listener) {
      if (identity.login === undefined) return watches.watch(identity, request, listener);
      const watch = new UserWatch(
        () => checkReadRights(identity, etcd, request),
        listener,
        checkEveryMs,
      );
      watch.begin(isOpenEnded(request), (checked) => watches.watch(identity, request, checked));
      return watch;
    },
    get streams() {
      return watches.streams;
    },
    get watches() {
      return watches.watches;
    },
    get epoch() {
      return watches.epoch;
    },
    close: () => watches.close(),
  };
}

class UserWatch implements WatchHandle {
  readonly #check: () => Promise<void>;
  readonly #listener: WatchListener;
  readonly #clock: NodeJS.Timeout;
  #handle: WatchHandle | undefined;
  #isOver = false;

  constructor(check: () => Promise<void>, listener: WatchListener, checkEveryMs: number) {
    this.#check = check;
    this.#listener = listener;
    this.#clock = setInterval(() => void this.#checkAgain(), checkEveryMs);
    this.#clock.unref();
  }

  /** `isDoubtful`: etcd may not check the whole range, so the watch is opened only after the rights were checked. */
  begin(isDoubtful: boolean, open: (listener: WatchListener) => WatchHandle): void {
    const start = (): void => {
      if (!this.#isOver) this.#handle = open(this.#checkedListener());
    };
    if (!isDoubtful) start();
    else this.#check().then(start, (error: unknown) => this.#end(error));
  }

  close(): void {
    this.#isOver = true;
    clearInterval(this.#clock);
    this.#handle?.close();
  }

  requestProgress(): void {
    this.#handle?.requestProgress();
  }

  #checkedListener(): WatchListener {
    const listener = this.#listener;
    return {
      onCreated: (revision) => listener.onCreated?.(revision),
      onEvents: (events, revision) => listener.onEvents(events, revision),
      onProgress: (revision, isPeriodic) => listener.onProgress?.(revision, isPeriodic),
      onEnd: (end) => {
        this.#isOver = true;
        clearInterval(this.#clock);
        listener.onEnd(end);
      },
    };
  }

  async #checkAgain(): Promise<void> {
    try {
      await this.#check();
    } catch (error) {
      // Other errors do not show that the right is missing.
      if (error instanceof GatewayError && REFUSALS.includes(error.code)) this.#end(error);
    }
  }

  #end(error: unknown): void {
    if (this.#isOver) return;
    this.close();
    this.#listener.onEnd(endOf(error));
  }
}

const REFUSALS: readonly string[] = ['permission-denied', 'unauthenticated'];

function endOf(error: unknown): Parameters<WatchListener['onEnd']>[0] {
  const reported = error instanceof GatewayError ? error : new GatewayError('internal-error');
  return { kind: reported.status >= 502 ? 'broken' : 'refused', error: reported };
}

async function checkReadRights(
  identity: Identity,
  etcd: RightsClient,
  { key, rangeEnd }: KeyRange,
): Promise<void> {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  const caller = { identity, signal, deadline: performance.now() + CHECK_TIMEOUT_MS };
  await checkRights(caller, etcd, [{ kind: 'range', range: { key, rangeEnd, limit: 1 } }]);
}
