// wait=true over HTTP: sends the headers at once, then one event, or with stream=true one line for each event. The body has nothing else.
import type { Request, Response } from 'express';
import { shuttingDown } from '../../core/errors.js';
import type { GatewayError } from '../../core/errors.js';
import type { V2Event } from '../../domain/v2/tree/node.js';
import type { V2Statistics } from '../../domain/v2/statistics.js';
import { startWait } from '../../domain/v2/history/wait.js';
import type { WaitRequest, WaitDeps, WaitListener } from '../../domain/v2/history/wait.js';
import { contextOf } from '../request/context.js';
import { WATCH_START_TIMEOUT_MS, watchNotStarted } from '../response/event-stream.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import { encodeEvent } from './event-body.js';
import type { StoreHeaders } from './store-headers.js';
import { onResponseEnd } from '../server/response-end.js';

/** Unread bytes after which the stream ends. etcd also ends streams of slow clients. */
const UNSENT_BYTES_MAX = 4 * 1024 * 1024;

export interface WaitRouteDeps extends WaitDeps {
  readonly headers: StoreHeaders;
  readonly statistics: V2Statistics;
  readonly streams: StreamLimiter;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
}

/** Resolves when the response has ended. Throws if the wait cannot start. */
export async function serveWait(
  deps: WaitRouteDeps,
  req: Request,
  res: Response,
  wait: WaitRequest & { readonly isStream: boolean },
): Promise<void> {
  deps.streams.enter(res);
  const removeWatcher = deps.statistics.addWatcher();
  const finished = new AbortController();
  try {
    const failure = await new Promise<GatewayError | undefined>((resolve, reject) => {
      const finish = (error?: GatewayError): void => {
        finished.abort();
        resolve(error);
      };
      onResponseEnd(res, () => finish());
      deps.draining.addEventListener('abort', () => finish(shuttingDown()), {
        signal: finished.signal,
      });
      if (deps.draining.aborted) finish(shuttingDown());
      const timer = setTimeout(() => finish(watchNotStarted()), WATCH_START_TIMEOUT_MS);
      finished.signal.addEventListener('abort', () => clearTimeout(timer));
      const listener = createListener(deps, res, wait.isStream, timer, finish);
      startWait(contextOf(req).caller, deps, wait, listener).then((stop) => {
        if (finished.signal.aborted) stop();
        else finished.signal.addEventListener('abort', stop);
      }, reject);
    });
    if (failure !== undefined && !res.headersSent) throw failure;
  } finally {
    finished.abort();
    removeWatcher();
  }
  // The client continues with another wait, from the index after the last event.
  res.end();
}

function createListener(
  { headers }: WaitRouteDeps,
  res: Response,
  isStream: boolean,
  timer: NodeJS.Timeout,
  finish: (error?: GatewayError) => void,
): WaitListener {
  let isFinished = false;
  return {
    onLive(header) {
      clearTimeout(timer);
      headers.put(res, header);
      res.setHeader('Cache-Control', 'no-store, no-transform');
      res.setHeader('X-Accel-Buffering', 'no');
      res.flushHeaders();
    },
    onEvent(event: V2Event) {
      if (isFinished) return;
      res.write(encodeEvent(event));
      isFinished = !isStream || res.writableLength > UNSENT_BYTES_MAX;
      if (isFinished) finish();
    },
    onEnd: finish,
  };
}
