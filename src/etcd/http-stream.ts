// A POST whose body stays open while its answer comes in: etcd's streams over HTTP/1.1. Each has a connection of its own that says
// `Connection: close`, as Go's server answers an open body on no other (RFC 9112 lets it wait for the end of the body).
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Endpoint } from './endpoints.js';
import { ExchangeError, cutSocket } from './http-adapter.js';

export interface StreamCall {
  /** A path of ours, never a caller's. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  onHead(status: number): void;
  onData(chunk: Buffer): void;
  /** Once, unless `destroy` came first. Without an error when the answer ended as HTTP wants it. */
  onEnd(error: ExchangeError | undefined): void;
}

export interface OpenStream {
  write(text: string): void;
  /** Cuts the connection at once; nothing is heard of it any more. */
  destroy(): void;
}

/** Never throws, and calls back only after it has returned. */
export function openHttpStream(
  endpoint: Endpoint,
  call: StreamCall,
  connectTimeoutMs: number,
): OpenStream {
  const request = (endpoint.isSecure ? https : http).request({
    host: endpoint.hostname,
    port: endpoint.port,
    method: 'POST',
    path: call.path,
    agent: false,
    headers: { ...call.headers, connection: 'close' },
  });
  let connectTimer: NodeJS.Timeout | undefined;
  let wasConnected = false;
  let isEnded = false;
  const finish = (): boolean => {
    if (isEnded) return false;
    isEnded = true;
    clearTimeout(connectTimer);
    cutSocket(request.socket);
    request.destroy();
    return true;
  };
  const fail = (message: string, isTimeout: boolean, cause?: unknown): void => {
    if (!finish()) return;
    call.onEnd(new ExchangeError(message, { wasSent: wasConnected, isTimeout, cause }));
  };
  request.on('error', (error) => fail(error.message, false, error));
  request.on('socket', (socket: Socket) => {
    connectTimer = setTimeout(
      () => fail('the connection was not established in time', true),
      connectTimeoutMs,
    );
    socket.once(endpoint.isSecure ? 'secureConnect' : 'connect', () => {
      clearTimeout(connectTimer);
      wasConnected = true;
    });
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
