// How events travel: as server-sent events, as JSON lines, or as items of a long poll.
import type { Delivery } from '../../domain/watch/delivery.js';
import { formatPosition } from '../../domain/watch/position.js';
import type { Position } from '../../domain/watch/position.js';
import type { WatchEvent } from '../../etcd/wire.js';
import { toEntryBody } from './entry-body.js';
import { toKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';

export type StreamFormat = 'sse' | 'ndjson';

export interface FrameOptions {
  readonly format: StreamFormat;
  readonly keyEncoding: KeyEncoding;
  readonly previous: boolean;
}

export interface EventBody extends Record<string, unknown> {
  readonly event: 'put' | 'delete';
  readonly id: string;
}

/** The position right behind it. */
export function positionOf({ event, n }: Delivery): Position {
  return { revision: event.kv.modRevision, events: n };
}

export function toEventBody(delivery: Delivery, options: Omit<FrameOptions, 'format'>): EventBody {
  const { event } = delivery;
  const id = formatPosition(positionOf(delivery));
  return { event: event.kind, id, ...toDataBody(event, options) };
}

// Thousands of watchers of one prefix get the same array, and so the same bytes.
const frames = new WeakMap<readonly Delivery[], Map<string, Buffer>>();

/** All of them as the bytes that travel; made once for all who get the same array in the same form. */
export function framesOf(deliveries: readonly Delivery[], options: FrameOptions): Buffer {
  const made = frames.get(deliveries) ?? new Map<string, Buffer>();
  frames.set(deliveries, made);
  const form = `${options.format} ${options.keyEncoding ?? ''} ${options.previous}`;
  const known = made.get(form);
  if (known !== undefined) return known;
  const bytes = Buffer.concat(deliveries.map((each) => Buffer.from(frameOf(each, options))));
  made.set(form, bytes);
  return bytes;
}

function frameOf(delivery: Delivery, options: FrameOptions): string {
  if (options.format === 'ndjson') return `${JSON.stringify(toEventBody(delivery, options))}\n`;
  const data = JSON.stringify(toDataBody(delivery.event, options));
  const id = formatPosition(positionOf(delivery));
  return `event: ${delivery.event.kind}\nid: ${id}\ndata: ${data}\n\n`;
}

function toDataBody(
  event: WatchEvent,
  { keyEncoding, previous }: Omit<FrameOptions, 'format'>,
): Record<string, unknown> {
  const { kv, prevKv } = event;
  return {
    ...(event.kind === 'put' ? toEntryBody(kv, keyEncoding) : deletedBody(event, keyEncoding)),
    ...(previous && prevKv !== undefined && { previous: toEntryBody(prevKv, keyEncoding) }),
  };
}

/** etcd gives a deletion no version and no create revision: zeros, as there. */
function deletedBody({ kv }: WatchEvent, keyEncoding: KeyEncoding): Record<string, unknown> {
  return {
    ...toKeyText(kv.key, keyEncoding),
    version: 0,
    createRevision: 0,
    modRevision: kv.modRevision,
  };
}

/** Something that is no event of the store: `compacted`, `overflow`, `error`. */
export function noticeOf(
  format: StreamFormat,
  event: string,
  data: Record<string, unknown>,
  id?: string,
): string {
  if (format === 'ndjson')
    return `${JSON.stringify({ event, ...(id !== undefined && { id }), ...data })}\n`;
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Keeps proxies open and carries the position forward, without being an event. */
export function heartbeatOf(format: StreamFormat, position: Position): string {
  const id = formatPosition(position);
  return format === 'ndjson' ? noticeOf('ndjson', 'heartbeat', {}, id) : `id: ${id}\n:\n\n`;
}
