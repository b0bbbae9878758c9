// The open-ended watches: server-sent events and JSON lines. A reader that is too slow is dropped, never buffered without bound.
import type { Request, Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import type { Delivery } from '../../domain/watch/delivery.js';
import type { Watcher } from '../../domain/watch/topic.js';
import { formatPosition } from '../../domain/watch/position.js';
import type { Position } from '../../domain/watch/position.js';
import { toProblem } from '../response/problem.js';
import { contextOf } from '../request/context.js';
import { noteErrorCode } from '../response/error-code.js';
import { framesOf, heartbeatOf, noticeOf, positionOf } from './watch-frames.js';
import type { FrameOptions, StreamFormat } from './watch-frames.js';
import { aheadError, compactedError, newestIfAhead, resetError } from './watch-call.js';
import { LIVE_WITHIN_MS, notLive, shuttingDown } from '../response/event-stream.js';
import type { ServeDeps, WatchCall } from './watch-call.js';
import type { OpenWatch } from './watch-open.js';
import { onceOver } from '../server/response-end.js';

/** How long a dropped reader may take to read why. */
const FAREWELL_MS = 5_000;
/** After which a browser comes back to a gateway that sent it away. */
const RETRY_MS = 2_000;
const CURRENT_REVISION_WITHIN_MS = 2_000;

const TYPES: Record<StreamFormat, string> = {
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson',
};

/** Resolves when the stream is open. Throws what keeps it from that, except to EventSource, which would never come back. */
export async function serveStream(
  deps: ServeDeps,
  req: Request,
  res: Response,
  call: WatchCall,
  format: StreamFormat,
): Promise<void> {
  const failure = await beginStream(deps, req, res, call, format);
  if (failure === undefined) return;
  if (format === 'ndjson' || failure.status < 500) throw failure;
  sendAway(res);
}

/** Resolves with nothing when the stream is open or over, or with why it cannot be opened. */
async function beginStream(
  deps: ServeDeps,
  req: Request,
  res: Response,
  call: WatchCall,
  format: StreamFormat,
): Promise<GatewayError | undefined> {
  try {
    const newest = await newestIfAhead(deps, contextOf(req).caller, call);
    if (deps.draining.aborted) return shuttingDown();
    if (res.destroyed) return undefined;
    if (newest === undefined)
      return await new WatchStreamResponse(deps, req, res, call, format).begin();
    if (format === 'ndjson') return aheadError(call, newest);
    // EventSource gives up on any other status: it gets its next position instead.
    openHeaders(res, 'sse');
    res.end(lostNotice('sse', newest, newest));
    return undefined;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** `revision` as the id: an automatic reconnect continues behind the gap that it was notified of. */
function lostNotice(format: StreamFormat, oldestRevision: number, revision: number): string {
  const id = formatPosition({ revision });
  return noticeOf(format, 'compacted', { oldestRevision, revision }, id);
}

/** An event stream that ends at once: its browser comes back in a moment. */
export function sendAway(res: Response): void {
  openHeaders(res, 'sse');
  res.end(`retry: ${RETRY_MS}\n\n`);
}

function openHeaders(res: Response, format: StreamFormat): void {
  res.statusCode = 200;
  res.setHeader('Content-Type', TYPES[format]);
  res.setHeader('Cache-Control', 'no-store, no-transform');
  res.setHeader('X-Accel-Buffering', 'no');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.vary('Accept');
  res.flushHeaders();
}

class WatchStreamResponse implements Watcher, OpenWatch {
  readonly #deps: ServeDeps;
  readonly #req: Request;
  readonly #res: Response;
  readonly #call: WatchCall;
  readonly #frames: FrameOptions;
  /** Tells how `begin` went; undefined once it is told. */
  #begun: ((failure: GatewayError | undefined) => void) | undefined;
  #unwatch: (() => void) | undefined;
  #state: 'waiting' | 'open' | 'over' = 'waiting';
  #position: Position = { revision: 0 };

  constructor(deps: ServeDeps, req: Request, res: Response, call: WatchCall, format: StreamFormat) {
    this.#deps = deps;
    this.#req = req;
    this.#res = res;
    this.#call = call;
    this.#frames = { format, keyEncoding: call.keyEncoding, previous: call.previous };
  }

  get unsentBytes(): number {
    return this.#res.writableLength;
  }

  /** Resolves with nothing once the stream is open, or with why it cannot be. */
  async begin(): Promise<GatewayError | undefined> {
    const { hub, open } = this.#deps;
    const timer = setTimeout(() => this.#begun?.(notLive()), LIVE_WITHIN_MS);
    const failure = await new Promise<GatewayError | undefined>((resolve) => {
      this.#begun = resolve;
      onceOver(this.#res, this.#close);
      open.add(this);
      this.#unwatch = hub.watch(this.#call.request, this);
      // All may have happened by now.
      if (this.#state === 'over') this.#unwatch();
    });
    this.#begun = undefined;
    clearTimeout(timer);
    if (failure !== undefined) this.#close();
    return failure;
  }

  onLive(position: Position): void {
    this.#open(position);
  }

  onEvents(deliveries: readonly Delivery[]): void {
    if (this.#state !== 'open') return;
    if (this.#deps.open.isTooMuch(this.unsentBytes)) {
      this.#finish('overflow', { hint: 'read faster, or watch less' });
      return;
    }
    this.#res.write(framesOf(deliveries, this.#frames));
    const last = deliveries.at(-1);
    if (last !== undefined) this.#position = positionOf(last);
  }

  onProgress(revision: number): void {
    this.#position = { revision };
  }

  onCompacted(oldestRevision: number): void {
    const { since } = this.#call.request;
    this.#lost(oldestRevision, () => compactedError(oldestRevision, since));
  }

  onReset(revision: number): void {
    this.#lost(revision, () => resetError(revision));
  }

  #lost(oldestRevision: number, toError: () => GatewayError): void {
    if (this.#state === 'waiting' && this.#frames.format === 'ndjson') this.#begun?.(toError());
    else void this.#tellCompacted(oldestRevision);
  }

  onRefused(error: GatewayError): void {
    if (this.#state === 'waiting') this.#begun?.(error);
    else {
      noteErrorCode(this.#res, error.code);
      this.#finish('error', toProblem(error, contextOf(this.#req).requestId));
    }
  }

  beat(): void {
    if (this.#state === 'open') this.#res.write(heartbeatOf(this.#frames.format, this.#position));
  }

  drain(): void {
    if (this.#state === 'waiting') this.#begun?.(shuttingDown());
    else this.#end(this.#frames.format === 'sse' ? `retry: ${RETRY_MS}\n\n` : '');
  }

  async #tellCompacted(oldestRevision: number): Promise<void> {
    const deadline = performance.now() + CURRENT_REVISION_WITHIN_MS;
    const revision = await this.#deps
      .currentRevision({ ...contextOf(this.#req).caller, deadline })
      .catch(() => oldestRevision);
    if (this.#state === 'waiting') this.#open(this.#call.request.since ?? { revision });
    this.#end(lostNotice(this.#frames.format, oldestRevision, revision));
  }

  #open(position: Position): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'open';
    this.#position = position;
    openHeaders(this.#res, this.#frames.format);
    // A reader who is cut off before the first event knows from where to go on.
    this.beat();
    this.#begun?.(undefined);
  }

  #finish(event: string, data: Record<string, unknown>): void {
    this.#end(noticeOf(this.#frames.format, event, data));
  }

  #end(farewell: string): void {
    if (this.#state === 'over') return;
    this.#close();
    this.#res.end(farewell);
    const timer = setTimeout(() => this.#res.destroy(), FAREWELL_MS);
    onceOver(this.#res, () => clearTimeout(timer));
  }

  readonly #close = (): void => {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#deps.open.delete(this);
    this.#unwatch?.();
    // Nobody listens any more.
    this.#begun?.(undefined);
  };
}
