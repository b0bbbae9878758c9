// Endless watches as server-sent events or JSON lines. A client that reads too slowly is disconnected: buffers are limited.
import type { Request, Response } from 'express';
import { GatewayError, shuttingDown } from '../../core/errors.js';
import type { Delivery } from '../../domain/watch/delivery.js';
import type { Watcher } from '../../domain/watch/shared-watch.js';
import { formatPosition } from '../../domain/watch/position.js';
import type { Position } from '../../domain/watch/position.js';
import { toProblem } from '../response/problem.js';
import { contextOf } from '../request/context.js';
import { recordErrorCode } from '../response/error-code.js';
import { encodeFrames, encodeHeartbeat, encodeNotice, positionOf } from './watch-frames.js';
import type { FrameOptions, StreamFormat } from './watch-frames.js';
import { aheadError, compactedError, newestIfAhead, resetError } from './watch-subscription.js';
import { WATCH_START_TIMEOUT_MS, watchNotStarted } from '../response/event-stream.js';
import type { WatchDeps, WatchSubscription } from './watch-subscription.js';
import type { OpenWatch } from './open-watches.js';
import { onResponseEnd } from '../server/response-end.js';

/** The time in which a client can read the last event before its connection is closed. */
const LAST_EVENT_MS = 5_000;
/** The delay before a browser reconnects. */
const RETRY_MS = 2_000;
const CURRENT_REVISION_WITHIN_MS = 2_000;

const MEDIA_TYPES: Record<StreamFormat, string> = {
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson',
};

/**
 * Resolves when the stream is open. Throws the error that prevents it. An EventSource gets an empty stream instead of a 5xx, because it does
 * not reconnect after an error status.
 */
export async function streamWatch(
  deps: WatchDeps,
  req: Request,
  res: Response,
  subscription: WatchSubscription,
  format: StreamFormat,
): Promise<void> {
  const failure = await openStream(deps, req, res, subscription, format);
  if (failure === undefined) return;
  if (format === 'ndjson' || failure.status < 500) throw failure;
  sendEmptyStream(res);
}

/** Resolves with `undefined` when the stream is open or has ended, or with the error that prevents it. */
async function openStream(
  deps: WatchDeps,
  req: Request,
  res: Response,
  subscription: WatchSubscription,
  format: StreamFormat,
): Promise<GatewayError | undefined> {
  try {
    const newest = await newestIfAhead(deps, contextOf(req).caller, subscription);
    if (deps.draining.aborted) return shuttingDown();
    if (res.destroyed) return undefined;
    if (newest === undefined)
      return await new WatchStream(deps, req, res, subscription, format).begin();
    if (format === 'ndjson') return aheadError(subscription, newest);
    // EventSource does not reconnect after an error status. It gets its next position instead.
    sendHeaders(res, 'sse');
    res.end(encodeCompacted('sse', newest, newest));
    return undefined;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** `revision` is the ID: an automatic reconnect continues after the reported gap. */
function encodeCompacted(format: StreamFormat, oldestRevision: number, revision: number): string {
  const id = formatPosition({ revision });
  return encodeNotice(format, 'compacted', { oldestRevision, revision }, id);
}

/** Sends an event stream that ends at once: the browser reconnects after `RETRY_MS`. */
export function sendEmptyStream(res: Response): void {
  sendHeaders(res, 'sse');
  res.end(`retry: ${RETRY_MS}\n\n`);
}

function sendHeaders(res: Response, format: StreamFormat): void {
  res.statusCode = 200;
  res.setHeader('Content-Type', MEDIA_TYPES[format]);
  res.setHeader('Cache-Control', 'no-store, no-transform');
  res.setHeader('X-Accel-Buffering', 'no');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.vary('Accept');
  res.flushHeaders();
}

class WatchStream implements Watcher, OpenWatch {
  readonly #deps: WatchDeps;
  readonly #req: Request;
  readonly #res: Response;
  readonly #subscription: WatchSubscription;
  readonly #frames: FrameOptions;
  /** Resolves `begin`; `undefined` afterwards. */
  #resolveBegin: ((failure: GatewayError | undefined) => void) | undefined;
  #unwatch: (() => void) | undefined;
  #state: 'waiting' | 'open' | 'ended' = 'waiting';
  #position: Position = { revision: 0 };

  constructor(
    deps: WatchDeps,
    req: Request,
    res: Response,
    subscription: WatchSubscription,
    format: StreamFormat,
  ) {
    this.#deps = deps;
    this.#req = req;
    this.#res = res;
    this.#subscription = subscription;
    const { keyEncoding, previous } = subscription;
    this.#frames = { format, keyEncoding, previous };
  }

  get unsentBytes(): number {
    return this.#res.writableLength;
  }

  /** Resolves with `undefined` when the stream is open, or with the error that prevents it. */
  async begin(): Promise<GatewayError | undefined> {
    const { hub, open } = this.#deps;
    const timer = setTimeout(() => this.#resolveBegin?.(watchNotStarted()), WATCH_START_TIMEOUT_MS);
    const failure = await new Promise<GatewayError | undefined>((resolve) => {
      this.#resolveBegin = resolve;
      onResponseEnd(this.#res, this.#close);
      open.add(this);
      this.#unwatch = hub.watch(this.#subscription.request, this);
      // The watch may have ended during the call.
      if (this.#state === 'ended') this.#unwatch();
    });
    this.#resolveBegin = undefined;
    clearTimeout(timer);
    if (failure !== undefined) this.#close();
    return failure;
  }

  onLive(position: Position): void {
    this.#open(position);
  }

  onEvents(deliveries: readonly Delivery[]): void {
    if (this.#state !== 'open') return;
    if (this.#deps.open.isTooSlow(this.unsentBytes)) {
      this.#finish('overflow', { hint: 'read faster, or watch less' });
      return;
    }
    this.#res.write(encodeFrames(deliveries, this.#frames));
    const last = deliveries.at(-1);
    if (last !== undefined) this.#position = positionOf(last);
  }

  onProgress(revision: number): void {
    this.#position = { revision };
  }

  onCompacted(oldestRevision: number): void {
    const { since } = this.#subscription.request;
    this.#endWithGap(oldestRevision, () => compactedError(oldestRevision, since));
  }

  onReset(revision: number): void {
    this.#endWithGap(revision, () => resetError(revision));
  }

  #endWithGap(oldestRevision: number, toError: () => GatewayError): void {
    if (this.#state === 'waiting' && this.#frames.format === 'ndjson')
      this.#resolveBegin?.(toError());
    else void this.#sendCompacted(oldestRevision);
  }

  onRefused(error: GatewayError): void {
    if (this.#state === 'waiting') this.#resolveBegin?.(error);
    else {
      recordErrorCode(this.#res, error.code);
      this.#finish('error', toProblem(error, contextOf(this.#req).requestId));
    }
  }

  beat(): void {
    if (this.#state === 'open')
      this.#res.write(encodeHeartbeat(this.#frames.format, this.#position));
  }

  drain(): void {
    if (this.#state === 'waiting') this.#resolveBegin?.(shuttingDown());
    else this.#end(this.#frames.format === 'sse' ? `retry: ${RETRY_MS}\n\n` : '');
  }

  async #sendCompacted(oldestRevision: number): Promise<void> {
    const deadline = performance.now() + CURRENT_REVISION_WITHIN_MS;
    const revision = await this.#deps
      .currentRevision({ ...contextOf(this.#req).caller, deadline })
      .catch(() => oldestRevision);
    if (this.#state === 'waiting') this.#open(this.#subscription.request.since ?? { revision });
    this.#end(encodeCompacted(this.#frames.format, oldestRevision, revision));
  }

  #open(position: Position): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'open';
    this.#position = position;
    sendHeaders(this.#res, this.#frames.format);
    // A client that is disconnected before the first event has a position to continue from.
    this.beat();
    this.#resolveBegin?.(undefined);
  }

  #finish(event: string, data: Record<string, unknown>): void {
    this.#end(encodeNotice(this.#frames.format, event, data));
  }

  #end(lastText: string): void {
    if (this.#state === 'ended') return;
    this.#close();
    this.#res.end(lastText);
    const timer = setTimeout(() => this.#res.destroy(), LAST_EVENT_MS);
    onResponseEnd(this.#res, () => clearTimeout(timer));
  }

  readonly #close = (): void => {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#deps.open.delete(this);
    this.#unwatch?.();
    // No further events will come.
    this.#resolveBegin?.(undefined);
  };
}
