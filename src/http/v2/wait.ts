// wait=true over HTTP: the headers at once, then one event, or with stream=true a line for each. Nothing else is ever written into the body.
import type { Request, Response } from 'express';
import type { GatewayError } from '../../core/errors.js';
import type { V2Event } from '../../domain/v2/tree/node.js';
import type { V2Statistics } from '../../domain/v2/statistics.js';
import { startWait } from '../../domain/v2/history/wait.js';
import type { Wait, WaitDeps, WaitListener } from '../../domain/v2/history/wait.js';
import { contextOf } from '../request/context.js';
import { LIVE_WITHIN_MS, notLive, shuttingDown } from '../response/event-stream.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import { eventText } from './event-body.js';
import type { StoreHeaders } from './store-headers.js';
import { onceOver } from '../server/response-end.js';

/** Written to a reader and not taken by him; one more event ends the stream, as etcd ends it for who falls behind. */
const UNSENT_BYTES_MAX = 4 * 1024 * 1024;

export interface WaitRouteDeps extends WaitDeps {
  readonly headers: StoreHeaders;
  readonly statistics: V2Statistics;
  readonly streams: StreamLimiter;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
}

/** Resolves when the response is over. Throws what keeps the wait from beginning. */
export async function serveWait(
  deps: WaitRouteDeps,
  req: Request,
  res: Response,
  wait: Wait & { readonly isStream: boolean },
): Promise<void> {
  deps.streams.enter(res);
  const leave = deps.statistics.enterWatcher();
  const over = new AbortController();
  try {
    const failure = await new Promise<GatewayError | undefined>((resolve, reject) => {
      const end = (error?: GatewayError): void => {
        over.abort();
        resolve(error);
      };
      onceOver(res, () => end());
      deps.draining.addEventListener('abort', () => end(shuttingDown()), { signal: over.signal });
      if (deps.draining.aborted) end(shuttingDown());
      const timer = setTimeout(() => end(notLive()), LIVE_WITHIN_MS);
      over.signal.addEventListener('abort', () => clearTimeout(timer));
      const listener = tellResponse(deps, res, wait.isStream, timer, end);
      startWait(contextOf(req).caller, deps, wait, listener).then((stop) => {
        if (over.signal.aborted) stop();
        else over.signal.addEventListener('abort', stop);
      }, reject);
    });
    if (failure !== undefined && !res.headersSent) throw failure;
  } finally {
    over.abort();
    leave();
  }
  // Who waits comes back, with the index behind the last that he was told.
  res.end();
}

function tellResponse(
  { headers }: WaitRouteDeps,
  res: Response,
  isStream: boolean,
  timer: NodeJS.Timeout,
  end: (error?: GatewayError) => void,
): WaitListener {
  let isOver = false;
  return {
    onLive(header) {
      clearTimeout(timer);
      headers.put(res, header);
      res.setHeader('Cache-Control', 'no-store, no-transform');
      res.setHeader('X-Accel-Buffering', 'no');
      res.flushHeaders();
    },
    onEvent(event: V2Event) {
      if (isOver) return;
      res.write(eventText(event));
      isOver = !isStream || res.writableLength > UNSENT_BYTES_MAX;
      if (isOver) end();
    },
    onEnd: end,
  };
}
