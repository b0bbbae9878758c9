// Checks a user's rights to watch, beside etcd. Every 3.4, and others before 3.5.33, 3.6.14 and 3.7.1, takes a watch to the end of the
// keyspace for one of its first key alone when it looks at rights, and sends all that follows it (seen up to 3.5.30). And no version ends
// a watch whose user has lost his rights, or is no user any more. A read of the same range, in a branch that is never taken, is judged right
// by every version, whatever the size of the range.
import type { Identity } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import { isOpenEnded } from '../../../etcd/range.js';
import type { WatchClient } from '../../../etcd/watch/client.js';
import type { WatchHandle, WatchListener } from '../../../etcd/watch/watch-listener.js';
import type { KeyRange } from '../../../etcd/wire.js';
import { checkRights } from './check-rights.js';
import type { RightsClient } from './check-rights.js';

const ANSWER_MS = 5_000;
/** A watch outlives its user's rights by no more than this, and the time of an answer. */
const ASK_EVERY_MS = 10_000;

/** The same client; a watch of a user without the right to read the whole range ends with `refused`, then and later. */
export function withWatchRights(
  watches: WatchClient,
  etcd: RightsClient,
  askEveryMs = ASK_EVERY_MS,
): WatchClient {
  return {
    watch(identity, request, listener) {
      if (identity.login === undefined) return watches.watch(identity, request, listener);
      const watch = new UserWatch(
        () => checkReadRights(identity, etcd, request),
        listener,
        askEveryMs,
      );
      watch.begin(isOpenEnded(request), (heard) => watches.watch(identity, request, heard));
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

  constructor(check: () => Promise<void>, listener: WatchListener, askEveryMs: number) {
    this.#check = check;
    this.#listener = listener;
    this.#clock = setInterval(() => void this.#askAgain(), askEveryMs);
    this.#clock.unref();
  }

  /** `isDoubtful`: etcd's own judgement is not to be relied on, so nothing is asked of it before rights are sure. */
  begin(isDoubtful: boolean, open: (listener: WatchListener) => WatchHandle): void {
    const start = (): void => {
      if (!this.#isOver) this.#handle = open(this.#heard());
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

  #heard(): WatchListener {
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

  async #askAgain(): Promise<void> {
    try {
      await this.#check();
    } catch (error) {
      // Whatever else stands in the way says nothing about rights.
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
  const told = error instanceof GatewayError ? error : new GatewayError('internal-error');
  return { kind: told.status >= 502 ? 'broken' : 'refused', error: told };
}

async function checkReadRights(
  identity: Identity,
  etcd: RightsClient,
  { key, rangeEnd }: KeyRange,
): Promise<void> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const caller = { identity, signal, deadline: performance.now() + ANSWER_MS };
  await checkRights(caller, etcd, [{ kind: 'range', range: { key, rangeEnd, limit: 1 } }]);
}
