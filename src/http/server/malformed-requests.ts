// Responds to requests that Node's parser rejects, which never reach Express. The format is that of the API in the request line.
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { GatewayError } from '../../core/errors.js';
import type { ErrorCode } from '../../core/errors.js';
import { PAUSED_CODE } from './connections.js';
import type { Connections, HttpSocket, ParserError } from './connections.js';
import { errorFormatOf } from '../response/error-format.js';
import { toProblem } from '../response/problem.js';
import { toRawError } from '../raw/errors.js';
import { toV2Error, toV2Message } from '../v2/errors.js';

const PARSER_ERRORS: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};
/** The client closed its side within a request. */
const HALF_CLOSED = 'HPE_INVALID_EOF_STATE';
/** Empty lines before a request are allowed (RFC 9112 section 2.2). */
const TARGET = /^[\r\n]*[A-Z]+ (?<target>[^ \r\n]*)/i;
/** How much of a packet is searched for the request target. */
const TARGET_BYTES_MAX = 512;

/** Returns the listener for `clientError`. A request in progress gets its own response first, because it may have changed something. */
export function createClientErrorHandler(
  connections: Connections,
): (error: ParserError, socket: HttpSocket) => void {
  return (error, socket) => {
    const current = socket._httpMessage;
    if (error.code === PAUSED_CODE) connections.keep(socket, error);
    else if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
    else if (!current) sendError(error, socket);
    else if (error.code === HALF_CLOSED) socket.destroy();
    else if (current.req.complete || current.writableEnded) connections.closeAfterCurrent(socket);
    else if (current.headersSent) socket.destroy();
    else sendError(error, socket);
  };
}

function sendError(error: ParserError, socket: HttpSocket): void {
  // This request already has a response. The client would take a second one for the response to its next request.
  if (!socket._httpMessage && socket.parser?.incoming?.complete === false) {
    socket.destroySoon();
    return;
  }
  const gatewayError = new GatewayError(PARSER_ERRORS[error.code ?? ''] ?? 'invalid-request', {
    detail: 'the request is not valid HTTP/1.1',
  });
  const requestId = randomUUID();
  const { type, body } = bodyOf(gatewayError, requestId, targetOf(error, socket));
  socket.end(
    `HTTP/1.1 ${gatewayError.status} ${STATUS_CODES[gatewayError.status] ?? 'Error'}\r\n` +
      `Content-Type: ${type}\r\nX-Request-Id: ${requestId}\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function targetOf({ rawPacket }: ParserError, socket: HttpSocket): string {
  const current = socket._httpMessage;
  if (current) return current.req.url ?? '';
  const text = rawPacket?.toString('latin1', 0, TARGET_BYTES_MAX) ?? '';
  return TARGET.exec(text)?.groups?.target ?? '';
}

function bodyOf(
  error: GatewayError,
  requestId: string,
  target: string,
): { type: string; body: string } {
  switch (errorFormatOf(target)) {
    case 'v2Key':
      return { type: 'application/json', body: toV2Error(error).text };
    case 'v2':
      return { type: 'application/json', body: toV2Message(error).text };
    case 'raw':
      return { type: 'application/json', body: JSON.stringify(toRawError(error).body) };
    case 'problem': {
      const body = `${JSON.stringify(toProblem(error, requestId))}\n`;
      return { type: 'application/problem+json', body };
    }
  }
}
