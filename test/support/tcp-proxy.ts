// A way to etcd that the test holds in its hands: it can be cut and mended, and made to come in single bytes.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TcpProxy {
  readonly endpoint: string;
  /** Breaks every connection and takes none, until it is mended. */
  cut(): void;
  restore(): void;
  /** Breaks every connection and refuses new ones, for good. */
  close(): void;
  /** From now on nothing comes back of what etcd says, and all that is asked reaches it; until `speak`. */
  dropResponses(): void;
  passResponses(): void;
  /** From now on whatever etcd sends comes byte by byte. */
  slice(): void;
  /** Does this to the connection over which the next request comes that contains `text`. */
  failNextRequest(text: string, blow: ConnectionFault): Promise<FaultedConnection>;
}

/**
 * `unsent`: reset before anything of the request is passed on. `unanswered`: reset when etcd has begun to answer it. `cut short`: closed
 * inside the answer.
 */
export type ConnectionFault = 'unsent' | 'unanswered' | 'cut short';

export interface FaultedConnection {
  /** Something had been answered over that connection before. */
  readonly wasUsed: boolean;
}

interface Strike {
  readonly text: string;
  readonly blow: ConnectionFault;
  readonly struck: (struck: FaultedConnection) => void;
}

/** So much of an answer is missing when it is cut short. */
const MISSING_BYTES = 5;

/** Passes on connections to `endpoint` until the test is over. */
export async function serveTcpProxy(endpoint: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(endpoint);
  const sockets = new Set<Socket>();
  let isCut = false;
  let isSliced = false;
  let isSwallowing = false;
  const strikes = new Set<Strike>();
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
    let blow: ConnectionFault | undefined;
    let wasUsed = false;
    near.on('data', (chunk) => {
      const strike = [...strikes].find(({ text }) => chunk.includes(text));
      if (strike !== undefined) {
        strikes.delete(strike);
        strike.struck({ wasUsed });
        ({ blow } = strike);
      }
      if (blow === 'unsent') near.resetAndDestroy();
      else far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (isSwallowing) return;
      wasUsed = true;
      if (blow !== undefined) {
        if (blow === 'unanswered') near.resetAndDestroy();
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
    dropResponses: () => void (isSwallowing = true),
    passResponses: () => void (isSwallowing = false),
    slice: () => void (isSliced = true),
    failNextRequest: (text, blow) =>
      new Promise((struck) => {
        strikes.add({ text, blow, struck });
      }),
  };
}
