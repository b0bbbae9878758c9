// Runs code at the end of a response. Each connection serves one request at a time (connections.ts), so that `close` is always emitted.
import type { ServerResponse } from 'node:http';

/** Calls `callback` once the response is complete or its connection has closed; on the next tick if that has already happened. */
export function onResponseEnd(res: ServerResponse, callback: () => void): void {
  if (res.destroyed) process.nextTick(callback);
  else res.once('close', callback);
}
