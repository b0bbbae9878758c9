// Long polls: the first events after a position, or an empty list after the wait. The next poll continues at `next`.
import type { Request, Response } from 'express';
import { shuttingDown } from '../../core/errors.js';
import type { GatewayError } from '../../core/errors.js';
import type { Delivery } from '../../domain/watch/delivery.js';
import type { Watcher } from '../../domain/watch/shared-watch.js';
import { formatPosition } from '../../domain/watch/position.js';
import type { Position } from '../../domain/watch/position.js';
import { contextOf } from '../request/context.js';
import type { Schema } from '../contract/operation-types.js';
import { positionOf, toEventBody } from './watch-frames.js';
import { aheadError, compactedError, newestIfAhead, resetError } from './watch-subscription.js';
import { WATCH_START_TIMEOUT_MS, watchNotStarted } from '../response/event-stream.js';
import type { OpenWatch } from './open-watches.js';
import { sendJson } from './responses.js';
import type { WatchDeps, WatchSubscription } from './watch-subscription.js';

const EVENTS_MAX = 1_000;
/** Of keys and values. One event may be larger. */
const RESPONSE_BYTES_MAX = 4 * 1024 * 1024;
/** The shortest wait of a poll that starts in the past: etcd sends past events every 100 ms. */
const CATCH_UP_MS = 500;

interface Page {
  readonly deliveries: readonly Delivery[];
  readonly next: Position;
}

export async function sendPoll(
  deps: WatchDeps,
  req: Request,
  res: Response,
  subscription: WatchSubscription,
  waitSeconds: number,
): Promise<void> {
  const { caller } = contextOf(req);
  const poll = new Poll(subscription, waitSeconds * 1000);
  const newest = await newestIfAhead(deps, caller, subscription);
  if (newest !== undefined) throw aheadError(subscription, newest);
  const { deliveries, next } = await poll.run(deps, caller.signal);
  const page: Schema<'WatchPage'> = {
    events: deliveries.map((delivery) => toEventBody(delivery, subscription)),
    next: formatPosition(next),
  };
  sendJson(res, page);
}

class Poll implements Watcher, OpenWatch {
  readonly unsentBytes = 0;
  readonly #subscription: WatchSubscription;
  readonly #waitEndsAt: number;
  #position: Position | undefined;
  #timer: NodeJS.Timeout | undefined;
  #resolve: (page: Page) => void = () => undefined;
  #reject: (error: GatewayError) => void = () => undefined;

  constructor(subscription: WatchSubscription, waitMs: number) {
    this.#subscription = subscription;
    this.#waitEndsAt = performance.now() + waitMs;
  }

  /** `signal` is aborted when the client disconnects. */
  async run({ hub, open, draining }: WatchDeps, signal: AbortSignal): Promise<Page> {
    if (draining.aborted) throw shuttingDown();
    const endWait = (): void => this.#endWait();
    let unwatch: (() => void) | undefined;
    try {
      return await new Promise<Page>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        this.#timer = setTimeout(endWait, WATCH_START_TIMEOUT_MS);
        signal.addEventListener('abort', endWait, { once: true });
        open.add(this);
        if (signal.aborted) endWait();
        unwatch = hub.watch(this.#subscription.request, this);
        if (signal.aborted) endWait();
      });
    } finally {
      clearTimeout(this.#timer);
      signal.removeEventListener('abort', endWait);
      open.delete(this);
      unwatch?.();
    }
  }

  onLive(position: Position): void {
    this.#position = position;
    clearTimeout(this.#timer);
    const minimumMs = this.#subscription.request.since === undefined ? 0 : CATCH_UP_MS;
    const restMs = Math.max(minimumMs, this.#waitEndsAt - performance.now());
    this.#timer = setTimeout(() => this.#endWait(), restMs);
  }

  onEvents(deliveries: readonly Delivery[]): void {
    const page = firstPage(deliveries);
    const last = page.at(-1);
    if (last !== undefined) this.#resolve({ deliveries: page, next: positionOf(last) });
  }

  onProgress(revision: number): void {
    this.#position = { revision };
  }

  onCompacted(oldestRevision: number): void {
    this.#reject(compactedError(oldestRevision, this.#subscription.request.since));
  }

  onReset(revision: number): void {
    this.#reject(resetError(revision));
  }

  onRefused(error: GatewayError): void {
    this.#reject(error);
  }

  beat(): void {
    // A poll sends nothing before its response.
  }

  drain(): void {
    this.#reject(shuttingDown());
  }

  #endWait(): void {
    if (this.#position === undefined) this.#reject(watchNotStarted());
    else this.#resolve({ deliveries: [], next: this.#position });
  }
}

function firstPage(deliveries: readonly Delivery[]): readonly Delivery[] {
  let bytes = 0;
  const end = deliveries.findIndex(({ event: { kv, prevKv } }, index) => {
    bytes += kv.key.length + kv.value.length + (prevKv?.value.length ?? 0);
    return index > 0 && (index >= EVENTS_MAX || bytes > RESPONSE_BYTES_MAX);
  });
  return end < 0 ? deliveries : deliveries.slice(0, end);
}
