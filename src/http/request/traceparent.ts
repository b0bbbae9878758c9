// The W3C trace context of a request: passed on to etcd, which takes part from 3.5 on, and named in the log.
import type { IncomingHttpHeaders } from 'node:http';

/** Version, trace, parent, flags; newer versions may have more (W3C Trace Context, section 3.2). */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]{1,200})?$/;
const TRACE_ID_START = 3;
const TRACE_ID_END = 35;

/** The header as it came; `undefined` when there is none, or none that means anything. */
export function traceparentOf(headers: IncomingHttpHeaders): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : undefined;
}

/** What traces are searched by: 32 hex digits. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(TRACE_ID_START, TRACE_ID_END);
}
