// The messages on a watch stream: what the bytes say, and what etcd means by an error or a cancellation.
import { GatewayError } from '../../core/errors.js';
import type { JsonStreamParser } from '../transport/json-stream-parser.js';
import { asJson } from '../json-values.js';
import type { Json } from '../json-values.js';
import { classifyFailure, toGatewayError } from '../status.js';
import type { Effect } from '../status.js';
import { decodeWatch } from './codec.js';
import type { WatchEnd } from './watch-listener.js';
import type { WatchResponse } from '../wire.js';

export type StreamMessage =
  | { readonly kind: 'response'; readonly response: WatchResponse }
  /** The last one: of the whole stream. */
  | { readonly kind: 'failure'; readonly error: GatewayError; readonly effect: Effect };

/** Told of errors that no table knows. */
export type OnUnrecognizedError = (message: string) => void;

/** The messages that end in this chunk, one by one. What cannot be read is a failure too. Never throws. */
export function* readMessages(
  lines: JsonStreamParser,
  chunk: Buffer,
  onUnrecognizedError: OnUnrecognizedError,
): Generator<StreamMessage, void, undefined> {
  try {
    for (const line of lines.push(chunk)) yield toMessage(line, onUnrecognizedError);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    yield { kind: 'failure', error, effect: 'unknown' };
  }
}

function toMessage(line: Json, onUnrecognizedError: OnUnrecognizedError): StreamMessage {
  if (line.result !== undefined) {
    return { kind: 'response', response: decodeWatch(asJson(line.result)) };
  }
  const failure = classifyFailure(line);
  if (!failure.isRecognized) onUnrecognizedError(failure.message);
  return { kind: 'failure', error: toGatewayError(failure, false), effect: failure.effect };
}

/** Whether a `canceled` is about who asks: `stale` = his token is none (any more), `denied` = he may not. */
export function refusalOf({ cancelReason }: WatchResponse): 'stale' | 'denied' | undefined {
  const failure = classifyFailure({ message: cancelReason ?? '' });
  if (failure.authentication === 'stale') return 'stale';
  return failure.code === 'permission-denied' ? 'denied' : undefined;
}

/** What a `canceled` means that nobody asked for. */
export function toEnd(response: WatchResponse, onUnrecognizedError: OnUnrecognizedError): WatchEnd {
  const { compactRevision, revision, cancelReason } = response;
  if (compactRevision !== undefined) return { kind: 'compacted', compactRevision, revision };
  const failure = classifyFailure({ message: cancelReason ?? 'no reason' });
  if (failure.isRecognized) {
    const kind = failure.effect === 'definite' ? 'refused' : 'broken';
    return { kind, error: toGatewayError(failure, false) };
  }
  onUnrecognizedError(failure.message);
  const detail = `etcd ${response.isCreated ? 'refuses' : 'ended'} the watch: ${failure.message}`;
  // A create that etcd does not take today it will not take tomorrow; what ended later may well be taken again.
  return { kind: response.isCreated ? 'refused' : 'broken', error: etcdRefused(detail) };
}

function etcdRefused(detail: string): GatewayError {
  return new GatewayError('etcd-refused', { detail });
}
