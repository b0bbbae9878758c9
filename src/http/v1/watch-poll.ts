// The long poll: the first events after a position, or an empty list when the time is up; `next` is where to go on.
import type { Request, Response } from 'express';
import { GatewayError } from '../../errors.js';
import type { Delivery } from '../../domain/watch-topic.js';
import { formatPosition } from '../../domain/watch-position.js';
import { sendJson } from './entry-body.js';
import { idOf, toEventBody } from './watch-frames.js';
import { LIVE_WITHIN_MS, compactedError, notLive } from './watch-call.js';
import type { ServeDeps, WatchCall } from './watch-call.js';
import { contextOf } from '../context.js';

const EVENTS_MAX = 1_000;
type Outcome =
  | { readonly deliveries: readonly Delivery[]; readonly position: string }
  | { readonly error: GatewayError };

export async function servePoll(
  deps: ServeDeps,
  req: Request,
  res: Response,
  call: WatchCall,
  waitSeconds: number,
): Promise<void> {
  const { signal } = contextOf(req).caller;
  const outcome = await firstEvents(deps, call, waitSeconds * 1000, signal);
  if ('error' in outcome) throw outcome.error;
  const events = outcome.deliveries.map((delivery) => toEventBody(delivery, call));
  sendJson(res, { events, next: outcome.position });
}

async function firstEvents(
  deps: ServeDeps,
  call: WatchCall,
  waitMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const { since } = call.request;
  let position = since && formatPosition(since);
  let reached = since?.revision ?? 0;
  return new Promise((resolve) => {
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      clearTimeout(liveTimer);
      signal.removeEventListener('abort', timeIsUp);
      deps.draining.removeEventListener('abort', drain);
      queueMicrotask(() => subscription.end?.());
      resolve(outcome);
    };
    const timeIsUp = (): void =>
      end(position === undefined ? { error: notLive() } : { deliveries: [], position });
    const drain = (): void =>
      end({ error: new GatewayError('shutting-down', { retryAfterSeconds: 1 }) });
    const timer = setTimeout(timeIsUp, waitMs);
    const liveTimer = setTimeout(
      () => position === undefined && end({ error: notLive() }),
      LIVE_WITHIN_MS,
    );
    signal.addEventListener('abort', timeIsUp);
    deps.draining.addEventListener('abort', drain);
    const advance = (revision: number): void => {
      if (position !== undefined && revision <= reached) return;
      reached = revision;
      position = formatPosition({ revision });
    };
    const subscription: { end?: () => void } = {};
    subscription.end = deps.hub.watch(call.request, {
      onLive: (revision) => {
        if (position === undefined) advance(revision);
      },
      onEvents: (deliveries) => {
        const first = deliveries.slice(0, EVENTS_MAX);
        const last = first.at(-1);
        if (last !== undefined) end({ deliveries: first, position: idOf(last) });
      },
      onProgress: advance,
      onCompacted: (oldest) => end({ error: compactedError(oldest, since) }),
      onRefused: (error) => end({ error }),
    });
  });
}
