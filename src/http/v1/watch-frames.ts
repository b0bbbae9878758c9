// Events as server-sent events, as JSON lines, or as items of a long poll.
import type { Delivery } from '../../domain/watch/delivery.js';
import { formatPosition } from '../../domain/watch/position.js';
import type { Position } from '../../domain/watch/position.js';
import type { WatchEvent } from '../../etcd/wire.js';
import type { Schema } from '../contract/operation-types.js';
import { toEntryBody } from './entry-body.js';
import { toKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';

export type StreamFormat = 'sse' | 'ndjson';

export interface FrameOptions {
  readonly format: StreamFormat;
  readonly keyEncoding: KeyEncoding;
  readonly previous: boolean;
}

/** Returns the position directly after the event. */
export function positionOf({ event, n }: Delivery): Position {
  return { revision: event.kv.modRevision, events: n };
}

export function toEventBody(
  delivery: Delivery,
  options: Omit<FrameOptions, 'format'>,
): Schema<'WatchEvent'> {
  const { event } = delivery;
  const id = formatPosition(positionOf(delivery));
  return { event: event.kind, id, ...toChangeBody(event, options) };
}

// Thousands of watchers of one prefix get the same array, and therefore the same bytes.
const framesByDeliveries = new WeakMap<readonly Delivery[], Map<string, Buffer>>();

/** Encodes events once for all clients that get the same array in the same format. */
export function encodeFrames(deliveries: readonly Delivery[], options: FrameOptions): Buffer {
  const encoded = framesByDeliveries.get(deliveries) ?? new Map<string, Buffer>();
  framesByDeliveries.set(deliveries, encoded);
  const format = `${options.format} ${options.keyEncoding ?? ''} ${options.previous}`;
  const existing = encoded.get(format);
  if (existing !== undefined) return existing;
  const bytes = Buffer.concat(deliveries.map((each) => Buffer.from(encodeFrame(each, options))));
  encoded.set(format, bytes);
  return bytes;
}

function encodeFrame(delivery: Delivery, options: FrameOptions): string {
  if (options.format === 'ndjson') return `${JSON.stringify(toEventBody(delivery, options))}\n`;
  const data = JSON.stringify(toChangeBody(delivery.event, options));
  const id = formatPosition(positionOf(delivery));
  return `event: ${delivery.event.kind}\nid: ${id}\ndata: ${data}\n\n`;
}

function toChangeBody(
  event: WatchEvent,
  { keyEncoding, previous }: Omit<FrameOptions, 'format'>,
): Schema<'WatchChange'> {
  const { kv, prevKv } = event;
  return {
    ...(event.kind === 'put' ? toEntryBody(kv, keyEncoding) : toDeletionBody(event, keyEncoding)),
    ...(previous && prevKv !== undefined && { previous: toEntryBody(prevKv, keyEncoding) }),
  };
}

/** The version and create revision of a deletion are 0, as in etcd. */
function toDeletionBody({ kv }: WatchEvent, keyEncoding: KeyEncoding): Schema<'WatchChange'> {
  return {
    ...toKeyText(kv.key, keyEncoding),
    version: 0,
    createRevision: 0,
    modRevision: kv.modRevision,
  };
}

/** Encodes a notice of the gateway: `compacted`, `overflow`, `error`. */
export function encodeNotice(
  format: StreamFormat,
  event: string,
  data: Record<string, unknown>,
  id?: string,
): string {
  if (format === 'ndjson')
    return `${JSON.stringify({ event, ...(id !== undefined && { id }), ...data })}\n`;
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Encodes a heartbeat, which keeps proxies open and has the current position. It is not an event. */
export function encodeHeartbeat(format: StreamFormat, position: Position): string {
  const id = formatPosition(position);
  return format === 'ndjson' ? encodeNotice('ndjson', 'heartbeat', {}, id) : `id: ${id}\n:\n\n`;
}
