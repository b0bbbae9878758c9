// How events travel: as server-sent events, as JSON lines, or as items of a long poll. A frame is made once for all watchers who get the
// same one.
import type { Delivery } from '../../domain/watch-topic.js';
import { formatPosition } from '../../domain/watch-position.js';
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

export function idOf({ event, n }: Delivery): string {
  return formatPosition({ revision: event.kv.modRevision, events: n });
}

export function toEventBody(delivery: Delivery, options: Omit<FrameOptions, 'format'>): EventBody {
  const { event } = delivery;
  return { event: event.kind, id: idOf(delivery), ...toDataBody(event, options) };
}

// Thousands of watchers of one prefix get the same bytes.
const frames = new WeakMap<WatchEvent, Map<string, Buffer>>();

export function frameOf(delivery: Delivery, options: FrameOptions): Buffer {
  const { event, n } = delivery;
  const made = frames.get(event) ?? new Map<string, Buffer>();
  frames.set(event, made);
  const variant = `${options.format} ${options.keyEncoding ?? ''} ${options.previous} ${n}`;
  const known = made.get(variant);
  if (known !== undefined) return known;
  const frame = Buffer.from(
    options.format === 'sse'
      ? sseFrame(delivery, options)
      : `${JSON.stringify(toEventBody(delivery, options))}\n`,
  );
  made.set(variant, frame);
  return frame;
}

function sseFrame(delivery: Delivery, options: FrameOptions): string {
  const data = JSON.stringify(toDataBody(delivery.event, options));
  return `event: ${delivery.event.kind}\nid: ${idOf(delivery)}\ndata: ${data}\n\n`;
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

/** Something that is no event of the store: `compacted`, `overflow`, `heartbeat`. */
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
export function heartbeatOf(format: StreamFormat, position: string | undefined): string {
  if (format === 'ndjson') return noticeOf('ndjson', 'heartbeat', {}, position);
  return position === undefined ? ':\n\n' : `id: ${position}\n:\n\n`;
}
