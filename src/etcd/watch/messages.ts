// Parses the messages on a watch stream, and classifies errors and cancellations.
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
  /** The last message: the failure of the whole stream. */
  | { readonly kind: 'failure'; readonly error: GatewayError; readonly effect: Effect };

/** Called with unrecognized errors. */
export type OnUnrecognizedError = (message: string) => void;

/** Yields the messages that end in this chunk. An invalid message is a failure too. Never throws. */
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

/** Returns why etcd rejects the client of a watch, if it does. `stale`: its token is no longer valid. `denied`: it lacks the right. */
export function refusalOf({ cancelReason }: WatchResponse): 'stale' | 'denied' | undefined {
  const failure = classifyFailure({ message: cancelReason ?? '' });
  if (failure.authentication === 'stale') return 'stale';
  return failure.code === 'permission-denied' ? 'denied' : undefined;
}

/** Converts a cancellation that the gateway did not request. */
export function toEnd(response: WatchResponse, onUnrecognizedError: OnUnrecognizedError): WatchEnd {
  const { compactRevision, revision, cancelReason } = response;
  if (compactRevision !== undefined) return { kind: 'compacted', compactRevision, revision };
  const failure = classifyFailure({ message: cancelReason ?? 'no reason' });
  if (failure.isRecognized) {
    const kind = failure.effect === 'definite' ? 'refused' : 'broken';
    return { kind, error: toGatewayError(failure, false) };
  }
  onUnrecognizedError(failure.message);
  const detail = `etcd ${response.isCreated ? 'rejects' : 'ended'} the watch: ${failure.message}`;
  // etcd would reject the same create again. A watch that ended later may be accepted again.
  return { kind: response.isCreated ? 'refused' : 'broken', error: etcdRefused(detail) };
}

function etcdRefused(detail: string): GatewayError {
  return new GatewayError('etcd-refused', { detail });
}
