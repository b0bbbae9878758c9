// The gates before every door but /livez and /readyz: who is addressed (Host) and from where a browser asks (Origin, Sec-Fetch-Site).
// They keep pages of other sites out of a gateway that trusts whoever reaches it; they authenticate nobody.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Request, RequestHandler, Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import {
  METHODS,
  checkBody,
  checkCredentials,
  checkHeaderCount,
  checkMethod,
  checkSingle,
  checkTarget,
} from './request-checks.js';

export interface GateSettings {
  /** `host` without brackets. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Origins: `http://gateway:8888`. */
  readonly advertiseUrls: readonly string[];
  /** Lower case: `name`, `*.suffix` or `*`. */
  readonly allowedHosts: readonly string[];
  /** Origins in the form that browsers send. */
  readonly corsOrigins: readonly string[];
}

const OPEN_PATHS: readonly string[] = ['/livez', '/readyz'];
/** Where a link on another site may lead to. */
const NAVIGATION_PATHS: readonly string[] = ['/', '/docs', '/openapi'];

const CORS_REQUEST_HEADERS = [
  'Accept',
  'Authorization',
  'Cache-Control',
  'Content-Type',
  'Grpc-Metadata-Hasleader',
  'Grpc-Timeout',
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'Lock-Token',
  'Request-Timeout',
  'Traceparent',
  'X-Request-Id',
];
const CORS_RESPONSE_HEADERS = [
  'Allow',
  'Content-Disposition',
  'ETag',
  'Etcd-Create-Revision',
  'Etcd-Lease',
  'Etcd-Mod-Revision',
  'Etcd-Revision',
  'Etcd-Version',
  'Retry-After',
  'WWW-Authenticate',
  'X-Etcd-Cluster-Id',
  'X-Etcd-Index',
  'X-Raft-Index',
  'X-Raft-Term',
  'X-Request-Id',
];
const PREFLIGHT_SECONDS = 600;
const PORT_MAX = 65_535;

interface Gatekeeper {
  readonly isServedHost: (name: string) => boolean;
  /** Other origins that count as the gateway's own. */
  readonly ownOrigins: ReadonlySet<string>;
  readonly corsOrigins: ReadonlySet<string>;
}

/**
 * Passes a request on, answers a preflight of a named origin (204), or throws: `invalid-request` for what has two meanings,
 * `method-not-allowed`, `misdirected-request`, `foreign-origin`. Mount it after the request's context and before every door.
 */
export function createGates(settings: GateSettings): RequestHandler {
  const { corsOrigins, advertiseUrls } = settings;
  const keeper: Gatekeeper = {
    isServedHost: createHostRule(settings),
    ownOrigins: new Set(advertiseUrls.map(originOf)),
    corsOrigins: new Set(corsOrigins.map(originOf)),
  };
  return (req, res, next) => {
    // The answers depend on it, also those to requests that have none.
    if (corsOrigins.length > 0) res.vary('Origin');
    const path = checkTarget(req.url);
    if (OPEN_PATHS.includes(path)) {
      next();
      return;
    }
    checkMethod(req);
    const host = checkHost(req, keeper);
    checkHeaderCount(req);
    checkCredentials(req);
    const visitor = judgeOrigin(req, host, path, keeper);
    if (visitor === 'named') {
      allowOrigin(req, res);
      if (isPreflight(req)) {
        answerPreflight(req, res);
        return;
      }
    }
    checkBody(req, path);
    next();
  };
}

/** The checked Host in lower case; `undefined` for HTTP/1.0 without one. */
function checkHost(req: IncomingMessage, keeper: Gatekeeper): string | undefined {
  checkSingle(req, 'host');
  const host = req.headers.host?.toLowerCase();
  // Browsers always send one, and they are what this gate is for.
  if (host === undefined && req.httpVersion === '1.0') return undefined;
  const name = hostNameOf(host ?? '');
  if (name === undefined) {
    const detail = `${JSON.stringify(host ?? '')} is not a valid Host`;
    throw new GatewayError('invalid-request', { detail });
  }
  if (keeper.isServedHost(name)) return host;
  throw new GatewayError('misdirected-request', {
    detail: `this gateway is not known as ${JSON.stringify(name)}`,
    hint: 'add the name to LATCHKEY_ALLOWED_HOSTS / --allowed-hosts, or use the address',
  });
}

/** The name or address in a Host without its port; `undefined` when there is more in it, or less. */
function hostNameOf(host: string): string | undefined {
  const match =
    /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<name>[^\s:[\]@/\\?#%]+))(?::(?<port>\d{0,5}))?$/.exec(host);
  const { six, name, port } = match?.groups ?? {};
  if (Number(port ?? 0) > PORT_MAX || (six !== undefined && isIP(six) !== 6)) return undefined;
  // `localhost.` is the same name, written in full.
  return six ?? name?.replace(/(?<=.)\.$/, '');
}

function createHostRule({ listen, advertiseUrls, allowedHosts }: GateSettings) {
  const advertised = advertiseUrls.map((url) => new URL(url).hostname);
  const named = [...allowedHosts, ...advertised, listen.host].map((name) => name.toLowerCase());
  const isAnyServed = allowedHosts.includes('*');
  const names = new Set(['localhost', ...named]);
  const suffixes = named.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  // A rebinding attack needs a name of the attacker's own; probes and scrapes use addresses.
  return (name: string): boolean =>
    isAnyServed ||
    isIP(name) !== 0 ||
    names.has(name) ||
    suffixes.some((suffix) => name.endsWith(suffix));
}

type Visitor = 'own' | 'named';

function judgeOrigin(
  req: IncomingMessage,
  host: string | undefined,
  path: string,
  keeper: Gatekeeper,
): Visitor {
  const { origin } = req.headers;
  if (origin === undefined) {
    const site = req.headers['sec-fetch-site'];
    const isOwn = site === undefined || site === 'none' || site === 'same-origin';
    if (isOwn || isNavigation(req, path)) return 'own';
    throw foreign(`a page of another site (Sec-Fetch-Site: ${site})`);
  }
  const asked = originOf(origin);
  if (keeper.corsOrigins.has(asked)) return 'named';
  const scheme = 'encrypted' in req.socket ? 'https' : 'http';
  const isOwn = host !== undefined && asked === originOf(`${scheme}://${host}`);
  if (isOwn || keeper.ownOrigins.has(asked)) return 'own';
  throw foreign(`the origin ${JSON.stringify(origin)}`);
}

function foreign(who: string): GatewayError {
  return new GatewayError('foreign-origin', {
    detail: `${who} may not call this gateway`,
    hint: 'add the origin to LATCHKEY_CORS_ORIGINS / --cors-origins if its pages may',
  });
}

function isNavigation(req: IncomingMessage, path: string): boolean {
  if (req.method !== 'GET' || req.headers['sec-fetch-mode'] !== 'navigate') return false;
  return NAVIGATION_PATHS.some(
    (known) => path === known || (known !== '/' && path.startsWith(`${known}/`)),
  );
}

/** One spelling for equal origins (`http://a:80` = `http://a`); anything that is more than an origin stays as it is and equals none. */
function originOf(text: string): string {
  const lower = text.toLowerCase();
  return /^https?:\/\/[^\s/?#@\\]+$/.test(lower) && URL.canParse(lower)
    ? new URL(lower).origin
    : lower;
}

function isPreflight(req: IncomingMessage): boolean {
  return req.method === 'OPTIONS' && 'access-control-request-method' in req.headers;
}

// No Allow-Credentials: there are no cookies, and EventSource works without.
function allowOrigin(req: Request, res: Response): void {
  res.setHeader('Access-Control-Allow-Origin', req.headers.origin ?? '');
  res.setHeader('Access-Control-Expose-Headers', CORS_RESPONSE_HEADERS.join(', '));
}

function answerPreflight(req: Request, res: Response): void {
  res.removeHeader('Access-Control-Expose-Headers');
  res.setHeader('Access-Control-Allow-Methods', METHODS.join(', '));
  res.setHeader('Access-Control-Allow-Headers', CORS_REQUEST_HEADERS.join(', '));
  res.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
  // Chrome asks this before a public page may reach a private address; the origin has been named, so it may.
  if (req.headers['access-control-request-private-network'] === 'true') {
    res.setHeader('Access-Control-Allow-Private-Network', 'true');
  }
  res.statusCode = 204;
  res.end();
}
