// The long poll: the first events after a position, or an empty list when the time is up; `next` is where to go on.
import type { Request, Response } from 'express';
import type { GatewayError } from '../../core/errors.js';
import type { Delivery } from '../../domain/watch/delivery.js';
import type { Watcher } from '../../domain/watch/topic.js';
import { formatPosition } from '../../domain/watch/position.js';
import type { Position } from '../../domain/watch/position.js';
import { contextOf } from '../request/context.js';
import { sendJson } from './entry-body.js';
import { positionOf, toEventBody } from './watch-frames.js';
import { aheadError, compactedError, newestIfAhead, resetError } from './watch-call.js';
import { LIVE_WITHIN_MS, notLive, shuttingDown } from '../response/event-stream.js';
import type { ServeDeps, WatchCall } from './watch-call.js';
import type { OpenWatch } from './watch-open.js';

const EVENTS_MAX = 1_000;
/** Of keys and values; one event may be larger. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** How long a poll that starts in the past looks for what is there already, however short its wait: etcd reads it up every 100 ms. */
const CATCH_UP_MS = 500;

interface Page {
  readonly deliveries: readonly Delivery[];
  readonly next: Position;
}

export async function servePoll(
  deps: ServeDeps,
  req: Request,
  res: Response,
  call: WatchCall,
  waitSeconds: number,
): Promise<void> {
  const { caller } = contextOf(req);
  const poll = new Poll(call, waitSeconds * 1000);
  const newest = await newestIfAhead(deps, caller, call);
  if (newest !== undefined) throw aheadError(call, newest);
  const { deliveries, next } = await poll.run(deps, caller.signal);
  const events = deliveries.map((delivery) => toEventBody(delivery, call));
  sendJson(res, { events, next: formatPosition(next) });
}

class Poll implements Watcher, OpenWatch {
  readonly unsentBytes = 0;
  readonly #call: WatchCall;
  readonly #giveUpAt: number;
  #position: Position | undefined;
  #timer: NodeJS.Timeout | undefined;
  #resolve: (page: Page) => void = () => undefined;
  #reject: (error: GatewayError) => void = () => undefined;

  constructor(call: WatchCall, waitMs: number) {
    this.#call = call;
    this.#giveUpAt = performance.now() + waitMs;
  }

  /** `signal`: the caller hung up. */
  async run({ hub, open, draining }: ServeDeps, signal: AbortSignal): Promise<Page> {
    if (draining.aborted) throw shuttingDown();
    const timeIsUp = (): void => this.#timeIsUp();
    let unwatch: (() => void) | undefined;
    try {
      return await new Promise<Page>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        this.#timer = setTimeout(timeIsUp, LIVE_WITHIN_MS);
        signal.addEventListener('abort', timeIsUp, { once: true });
        open.add(this);
        if (signal.aborted) timeIsUp();
        unwatch = hub.watch(this.#call.request, this);
        if (signal.aborted) timeIsUp();
      });
    } finally {
      clearTimeout(this.#timer);
      signal.removeEventListener('abort', timeIsUp);
      open.delete(this);
      unwatch?.();
    }
  }

  onLive(position: Position): void {
    this.#position = position;
    clearTimeout(this.#timer);
    const leastMs = this.#call.request.since === undefined ? 0 : CATCH_UP_MS;
    const restMs = Math.max(leastMs, this.#giveUpAt - performance.now());
    this.#timer = setTimeout(() => this.#timeIsUp(), restMs);
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
    this.#reject(compactedError(oldestRevision, this.#call.request.since));
  }

  onReset(revision: number): void {
    this.#reject(resetError(revision));
  }

  onRefused(error: GatewayError): void {
    this.#reject(error);
  }

  beat(): void {
    // A poll says one thing, at its end.
  }

  drain(): void {
    this.#reject(shuttingDown());
  }

  #timeIsUp(): void {
    if (this.#position === undefined) this.#reject(notLive());
    else this.#resolve({ deliveries: [], next: this.#position });
  }
}

function firstPage(deliveries: readonly Delivery[]): readonly Delivery[] {
  let bytes = 0;
  const tooMany = deliveries.findIndex(({ event: { kv, prevKv } }, index) => {
    bytes += kv.key.length + kv.value.length + (prevKv?.value.length ?? 0);
    return index > 0 && (index >= EVENTS_MAX || bytes > ANSWER_BYTES_MAX);
  });
  return tooMany < 0 ? deliveries : deliveries.slice(0, tooMany);
}
