// Connects to endpoints, with TLS, and resets abandoned connections. All connections to etcd are created here, so certificates, name
// resolution and time limits are the same for calls, streams and the raw v3 API.
import { connect as connectTcp, isIP } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { Endpoint } from '../endpoint.js';

export interface Connector {
  /**
   * Resolves with a connection that is ready for use (TLS handshake done, certificate checked). Rejects with `ConnectError`: then nothing
   * was sent. The connection has an `error` listener, so a failure while it is idle does not end the process.
   */
  connect(endpoint: Endpoint): Promise<Socket>;
}

export interface ConnectorOptions {
  /** For one endpoint: name resolution, TCP and TLS together. */
  readonly connectTimeoutMs: number;
  /** Certificates and key of new https connections; undefined = only the system's authorities. */
  readonly secureContext?: () => SecureContext | undefined;
  /** The system's resolver by default. */
  readonly lookup?: LookupFunction;
}

export class ConnectError extends Error {
  readonly isTimeout: boolean;

  constructor(message: string, isTimeout: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = 'ConnectError';
    this.isTimeout = isTimeout;
  }
}

/** Idle time before TCP keepalive probes start. They detect a machine that is gone; the system decides their number. */
const TCP_KEEPALIVE_MS = 15_000;

/** The TCP connection under each TLS connection, because Node 20 can reset only TCP connections. */
const tcpUnder = new WeakMap<Socket, Socket>();

/** Unix sockets are not reset: Node does not support it, and the kernel delivers nothing of a request later. */
const unixSockets = new WeakSet<Socket>();

export function createConnector(options: ConnectorOptions): Connector {
  return {
    async connect(endpoint) {
      const deadline = performance.now() + options.connectTimeoutMs;
      const tcp = connectTcp({
        ...(endpoint.socketPath === undefined
          ? { host: endpoint.hostname, port: endpoint.port }
          : { path: endpoint.socketPath }),
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: TCP_KEEPALIVE_MS,
        ...(options.lookup && { lookup: options.lookup }),
      });
      if (endpoint.socketPath !== undefined) unixSockets.add(tcp);
      await untilReady(tcp, 'connect', deadline);
      if (!endpoint.isSecure) return tcp;
      // In two steps, because Node tries all addresses of a name only for TCP connections.
      const secure = connectTls({
        socket: tcp,
        host: endpoint.hostname,
        ...(isIP(endpoint.hostname) === 0 && { servername: endpoint.hostname }),
        ALPNProtocols: ['http/1.1'],
        secureContext: options.secureContext?.(),
      });
      tcpUnder.set(secure, tcp);
      await untilReady(secure, 'secureConnect', deadline);
      return secure;
    },
  };
}

/** Resets a connection instead of closing it, so the kernel does not deliver the rest of a request later. */
export function resetConnection(socket: Socket | null): void {
  if (socket === null || socket.destroyed) return;
  const tcp = tcpUnder.get(socket) ?? socket;
  if (!tcp.destroyed && !unixSockets.has(tcp)) tcp.resetAndDestroy();
  socket.destroy();
}

function untilReady(socket: Socket, event: string, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        reject(new ConnectError('the connection was not established in time', true));
        resetConnection(socket);
      },
      Math.max(0, deadline - performance.now()),
    );
    // Never removed: an error of an idle connection must not end the process.
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(new ConnectError(error.message, false, error));
    });
    socket.once(event, () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new ConnectError('the connection was closed immediately', false));
    });
  });
}

/** Errors of this process or machine: out of files, ports or memory. */
const LOCAL_CODES: readonly unknown[] = ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM'];

/** Returns whether a failure, or its cause, is local to this machine: then it proves nothing about the endpoint. */
export function isLocalFault(error: unknown): boolean {
  // Node tried several addresses: one remote failure among them counts.
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.every(isLocalFault);
  if (!(error instanceof Error)) return false;
  return ('code' in error && LOCAL_CODES.includes(error.code)) || isLocalFault(error.cause);
}

// OpenSSL's verification results (X509_V_ERR_*) have no prefix; Node's codes and the alerts of the server have one.
const CERTIFICATE_CODES =
  /^(CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH_|ERR_TLS_CERT_|ERR_SSL_|ERR_OSSL_)/;

/** OpenSSL's codes of a response without TLS in a TLS handshake. */
export const PLAINTEXT_CODES: readonly string[] = [
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
];

/** Returns the TLS code of a failure or its cause: the endpoint responds, but one side does not trust the other. */
export function certificateProblemOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  return CERTIFICATE_CODES.test(code) ? code : certificateProblemOf(error.cause);
}
