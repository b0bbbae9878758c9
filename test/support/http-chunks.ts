// Reads the chunks of a chunked HTTP response as on the wire. Client libraries join or split them.
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const LIMIT_MS = 20_000;

export interface ChunkReader {
  readonly socket: Socket;
  /** The chunks that have arrived completely. */
  readonly chunks: readonly string[];
  /** Resolves as soon as `check` holds for the chunks; rejects with them after a limit. */
  until(check: (chunks: readonly string[]) => boolean): Promise<readonly string[]>;
}

/** Sends a POST with one object as its body, which stays open for more if `isOpen`. */
export function openChunks(
  baseUrl: string,
  path: string,
  first: object,
  isOpen = false,
): ChunkReader {
  const { port, hostname } = new URL(baseUrl);
  const socket = connect(Number(port), hostname);
  const chunks: string[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let isHead = true;
  let check = (): void => undefined;
  socket.on('error', () => undefined);
  socket.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    if (isHead) {
      const end = rest.indexOf('\r\n\r\n');
      if (end === -1) return;
      isHead = false;
      rest = rest.subarray(end + 4);
    }
    rest = takeChunks(rest, chunks);
    check();
  });
  // etcd responds while the body is open only if the connection closes afterwards.
  const headers = 'Host: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked';
  socket.write(`POST ${path} HTTP/1.1\r\n${headers}\r\n\r\n`);
  sendObject(socket, first);
  if (!isOpen) socket.write('0\r\n\r\n');
  return {
    socket,
    chunks,
    until: (isEnough) =>
      new Promise((resolve, reject) => {
        const limit = setTimeout(() => {
          const seen = chunks.map((each) => each.slice(0, 200)).join(' | ');
          reject(new Error(`${chunks.length} chunks: ${seen}`));
        }, LIMIT_MS);
        check = () => {
          if (!isEnough(chunks)) return;
          clearTimeout(limit);
          resolve(chunks);
        };
        check();
      }),
  };
}

/** One chunk of the request body. */
export function sendObject(socket: Socket, object: object): void {
  const text = JSON.stringify(object);
  socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

function takeChunks(bytes: Buffer, chunks: string[]): Buffer {
  let rest = bytes;
  for (;;) {
    const head = rest.indexOf('\r\n');
    if (head === -1) return rest;
    const size = Number.parseInt(rest.subarray(0, head).toString('latin1'), 16);
    const end = head + 2 + size;
    if (rest.length < end + 2) return rest;
    if (size > 0) chunks.push(rest.subarray(head + 2, end).toString('utf8'));
    rest = rest.subarray(end + 2);
  }
}
