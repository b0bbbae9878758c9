// The door's own authentication by client certificates: whoever has none of the right authority gets 401 everywhere but at the probes, which
// have nothing to show. Asked for in the handshake and judged here, so that the refused are told why.
import { TLSSocket } from 'node:tls';
import type { RequestHandler } from 'express';
import { GatewayError } from '../../core/errors.js';

const OPEN_PATHS: readonly string[] = ['/livez', '/readyz', '/version', '/health'];

/** Mount it behind the gates and before every door. For servers that ask for certificates only. */
export function requireClientCertificate(): RequestHandler {
  return (req, _res, next) => {
    const { socket } = req;
    const isProven = socket instanceof TLSSocket && socket.authorized;
    if (isProven || OPEN_PATHS.includes(req.path)) {
      next();
      return;
    }
    throw new GatewayError('unauthenticated', {
      detail: 'this gateway asks for a client certificate of its authority',
      hint: 'present one, as curl does with --cert and --key',
      headers: { 'WWW-Authenticate': 'Mutual' },
    });
  };
}
