// The checks before every API except /livez and /readyz: the Host that a request names, and the site that a browser sends it from (Origin,
// Sec-Fetch-Site). They keep pages of other sites away from a gateway that trusts its network. They do not authenticate clients.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { RequestHandler } from 'express';
import { GatewayError } from '../../core/errors.js';
import { checkTarget, pathOf } from '../request/target.js';
import { allowOrigin, isPreflight, sendPreflightResponse } from './cors.js';
import {
  checkBody,
  checkCredentials,
  checkHeaderCount,
  checkMethod,
  checkSingle,
} from './request-checks.js';

export interface HostOriginSettings {
  /** `host` without brackets. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Origins: `http://gateway:8888`. */
  readonly advertiseUrls: readonly string[];
  /** Lower case: `name`, `*.suffix` or `*`. */
  readonly allowedHosts: readonly string[];
  /** Origins in the form that browsers send. */
  readonly corsOrigins: readonly string[];
}

const UNCHECKED_PATHS: readonly string[] = ['/livez', '/readyz'];
/** Links on other sites may lead to these. */
const NAVIGATION_PATHS: readonly string[] = ['/', '/docs', '/openapi'];
const PORT_MAX = 65_535;

interface HostOriginRules {
  readonly isServedHost: (name: string) => boolean;
  /** Besides the origin of the request's own Host. */
  readonly ownOrigins: ReadonlySet<string>;
  readonly corsOrigins: ReadonlySet<string>;
}

/**
 * Passes a request on or responds to a preflight of a CORS origin (204). Throws `invalid-request` for an ambiguous request,
 * `method-not-allowed`, `misdirected-request` and `foreign-origin`. Mount it after the request context and before every API.
 */
export function createHostOriginChecks(settings: HostOriginSettings): RequestHandler {
  const { corsOrigins, advertiseUrls } = settings;
  const rules: HostOriginRules = {
    isServedHost: createHostRule(settings),
    ownOrigins: new Set(advertiseUrls.map(originOf)),
    corsOrigins: new Set(corsOrigins.map(originOf)),
  };
  return (req, res, next) => {
    // All responses depend on the Origin, including those to requests without one.
    if (corsOrigins.length > 0) res.vary('Origin');
    checkTarget(req.url);
    const path = pathOf(req.url);
    if (UNCHECKED_PATHS.includes(path)) {
      next();
      return;
    }
    checkMethod(req);
    const host = checkHost(req, rules);
    checkHeaderCount(req);
    checkCredentials(req);
    if (checkOrigin(req, host, path, rules) === 'cors') {
      allowOrigin(req, res);
      if (isPreflight(req)) {
        sendPreflightResponse(req, res);
        return;
      }
    }
    checkBody(req, path);
    next();
  };
}

/** Returns the Host in lower case; undefined for HTTP/1.0 without one. */
function checkHost(req: IncomingMessage, rules: HostOriginRules): string | undefined {
  checkSingle(req, 'host');
  const host = req.headers.host?.toLowerCase();
  // This check protects against browsers, which always send a Host.
  if (host === undefined && req.httpVersion === '1.0') return undefined;
  const name = hostNameOf(host ?? '');
  if (name === undefined) {
    const detail = `${JSON.stringify(host ?? '')} is not a valid Host`;
    throw new GatewayError('invalid-request', { detail });
  }
  if (rules.isServedHost(name)) return host;
  throw new GatewayError('misdirected-request', {
    detail: `this gateway does not serve the host ${JSON.stringify(name)}`,
    hint: 'add the name to --allowed-hosts (LATCHKEY_ALLOWED_HOSTS), or use the address',
  });
}

/** Returns the name or address in a Host, without its port; undefined for an invalid Host. */
function hostNameOf(host: string): string | undefined {
  const match =
    /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<name>[^\s:[\]@/\\?#%]+))(?::(?<port>\d{0,5}))?$/.exec(host);
  const { six, name, port } = match?.groups ?? {};
  if (Number(port ?? 0) > PORT_MAX || (six !== undefined && isIP(six) !== 6)) return undefined;
  // `localhost.` is the same name in absolute form.
  return six ?? name?.replace(/(?<=.)\.$/, '');
}

function createHostRule({ listen, advertiseUrls, allowedHosts }: HostOriginSettings) {
  const advertised = advertiseUrls.map((url) => new URL(url).hostname);
  const configured = [...allowedHosts, ...advertised, listen.host].map((name) =>
    name.toLowerCase(),
  );
  const isAnyServed = allowedHosts.includes('*');
  const names = new Set(['localhost', ...configured]);
  const suffixes = configured.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  // A DNS rebinding attack needs a name that the attacker controls, so addresses are safe. Probes and scrapes use addresses.
  return (name: string): boolean =>
    isAnyServed ||
    isIP(name) !== 0 ||
    names.has(name) ||
    suffixes.some((suffix) => name.endsWith(suffix));
}

/** `own`: the request is not from a page of another site. `cors`: its origin is one of `corsOrigins`. Throws `foreign-origin`. */
function checkOrigin(
  req: IncomingMessage,
  host: string | undefined,
  path: string,
  rules: HostOriginRules,
): 'own' | 'cors' {
  const header = req.headers.origin;
  if (header === undefined) {
    const site = req.headers['sec-fetch-site'];
    const isOwn = site === undefined || site === 'none' || site === 'same-origin';
    if (isOwn || isNavigation(req, path)) return 'own';
    throw foreignOrigin(`pages of other sites (Sec-Fetch-Site: ${site})`);
  }
  const origin = originOf(header);
  if (rules.corsOrigins.has(origin)) return 'cors';
  const scheme = 'encrypted' in req.socket ? 'https' : 'http';
  const isOwn = host !== undefined && origin === originOf(`${scheme}://${host}`);
  if (isOwn || rules.ownOrigins.has(origin)) return 'own';
  throw foreignOrigin(`pages of the origin ${JSON.stringify(header)}`);
}

function foreignOrigin(pages: string): GatewayError {
  return new GatewayError('foreign-origin', {
    detail: `${pages} may not use this gateway`,
    hint: 'add the origin to --cors-origins (LATCHKEY_CORS_ORIGINS) to allow its pages',
  });
}

function isNavigation(req: IncomingMessage, path: string): boolean {
  if (req.method !== 'GET' || req.headers['sec-fetch-mode'] !== 'navigate') return false;
  return NAVIGATION_PATHS.some(
    (known) => path === known || (known !== '/' && path.startsWith(`${known}/`)),
  );
}

/** Returns one spelling for equal origins (`http://a:80` and `http://a`). Other texts only change to lower case and equal no origin. */
function originOf(text: string): string {
  const lower = text.toLowerCase();
  return /^https?:\/\/[^\s/?#@\\]+$/.test(lower) && URL.canParse(lower)
    ? new URL(lower).origin
    : lower;
}
