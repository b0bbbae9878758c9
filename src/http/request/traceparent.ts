// The W3C trace context of a request. The gateway passes it to etcd, which supports it since 3.5, and logs the trace ID.
import type { IncomingHttpHeaders } from 'node:http';

/** Version, trace ID, parent ID and flags; later versions may add fields (W3C Trace Context, section 3.2). */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]{1,200})?$/;
const TRACE_ID_START = 3;
const TRACE_ID_END = 35;

/** Returns the unchanged header; undefined if it is missing or invalid. */
export function traceparentOf(headers: IncomingHttpHeaders): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : undefined;
}

/** Returns the 32 hex digits that identify the trace. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(TRACE_ID_START, TRACE_ID_END);
}
