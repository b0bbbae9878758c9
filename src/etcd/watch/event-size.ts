// Estimates the memory of an event, for buffers with a limit in bytes. Pure.
import type { WatchEvent } from '../wire.js';

/** Approximate memory of one event besides its keys and values. */
const OVERHEAD_BYTES = 500;

export function sizeOfEvent({ kv, prevKv }: WatchEvent): number {
  const previous = prevKv === undefined ? 0 : prevKv.key.length + prevKv.value.length;
  return OVERHEAD_BYTES + kv.key.length + kv.value.length + previous;
}
