// Event streams: the headers that keep proxies from buffering, heartbeats, and an end that is always told.
import type { Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import { onceOver } from '../server/response-end.js';

/** A comment this often keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;
/** What watches etcd and is not live by then has no etcd. */
export const LIVE_WITHIN_MS = 5_000;
const RETRY_AFTER_SECONDS = 1;

export interface EventStream {
  /** False: the client reads too slowly, and what is sent on top is buffered. */
  send(event: string, data: unknown, id?: string): boolean;
  readonly isOpen: boolean;
  /** Calls back when a slow client has caught up. */
  onDrain(callback: () => void): void;
  end(): void;
}

/** Sends the headers at once; from then on errors travel in-band. */
export function openEventStream(res: Response): EventStream {
  res.statusCode = 200;
  res.setHeader('Content-Type', 'text/event-stream');
  // Compressing proxies collect events before they send any (RFC 9111 section 5.2.2.6).
  res.setHeader('Cache-Control', 'no-store, no-transform');
  res.setHeader('X-Accel-Buffering', 'no');
  res.flushHeaders();
  // Express routes HEAD to GET: the headers are all that it asks for.
  if (res.req.method === 'HEAD') res.end();
  const heartbeat = setInterval(() => res.write(':\n\n'), HEARTBEAT_MS);
  onceOver(res, () => clearInterval(heartbeat));
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

/** 503 for a watch that etcd does not begin. */
export function notLive(): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: 'etcd cannot be watched now',
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
