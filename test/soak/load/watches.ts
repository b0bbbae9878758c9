// Watches that are opened, followed for a while and closed again: event streams, lines, long polls, and etcd's own at the raw API.
import type { Caller } from '../caller.js';
import { SOAK, base64 } from './keys.js';

const LASTS_MS = [500, 8_000] as const;
const POLL_SECONDS = [1, 3] as const;

export async function watchEvents(caller: Caller): Promise<void> {
  await follow(caller, 'watch events', `/v1/watch?prefix=${rangeOf(caller)}`, 'text/event-stream');
}

export async function watchLines(caller: Caller): Promise<void> {
  const path = `/v1/watch?prefix=${rangeOf(caller)}&previous=true`;
  await follow(caller, 'watch lines', path, 'application/x-ndjson');
}

export async function poll(caller: Caller): Promise<void> {
  const seconds = caller.random.whole(POLL_SECONDS);
  const path = `/v1/watch?prefix=${rangeOf(caller)}&wait=${seconds}`;
  const { body } = await caller.call('long poll', 'GET', path);
  if (body?.next !== undefined) await caller.call('long poll', 'GET', `${path}&since=${body.next}`);
}

export async function watchRaw(caller: Caller): Promise<void> {
  const create_request = { key: base64(SOAK), range_end: base64('soak0') };
  const { cut, done } = caller.open('raw watch', 'POST', '/v3/watch', { body: { create_request } });
  await caller.pause(LASTS_MS);
  cut();
  await done;
}

async function follow(caller: Caller, what: string, path: string, accept: string): Promise<void> {
  const { cut, done } = caller.open(what, 'GET', path, { headers: { accept } });
  await caller.pause(LASTS_MS);
  cut();
  await done;
}

/** One of many that overlap. */
function rangeOf({ random }: Caller): string {
  return `${SOAK}${random.pick(['', 'k', `k${random.whole([0, 19])}`])}`;
}
