// The one way to run code at the end of a response: its connection serves one request at a time (connections.ts), so that `close` always comes.
import type { ServerResponse } from 'node:http';

/** Calls back when the response is complete or its connection has closed. For a response that is over already, it calls back soon. */
export function onceOver(res: ServerResponse, callback: () => void): void {
  if (res.destroyed) process.nextTick(callback);
  else res.once('close', callback);
}
