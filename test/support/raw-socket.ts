// Raw HTTP text over a plain socket, for requests that no client library sends: two Hosts, HTTP/1.0, absolute targets, open bodies.
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const ANSWER_LIMIT_MS = 10_000;

export interface RawResponse {
  readonly status: number;
  /** Names in lower case; of repeated headers the last. */
  readonly headers: Readonly<Record<string, string>>;
  /** Everything after the headers, including chunk sizes. */
  readonly body: string;
}

/** Sends `text` over a new connection and returns the response when the server closes it. Pass `Connection: close`. */
export function sendRaw(port: number, text: string | Buffer): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    const limit = setTimeout(
      () => socket.destroy(new Error(`no end of the answer, so far: ${received}`)),
      ANSWER_LIMIT_MS,
    );
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (received += chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(limit);
      resolve(parseAnswer(received));
    });
    socket.write(text);
  });
}

/** A request with the usual headers of a client, `Connection: close` among them. */
export function request(line: string, headers: readonly string[] = [], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const all = ['Host: localhost', ...headers, ...length, 'Connection: close'];
  return `${line} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n${body}`;
}

export interface OpenConnection {
  readonly socket: Socket;
  /** Resolves with the received text when it contains `text`. Rejects if it never does. */
  until(text: string): Promise<string>;
  /** Resolves with the received text when the server has closed the connection. */
  readonly ended: Promise<string>;
}

/** Opens a connection that stays open, for streams. */
export function openConnection(port: number): OpenConnection {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  let check = (): void => undefined;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    check();
  });
  const ended = new Promise<string>((resolve) => {
    // A reset also closes it.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
  const until = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new Error(`${JSON.stringify(text)} did not come, but ${received}`)),
        ANSWER_LIMIT_MS,
      );
      check = () => {
        if (!received.includes(text)) return;
        clearTimeout(limit);
        resolve(received);
      };
      check();
    });
  return { socket, until, ended };
}

/** Returns one chunk of a chunked body. */
export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function parseAnswer(text: string): RawResponse {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(statusLine.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}
