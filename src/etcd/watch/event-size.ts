// What an event costs in memory, for whatever holds events and has a limit in bytes. Pure.
import type { WatchEvent } from '../wire.js';

/** Roughly what one event costs besides its bytes. */
const OVERHEAD_BYTES = 500;

export function sizeOfEvent({ kv, prevKv }: WatchEvent): number {
  const previous = prevKv === undefined ? 0 : prevKv.key.length + prevKv.value.length;
  return OVERHEAD_BYTES + kv.key.length + kv.value.length + previous;
}
