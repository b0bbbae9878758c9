// A POST whose body stays open while the response arrives: etcd's streams over HTTP/1.1. Each has its own connection with
// `Connection: close`. On other connections Go's server does not respond before the end of the body, which RFC 9112 allows.
import http from 'node:http';
import { Socket } from 'node:net';
import { ConnectError, resetConnection } from './connection.js';
import type { Connector } from './connection.js';
import type { Endpoint } from '../endpoint.js';
import { TransportError } from './http-adapter.js';

export interface StreamCall {
  /** A path of the RPC table, never from a client. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  onHead(status: number): void;
  onData(chunk: Buffer): void;
  /** Called once, unless `destroy` was called first. Without an error if the response is complete. */
  onEnd(error: TransportError | undefined): void;
}

export interface OpenStream {
  write(text: string): void;
  /** Resets the connection immediately. No callback is called afterwards. */
  destroy(): void;
}

/** Never throws. Calls no callback before it returns. */
export function openHttpStream(
  endpoint: Endpoint,
  call: StreamCall,
  connector: Connector,
): OpenStream {
  let wasConnected = false;
  let isEnded = false;
  const request = http.request({
    host: endpoint.hostname,
    port: endpoint.port,
    method: 'POST',
    path: call.path,
    headers: { ...call.headers, connection: 'close' },
    createConnection: (_options, created) => {
      connector.connect(endpoint).then(
        (socket) => {
          wasConnected = !isEnded;
          created(null, socket);
        },
        (error: unknown) => created(error as Error, new Socket()),
      );
      return undefined;
    },
  });
  const finish = (): boolean => {
    if (isEnded) return false;
    isEnded = true;
    resetConnection(request.socket);
    request.destroy();
    return true;
  };
  const fail = (message: string, isTimeout: boolean, cause?: unknown): void => {
    if (!finish()) return;
    call.onEnd(new TransportError(message, { wasSent: wasConnected, isTimeout, cause }));
  };
  request.on('error', (error) => {
    fail(error.message, error instanceof ConnectError && error.isTimeout, error);
  });
  request.on('response', (response) => {
    call.onHead(response.statusCode ?? 0);
    response.on('data', (chunk: Buffer) => {
      if (!isEnded) call.onData(chunk);
    });
    response.on('end', () => {
      if (finish()) call.onEnd(undefined);
    });
    response.on('error', (error) => fail(error.message, false, error));
    response.on('close', () => fail('the connection broke', false));
  });
  return {
    write(text) {
      if (!isEnded) request.write(text);
    },
    destroy: () => void finish(),
  };
}
