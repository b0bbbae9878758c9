// A way to etcd that the test holds in its hands: it can be cut and mended, and made to come in single bytes.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TcpBetween {
  readonly endpoint: string;
  /** Breaks every connection and takes none, until it is mended. */
  cut(): void;
  mend(): void;
  /** From now on nothing comes back of what etcd says, and all that is asked reaches it; until `speak`. */
  swallow(): void;
  speak(): void;
  /** From now on whatever etcd sends comes byte by byte. */
  slice(): void;
}

/** Passes on connections to `endpoint` until the test is over. */
export async function serveTcpBetween(endpoint: string): Promise<TcpBetween> {
  const { hostname, port } = new URL(endpoint);
  const sockets = new Set<Socket>();
  let isCut = false;
  let isSliced = false;
  let isSwallowing = false;
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
    near.on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => {
      if (isSwallowing) return;
      const pieces = isSliced ? [...chunk].map((byte) => Buffer.from([byte])) : [chunk];
      for (const piece of pieces) near.write(piece);
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    mend: () => void (isCut = false),
    swallow: () => void (isSwallowing = true),
    speak: () => void (isSwallowing = false),
    slice: () => void (isSliced = true),
  };
}
