// Encodes the requests of watch streams (create, cancel, progress) and decodes their messages, as codec.ts does for unary calls.
import { decodeHeader, decodeKeyValue, decodePrevKv } from '../codec.js';
import { asJson, base64, invalidResponse, list, safeInteger } from '../json-values.js';
import type { Json } from '../json-values.js';
import type { WatchEvent, WatchRequest, WatchResponse } from '../wire.js';

/** `watchId` is chosen by the caller of this function: above 0, and only once on a stream. */
export function encodeWatchCreate(watchId: number, request: WatchRequest): Json {
  const create = {
    watch_id: watchId,
    key: base64(request.key),
    range_end: request.rangeEnd && base64(request.rangeEnd),
    start_revision: request.startRevision,
    prev_kv: request.prevKv,
    progress_notify: request.progressNotify,
    filters: [
      ...(request.noPut === true ? ['NOPUT'] : []),
      ...(request.noDelete === true ? ['NODELETE'] : []),
    ],
    // Without it, etcd sends up to 1,000 revisions in one message of any size to a watch that catches up.
    fragment: true,
  };
  return { create_request: create };
}

export function encodeWatchCancel(watchId: number): Json {
  return { cancel_request: { watch_id: watchId } };
}

export function encodeWatchProgress(): Json {
  return { progress_request: {} };
}

/** Takes the `result` of one line of a watch stream. */
export function decodeWatch(json: Json): WatchResponse {
  const compactRevision = safeInteger(json.compact_revision);
  const { clusterId, revision } = decodeHeader(json);
  return {
    watchId: safeInteger(json.watch_id),
    clusterId,
    revision,
    isCreated: json.created === true,
    isCanceled: json.canceled === true,
    cancelReason: typeof json.cancel_reason === 'string' ? json.cancel_reason : undefined,
    compactRevision: compactRevision > 0 ? compactRevision : undefined,
    isFragment: json.fragment === true,
    events: list(json.events).map(decodeEvent),
  };
}

function decodeEvent(json: Json): WatchEvent {
  return {
    kind: decodeKind(json.type),
    kv: decodeKeyValue(asJson(json.kv)),
    prevKv: decodePrevKv(json),
  };
}

// PUT is the zero value, which etcd omits.
function decodeKind(type: unknown): WatchEvent['kind'] {
  if (type === undefined || type === 'PUT') return 'put';
  if (type === 'DELETE') return 'delete';
  throw invalidResponse(`${JSON.stringify(type)} is not an event type`);
}
