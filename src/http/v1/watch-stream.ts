// The open-ended watches: server-sent events and JSON lines. A reader that is too slow is dropped, never buffered without bound.
import type { Request, Response } from 'express';
import type { GatewayError } from '../../errors.js';
import type { Delivery, Watcher } from '../../domain/watch-topic.js';
import { formatPosition } from '../../domain/watch-position.js';
import { toProblem } from '../problem.js';
import { contextOf } from '../context.js';
import { frameOf, heartbeatOf, idOf, noticeOf } from './watch-frames.js';
import type { FrameOptions, StreamFormat } from './watch-frames.js';
import { LIVE_WITHIN_MS, compactedError, notLive } from './watch-call.js';
import type { ServeDeps, WatchCall } from './watch-call.js';

const HEARTBEAT_MS = 15_000;
/** Not yet taken by the reader; beyond it he is dropped. */
const UNSENT_BYTES_MAX = 1024 * 1024;
/** How long a dropped reader may take to read why. */
const FAREWELL_MS = 5_000;
/** After which a browser comes back to a gateway that sent it away. */
const RETRY_MS = 2_000;

const TYPES: Record<StreamFormat, string> = {
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson',
};

/** Resolves when the stream is over. Throws what keeps it from beginning, except to EventSource, which would never come back. */
export async function serveStream(
  deps: ServeDeps,
  req: Request,
  res: Response,
  call: WatchCall,
  format: StreamFormat,
): Promise<void> {
  const stream = new WatchStreamResponse(deps, req, res, call, format);
  const failure = deps.draining.aborted ? notLive() : await stream.begin();
  if (failure === undefined) return;
  if (format === 'ndjson' || failure.status < 500) throw failure;
  sendAway(res);
}

/** Anything but 200 stops EventSource for good: this makes it come back later. */
function sendAway(res: Response): void {
  openHeaders(res, 'sse');
  res.end(`retry: ${RETRY_MS}\n\n`);
}

function openHeaders(res: Response, format: StreamFormat): void {
  res.statusCode = 200;
  res.setHeader('Content-Type', TYPES[format]);
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('X-Accel-Buffering', 'no');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.vary('Accept');
  res.flushHeaders();
}

class WatchStreamResponse implements Watcher {
  readonly #deps: ServeDeps;
  readonly #req: Request;
  readonly #res: Response;
  readonly #call: WatchCall;
  readonly #frames: FrameOptions;
  #started: ((failure: GatewayError | undefined) => void) | undefined;
  #unwatch: (() => void) | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  /** Held back until the headers are out: a moment. */
  #early: Delivery[] = [];
  #isOpen = false;
  #isOver = false;
  #revision: number;
  #position: string | undefined;

  constructor(deps: ServeDeps, req: Request, res: Response, call: WatchCall, format: StreamFormat) {
    this.#deps = deps;
    this.#req = req;
    this.#res = res;
    this.#call = call;
    this.#frames = { format, keyEncoding: call.keyEncoding, previous: call.previous };
    this.#revision = call.request.since?.revision ?? 0;
  }

  /** Resolves with nothing once the stream is open, or with why it cannot be. */
  async begin(): Promise<GatewayError | undefined> {
    this.#res.once('close', this.#close);
    const failure = await new Promise<GatewayError | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(notLive()), LIVE_WITHIN_MS);
      this.#started = (early) => {
        clearTimeout(timer);
        this.#started = undefined;
        resolve(early);
      };
      this.#unwatch = this.#deps.hub.watch(this.#call.request, this);
    });
    if (failure === undefined) this.#open();
    else this.#close();
    return failure;
  }

  onLive(revision: number): void {
    if (this.#position === undefined) this.#advance(revision);
    this.#started?.(undefined);
  }

  onEvents(deliveries: readonly Delivery[]): void {
    if (!this.#isOpen) {
      this.#early.push(...deliveries);
      return;
    }
    const frames = deliveries.map((delivery) => frameOf(delivery, this.#frames));
    const last = deliveries.at(-1);
    if (last !== undefined) {
      this.#revision = last.event.kv.modRevision;
      this.#position = idOf(last);
    }
    this.#res.write(frames.length === 1 ? frames[0] : Buffer.concat(frames));
    if (this.#res.writableLength > UNSENT_BYTES_MAX)
      this.#finish(
        noticeOf(this.#frames.format, 'overflow', { hint: 'read faster, or watch less' }),
      );
  }

  onProgress(revision: number): void {
    this.#advance(revision);
  }

  onCompacted(oldestRevision: number): void {
    const { format } = this.#frames;
    const error = compactedError(oldestRevision, this.#call.request.since);
    if (!this.#isOpen && format === 'ndjson') this.#started?.(error);
    else void this.#tellCompacted(oldestRevision);
  }

  onRefused(error: GatewayError): void {
    if (this.#started !== undefined) this.#started(error);
    else
      this.#finish(
        noticeOf(this.#frames.format, 'error', toProblem(error, contextOf(this.#req).requestId)),
      );
  }

  // The current revision as the id: an automatic reconnect goes on behind the gap that it was told of.
  async #tellCompacted(oldestRevision: number): Promise<void> {
    const revision = await this.#deps
      .currentRevision(contextOf(this.#req).caller)
      .catch(() => oldestRevision);
    this.#started?.(undefined);
    // Opened by `begin` in this turn of the event loop.
    setImmediate(() => {
      const id = formatPosition({ revision });
      this.#finish(noticeOf(this.#frames.format, 'compacted', { oldestRevision, revision }, id));
    });
  }

  #open(): void {
    if (this.#isOver) return;
    this.#isOpen = true;
    openHeaders(this.#res, this.#frames.format);
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#deps.draining.addEventListener('abort', this.#drain);
    // A reader who is cut off before the first event knows from where to go on.
    this.#beat();
    const early = this.#early;
    this.#early = [];
    if (early.length > 0) this.onEvents(early);
  }

  #beat(): void {
    this.#res.write(heartbeatOf(this.#frames.format, this.#position));
  }

  #advance(revision: number): void {
    if (revision <= this.#revision && this.#position !== undefined) return;
    // Nothing is lost by it: what is held back is sent before the next heartbeat.
    this.#revision = Math.max(this.#revision, revision);
    this.#position = formatPosition({ revision: this.#revision });
  }

  #finish(farewell: string): void {
    if (this.#isOver) return;
    this.#close();
    this.#res.end(farewell);
    const timer = setTimeout(() => this.#res.destroy(), FAREWELL_MS);
    this.#res.once('close', () => clearTimeout(timer));
  }

  readonly #drain = (): void =>
    this.#finish(this.#frames.format === 'sse' ? `retry: ${RETRY_MS}\n\n` : '');

  readonly #close = (): void => {
    this.#isOver = true;
    clearInterval(this.#heartbeat);
    this.#deps.draining.removeEventListener('abort', this.#drain);
    this.#unwatch?.();
    this.#started?.(notLive());
  };
}
