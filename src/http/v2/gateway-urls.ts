// Under which URLs v2 clients find this gateway: the advertised ones, else where it listens, else how this request came in.
import type { Request } from 'express';
import { isIP } from 'node:net';

export interface GatewayUrlSettings {
  readonly advertiseUrls: readonly string[];
  /** `host` without brackets. */
  readonly listen: { readonly host: string; readonly port: number };
}

const EVERY_ADDRESS: readonly string[] = ['0.0.0.0', '::'];

/** Never empty, each once. The request's Host has passed the gates. */
export function gatewayUrls({ advertiseUrls, listen }: GatewayUrlSettings, req: Request): string[] {
  if (advertiseUrls.length > 0) return [...new Set(advertiseUrls)];
  const scheme = 'encrypted' in req.socket ? 'https' : 'http';
  const { host, port } = listen;
  const isExact = port !== 0 && !EVERY_ADDRESS.includes(host);
  const named = isIP(host) === 6 ? `[${host}]` : host;
  const authority = isExact ? `${named}:${port}` : req.headers.host;
  return [`${scheme}://${authority ?? `${named}:${port}`}`];
}
