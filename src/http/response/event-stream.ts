// Server-sent event streams, with headers that keep proxies from buffering and with heartbeats.
import type { Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import { onResponseEnd } from '../server/response-end.js';

/** The interval of comments that keep proxies from closing an idle stream. */
const HEARTBEAT_MS = 15_000;
/** A watch that etcd has not started by then fails. */
export const WATCH_START_TIMEOUT_MS = 5_000;
const RETRY_AFTER_SECONDS = 1;

export interface EventStream {
  /** Returns false if the client reads too slowly, so that further events are buffered. */
  send(event: string, data: unknown, id?: string): boolean;
  readonly isOpen: boolean;
  /** Calls `callback` once a slow client has read all that was sent. */
  onDrain(callback: () => void): void;
  end(): void;
}

/** Sends the headers at once. After that, errors are sent as events. */
export function openEventStream(res: Response): EventStream {
  res.statusCode = 200;
  res.setHeader('Content-Type', 'text/event-stream');
  // Without no-transform a compressing proxy would collect events before it sends any (RFC 9111 section 5.2.2.6).
  res.setHeader('Cache-Control', 'no-store, no-transform');
  res.setHeader('X-Accel-Buffering', 'no');
  res.flushHeaders();
  // Express routes HEAD to the handler of GET.
  if (res.req.method === 'HEAD') res.end();
  const heartbeat = setInterval(() => res.write(':\n\n'), HEARTBEAT_MS);
  onResponseEnd(res, () => clearInterval(heartbeat));
  return {
    send(event, data, id) {
      if (res.writableEnded || res.destroyed) return true;
      const idLine = id === undefined ? '' : `id: ${id}\n`;
      return res.write(`event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`);
    },
    get isOpen() {
      return !res.writableEnded && !res.destroyed;
    },
    onDrain: (callback) => void res.once('drain', callback),
    end: () => {
      clearInterval(heartbeat);
      res.end();
    },
  };
}

/** Returns a 503 for a watch that etcd does not start. */
export function watchNotStarted(): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: 'etcd did not start the watch',
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
