// What Node's parser refuses never reaches Express. This file answers it in the format of the API that the request line names.
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
/** The client has closed its side in the middle of a request. */
const HALF_CLOSED = 'HPE_INVALID_EOF_STATE';
/** Empty lines before a request are allowed (RFC 9112 section 2.2). */
const TARGET = /^[\r\n]*[A-Z]+ (?<target>[^ \r\n]*)/i;
/** Of a packet that is read to find the request target. */
const TARGET_BYTES_MAX = 512;

/** The listener for `clientError`. A request in progress gets its own response first, because it may have changed something. */
export function createRefuser(
  connections: Connections,
): (error: ParserError, socket: HttpSocket) => void {
  return (error, socket) => {
    const running = socket._httpMessage;
    if (error.code === PAUSED_CODE) connections.keep(socket, error);
    else if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
    else if (!running) refuse(error, socket);
    else if (error.code === HALF_CLOSED) socket.destroy();
    else if (running.req.complete || running.writableEnded) connections.closeBehindRunning(socket);
    else if (running.headersSent) socket.destroy();
    else refuse(error, socket);
  };
}

function refuse(error: ParserError, socket: HttpSocket): void {
  // The response to this request has been sent already: a second one would be taken for that of the next request.
  if (!socket._httpMessage && socket.parser?.incoming?.complete === false) {
    socket.destroySoon();
    return;
  }
  const refusal = new GatewayError(PARSER_ERRORS[error.code ?? ''] ?? 'invalid-request', {
    detail: 'the request is not valid HTTP/1.1',
  });
  const requestId = randomUUID();
  const { type, body } = bodyOf(refusal, requestId, targetOf(error, socket));
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}\r\n` +
      `Content-Type: ${type}\r\nX-Request-Id: ${requestId}\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function targetOf({ rawPacket }: ParserError, socket: HttpSocket): string {
  const running = socket._httpMessage;
  if (running) return running.req.url ?? '';
  const text = rawPacket?.toString('latin1', 0, TARGET_BYTES_MAX) ?? '';
  return TARGET.exec(text)?.groups?.target ?? '';
}

function bodyOf(
  refusal: GatewayError,
  requestId: string,
  target: string,
): { type: string; body: string } {
  switch (errorFormatOf(target)) {
    case 'v2Key':
      return { type: 'application/json', body: toV2Error(refusal).text };
    case 'v2':
      return { type: 'application/json', body: toV2Message(refusal).text };
    case 'raw':
      return { type: 'application/json', body: JSON.stringify(toRawError(refusal).body) };
    case 'problem': {
      const body = `${JSON.stringify(toProblem(refusal, requestId))}\n`;
      return { type: 'application/problem+json', body };
    }
  }
}
