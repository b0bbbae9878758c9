// Authenticates connections by client certificates, independent of `--auth`. Requests without a certificate from the configured authority
// get 401, except for probes, which have none. The handshake only requests the certificate, so that the 401 can state the reason.
import { TLSSocket } from 'node:tls';
import type { RequestHandler } from 'express';
import { GatewayError } from '../../core/errors.js';

const OPEN_PATHS: readonly string[] = ['/livez', '/readyz', '/version', '/health'];

/** Mount it before every API, and only on a server that requests client certificates. */
export function requireClientCertificate(): RequestHandler {
  return (req, _res, next) => {
    const { socket } = req;
    const isAuthorized = socket instanceof TLSSocket && socket.authorized;
    if (isAuthorized || OPEN_PATHS.includes(req.path)) {
      next();
      return;
    }
    throw new GatewayError('unauthenticated', {
      detail: 'this gateway requires a client certificate from its certificate authority',
      hint: 'send a client certificate, for example with curl --cert and --key',
      headers: { 'WWW-Authenticate': 'Mutual' },
    });
  };
}
