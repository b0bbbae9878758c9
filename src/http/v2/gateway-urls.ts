// The URLs at which v2 clients find this gateway: the advertised URLs, else the address that it listens on, else the Host of the request.
import type { Request } from 'express';
import { isIP } from 'node:net';

export interface GatewayUrlSettings {
  readonly advertiseUrls: readonly string[];
  /** IPv6 addresses have no brackets here. */
  readonly listen: { readonly host: string; readonly port: number };
}

const WILDCARD_ADDRESSES: readonly string[] = ['0.0.0.0', '::'];

/** Never returns an empty list or duplicates. The Host of the request has been checked already. */
export function gatewayUrls({ advertiseUrls, listen }: GatewayUrlSettings, req: Request): string[] {
  if (advertiseUrls.length > 0) return [...new Set(advertiseUrls)];
  const scheme = 'encrypted' in req.socket ? 'https' : 'http';
  const { host, port } = listen;
  const isConnectable = port !== 0 && !WILDCARD_ADDRESSES.includes(host);
  const hostText = isIP(host) === 6 ? `[${host}]` : host;
  const authority = isConnectable ? `${hostText}:${port}` : req.headers.host;
  return [`${scheme}://${authority ?? `${hostText}:${port}`}`];
}
