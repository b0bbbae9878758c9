// A fake etcd with watch streams, for messages that a real etcd does not send on demand. It sends nothing by itself.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { eventually } from './raw-router-server.js';

export interface SentLine {
  readonly create_request?: { readonly watch_id: number } & Record<string, unknown>;
  readonly cancel_request?: { readonly watch_id: number };
  readonly progress_request?: object;
}

export interface ServerStream {
  readonly headers: IncomingMessage['headers'];
  /** The lines received so far. */
  readonly lines: readonly SentLine[];
  /** Whether the client has closed the connection. */
  readonly isGone: boolean;
  /** Resolves with the line of that index when it arrives. */
  line(index: number): Promise<SentLine>;
  /** Sends one message with a header, framed like etcd's. */
  send(message: object): void;
  /** Sends `created` for this watch. */
  created(watchId: number, revision?: number): void;
  raw(bytes: Buffer | string): void;
  /** Sends the headers now, with that status. */
  head(status: number): void;
  end(): void;
  reset(): void;
}

export interface WatchServer {
  readonly endpoint: string;
  readonly streams: readonly ServerStream[];
  /** Resolves with the stream of that index when it is opened. */
  stream(index: number): Promise<ServerStream>;
}

/** Serves on loopback until the test ends. */
export async function serveWatches(): Promise<WatchServer> {
  const streams: ServerStream[] = [];
  const server = createServer((req, res) => streams.push(follow(req, res)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streams,
    async stream(index) {
      await eventually(() => streams.length > index);
      return streams[index]!;
    },
  };
}

function follow(req: IncomingMessage, res: ServerResponse): ServerStream {
  const lines: SentLine[] = [];
  let rest = '';
  let isGone = false;
  req.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop()!;
    lines.push(...parts.map((part) => JSON.parse(part) as SentLine));
  });
  req.on('error', () => undefined);
  res.on('close', () => (isGone = true));
  const raw = (bytes: Buffer | string): void => void res.write(bytes);
  const send = (message: object): void => {
    const result = { header: { revision: '1' }, ...message };
    raw(`${JSON.stringify({ result })}\n`);
  };
  return {
    headers: req.headers,
    lines,
    get isGone() {
      return isGone;
    },
    async line(index) {
      await eventually(() => lines.length > index);
      return lines[index]!;
    },
    send,
    created: (watchId, revision = 1) =>
      send({ header: { revision: `${revision}` }, watch_id: `${watchId}`, created: true }),
    raw,
    head: (status) => res.writeHead(status).flushHeaders(),
    end: () => void res.end(),
    reset: () => req.socket.resetAndDestroy(),
  };
}

/** Returns an event in etcd's JSON. */
export function event(key: string, revision: number, value?: string): object {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return value === undefined
    ? { type: 'DELETE', kv: { key: base64(key), mod_revision: `${revision}` } }
    : { kv: { key: base64(key), value: base64(value), mod_revision: `${revision}` } };
}
