// A TLS proxy before etcd that uses the certificates of the test.
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';

export interface TlsProxy {
  readonly endpoint: string;
  /** Serial numbers of the client certificates so far. */
  readonly shown: readonly string[];
}

/** Forwards connections to `endpoint` until the test ends. */
export async function serveTlsProxy(endpoint: string, options: TlsOptions): Promise<TlsProxy> {
  const { hostname, port } = new URL(endpoint);
  const sockets = new Set<Socket>();
  const shown: string[] = [];
  const follow = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer(options, (near) => {
    const { serialNumber } = near.getPeerCertificate() as { serialNumber?: string };
    if (serialNumber !== undefined) shown.push(serialNumber);
    const far = connect({ host: hostname, port: Number(port) });
    follow(near);
    follow(far);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, shown };
}
