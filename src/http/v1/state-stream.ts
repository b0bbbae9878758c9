// Event streams with the whole state of a lock or an election whenever it changes, until the client may no longer read it. A slow client
// misses intermediate states, never the last one.
import type { Response } from 'express';
import type { StateFeeds, StateSource } from './state-feed.js';
import { requestIdOf } from '../request/context.js';
import { recordErrorCode } from '../response/error-code.js';
import { toProblem } from '../response/problem.js';
import { openEventStream } from '../response/event-stream.js';
import { onResponseEnd } from '../server/response-end.js';

export interface StateStreamDeps<T> {
  readonly feeds: StateFeeds<T>;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
}

export function streamStates<T>(
  deps: StateStreamDeps<T>,
  res: Response,
  source: StateSource<T>,
  toBody: (state: T) => unknown,
): void {
  const stream = openEventStream(res);
  let isBuffering = false;
  let sent = '';
  let skipped: { state: T } | undefined;
  const send = (state: T): void => {
    if (isBuffering) {
      skipped = { state };
      return;
    }
    const body = toBody(state);
    const text = JSON.stringify(body);
    // The change may be in a field that the body does not have.
    if (text === sent) return;
    sent = text;
    if (stream.send('state', body)) return;
    isBuffering = true;
    stream.onDrain(() => {
      isBuffering = false;
      const latest = skipped;
      skipped = undefined;
      if (latest !== undefined) send(latest.state);
    });
  };
  const unsubscribe = deps.feeds.follow(source, {
    onState: send,
    onRefused(error) {
      recordErrorCode(res, error.code);
      stream.send('error', toProblem(error, requestIdOf(res.req)));
      stream.end();
    },
  });
  const drain = (): void => stream.end();
  deps.draining.addEventListener('abort', drain);
  onResponseEnd(res, () => {
    unsubscribe();
    deps.draining.removeEventListener('abort', drain);
  });
}
