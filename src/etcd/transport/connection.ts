// Makes connections to endpoints, TLS included, and resets those that are given up. Everything that talks to etcd goes through here, so that
// certificates, name resolution and time limits are the same for calls, streams and the raw door.
import { connect as connectTcp, isIP } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { Endpoint } from '../endpoint.js';

export interface Connector {
  /**
   * Resolves with a connection that is ready to be written to (TLS handshake done, certificate checked); rejects with `ConnectError`,
   * and then surely nothing was sent. It has a listener for `error`, so that it may fail while nobody looks.
   */
  connect(endpoint: Endpoint): Promise<Socket>;
}

export interface ConnectorOptions {
  /** For one endpoint: name resolution, TCP and TLS together. */
  readonly connectTimeoutMs: number;
  /** Certificates and key of https connections made from now on; undefined = the system's authorities alone. */
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

/** How soon a machine that vanished under an open connection is noticed: this, then the system's own number of probes. */
const TCP_KEEPALIVE_MS = 15_000;

/** The TCP connection under a TLS one: Node 20 can reset no other. */
const tcpUnder = new WeakMap<Socket, Socket>();

/** Nothing of a request is in the kernel's hands there, and Node refuses to reset one. */
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
      // Not by one call: Node tries all addresses of a name for a TCP connection only.
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

/** Resets a connection rather than closing it: what the kernel still holds of a request is not to be delivered later. */
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
    // Stays for good: between two owners a connection must not bring the process down by failing.
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
      reject(new ConnectError('the connection was closed at once', false));
    });
  });
}

/** Errors of this process or machine: out of files, ports or memory. */
const LOCAL_CODES: readonly unknown[] = ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM'];

/** Whether a failure (or what caused it) is of the gateway's own making: it proves nothing about the endpoint. */
export function isLocalFault(error: unknown): boolean {
  // Node tried several addresses: a remote fault among them counts.
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.every(isLocalFault);
  if (!(error instanceof Error)) return false;
  return ('code' in error && LOCAL_CODES.includes(error.code)) || isLocalFault(error.cause);
}

// OpenSSL's verification results (X509_V_ERR_*) come as the bare name; Node's own and the alerts of the other side have a prefix.
const CERTIFICATE_CODES =
  /^(CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH_|ERR_TLS_CERT_|ERR_SSL_|ERR_OSSL_)/;

/** OpenSSL's codes of a response without TLS in a TLS handshake. */
export const PLAINTEXT_CODES: readonly string[] = [
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
];

/** The code of a failure (or of its cause) that is about TLS: the endpoint responds, and one side does not trust the other. */
export function certificateProblemOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  return CERTIFICATE_CODES.test(code) ? code : certificateProblemOf(error.cause);
}
