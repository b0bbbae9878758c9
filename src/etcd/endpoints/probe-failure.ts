// Texts for the log: why an endpoint cannot get calls, and what the operator can do.
import { PLAINTEXT_CODES } from '../transport/connection.js';
import { TransportError } from '../transport/http-adapter.js';
import type { Endpoint } from '../endpoint.js';
import type { ProbeResult } from './probe.js';

const NO_RESPONSE = 'no response in time; check the address, DNS and firewalls';
const NOT_TLS = 'the endpoint does not speak TLS; write http://';
const UNKNOWN_HOST = 'unknown host; check the name and DNS';
const NAME_FAILED = 'the host name cannot be resolved; check DNS';
const UNTRUSTED = 'no trusted authority signed the certificate; name the authority with --cacert';
const NO_HANDSHAKE = 'the TLS handshake failed; if the endpoint does not use TLS, write http://';
const NO_HTTP =
  'no HTTP response before the connection closed; if etcd requires TLS, write https://';

/** Closed connections, and responses that are not HTTP/1.1. */
const MISMATCH_CODES = /^(ECONNRESET|EPIPE|HPE_.*)$/;

/** The cause and the next step, by the code of the system or of OpenSSL. */
const CAUSES: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused; check that etcd runs and listens there'],
  ['EHOSTUNREACH', 'the host is unreachable; check the address and the network'],
  ['ENETUNREACH', 'the network is unreachable; check the address and the network'],
  ['ETIMEDOUT', NO_RESPONSE],
  ['ENOENT', 'the socket does not exist; check the path and that etcd runs'],
  ['EACCES', 'permission denied; check the permissions of the socket'],
  ...PLAINTEXT_CODES.map((code) => [code, NOT_TLS] as const),
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNTRUSTED],
  ['CERT_HAS_EXPIRED', 'the certificate has expired; renew it'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate is for another name; use a name from it'],
  [
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'the endpoint requires a client certificate; set --cert and --key',
  ],
]);

/**
 * Returns the cause and the next step. `result` is undefined for an endpoint that did not respond in time. For the log only: clients must
 * not learn about endpoints.
 */
export function describeFailure(
  endpoint: Endpoint,
  result: Exclude<ProbeResult, { kind: 'healthy' }> | undefined,
): string {
  if (result === undefined) return NO_RESPONSE;
  const { message, hint, cause } = result.problem;
  const ownWords = hint === undefined ? message : `${message}; ${hint}`;
  if (result.kind !== 'unhealthy') return ownWords;
  const known = causeOf(cause);
  if (known !== undefined) return known;
  if (!(cause instanceof TransportError)) return ownWords;
  if (cause.isTimeout) return NO_RESPONSE;
  // etcd closes connections that do not speak the protocol of its port.
  const code = firstCode(cause.cause);
  const isMismatch = code === undefined || MISMATCH_CODES.test(code);
  if (isMismatch && endpoint.isSecure && !cause.wasSent) return NO_HANDSHAKE;
  if (isMismatch && !endpoint.isSecure && endpoint.socketPath === undefined) return NO_HTTP;
  return `${cause.message}; check the address and the log of etcd`;
}

function firstCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return 'code' in error ? String(error.code) : firstCode(error.cause);
}

/** Returns the text for an error, for one of its causes, or for one of its parts. */
function causeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const own = 'code' in error ? causeOfCode(String(error.code), error) : undefined;
  if (own !== undefined) return own;
  const parts = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return [...parts, error.cause].map(causeOf).find((words) => words !== undefined);
}

function causeOfCode(code: string, error: Error): string | undefined {
  // Errors of name resolution name the host. Their ECONNREFUSED is about the DNS server.
  if ('hostname' in error) return code === 'ENOTFOUND' ? UNKNOWN_HOST : NAME_FAILED;
  return CAUSES.get(code);
}
