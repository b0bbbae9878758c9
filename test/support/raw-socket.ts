// HTTP written by hand over a plain socket, for what no client library sends: two Hosts, HTTP/1.0, absolute targets, open bodies.
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const ANSWER_LIMIT_MS = 10_000;

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; of repeated headers the last. */
  readonly headers: Readonly<Record<string, string>>;
  /** What stands behind the head, chunk sizes included. */
  readonly body: string;
}

/** Sends `text` on a connection of its own and answers what comes back until the server closes: ask for `Connection: close`. */
export function ask(port: number, text: string | Buffer): Promise<RawAnswer> {
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
  /** Resolves with all that has arrived so far as soon as it contains `text`; rejects when it never does. */
  until(text: string): Promise<string>;
  /** Resolves with all that has arrived when the server has closed. */
  readonly ended: Promise<string>;
}

/** A connection that stays open, for streams. */
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
    // A reset ends it too.
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

/** One chunk of a chunked body. */
export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function parseAnswer(text: string): RawAnswer {
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
