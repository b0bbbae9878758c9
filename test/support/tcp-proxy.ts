// A TCP proxy before etcd: the test can cut and restore it, drop responses, and send responses in single bytes.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TcpProxy {
  readonly endpoint: string;
  /** Breaks every connection and refuses new ones until `restore`. */
  cut(): void;
  restore(): void;
  /** Breaks every connection and refuses new ones permanently. */
  close(): void;
  /** Drops everything that etcd sends until `passResponses`. Requests still reach etcd. */
  dropResponses(): void;
  passResponses(): void;
  /** Delivers everything that etcd sends byte by byte. */
  slice(): void;
  /** Applies the fault to the connection of the next request that contains `text`. */
  failNextRequest(text: string, fault: ConnectionFault): Promise<FaultedConnection>;
}

/**
 * `unsent`: reset before any part of the request is forwarded. `unanswered`: reset when etcd begins to respond. `cut short`: closed inside
 * the response.
 */
export type ConnectionFault = 'unsent' | 'unanswered' | 'cut short';

export interface FaultedConnection {
  /** Whether etcd had sent anything over that connection before. */
  readonly wasUsed: boolean;
}

interface PendingFault {
  readonly text: string;
  readonly fault: ConnectionFault;
  readonly applied: (struck: FaultedConnection) => void;
}

/** The bytes that are missing from a response that is cut short. */
const MISSING_BYTES = 5;

/** Forwards connections to `endpoint` until the test ends. */
export async function serveTcpProxy(endpoint: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(endpoint);
  const sockets = new Set<Socket>();
  let isCut = false;
  let isSliced = false;
  let isDropping = false;
  const pendingFaults = new Set<PendingFault>();
  const follow = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer({ noDelay: true }, (near) => {
    follow(near);
    if (isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = follow(connect({ port: Number(port), host: hostname, noDelay: true }));
    let fault: ConnectionFault | undefined;
    let wasUsed = false;
    near.on('data', (chunk) => {
      const pending = [...pendingFaults].find(({ text }) => chunk.includes(text));
      if (pending !== undefined) {
        pendingFaults.delete(pending);
        pending.applied({ wasUsed });
        ({ fault } = pending);
      }
      if (fault === 'unsent') near.resetAndDestroy();
      else far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (isDropping) return;
      wasUsed = true;
      if (fault !== undefined) {
        if (fault === 'unanswered') near.resetAndDestroy();
        else near.end(chunk.subarray(0, -MISSING_BYTES));
        return;
      }
      const pieces = isSliced ? [...chunk].map((byte) => Buffer.from([byte])) : [chunk];
      for (const piece of pieces) near.write(piece);
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    restore: () => void (isCut = false),
    close() {
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
    dropResponses: () => void (isDropping = true),
    passResponses: () => void (isDropping = false),
    slice: () => void (isSliced = true),
    failNextRequest: (text, fault) =>
      new Promise((applied) => {
        pendingFaults.add({ text, fault, applied });
      }),
  };
}
