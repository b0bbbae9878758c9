// The end of all routes: 405 for methods that a known path does not have, 404 with the nearest path for the others, and OPTIONS. The
// known paths come from the OpenAPI documents, so that no route repeats them.
import type { RequestHandler } from 'express';
import { GatewayError } from '../../core/errors.js';
import type { KnownPaths } from './known-paths.js';
import { rawPathOf } from '../raw/paths.js';

const APIS_HINT =
  'the APIs are /v1, / (the simple lock), /v2 and /v3, the documentation is at /docs; a key that begins with a slash goes to /v1/kv?key=';
const NAME_PATH = /^\/v1\/(?:locks|elections)\/./;
const PATH_SHOWN_CHARACTERS_MAX = 200;

/** Answers OPTIONS for a known path with 204 and `Allow`. Mount it before the routes: Express would answer with a body of its own. */
export function answerOptions(paths: KnownPaths): RequestHandler {
  return (req, res, next) => {
    const methods = req.method === 'OPTIONS' ? paths.methodsOf(rawPathOf(req.url)) : [];
    if (methods.length === 0) {
      next();
      return;
    }
    res.statusCode = 204;
    res.setHeader('Allow', [...methods, 'OPTIONS'].join(', '));
    res.end();
  };
}

/** Throws `method-not-allowed` with `Allow`, or `not-found`. */
export function refuseUnserved(paths: KnownPaths): RequestHandler {
  return (req) => {
    const path = rawPathOf(req.url);
    const methods = paths.methodsOf(path);
    // A path of a document whose parameter names nothing, such as /openapi/unknown.yaml, is a missing resource.
    if (methods.length === 0 || methods.includes(req.method)) throw notFound(paths, path);
    const allow = methods.join(', ');
    throw new GatewayError('method-not-allowed', {
      detail: `${shorten(path)} takes ${allow}, not ${req.method}`,
      hint: `use ${allow}`,
      headers: { Allow: allow },
    });
  };
}

function notFound(paths: KnownPaths, path: string): GatewayError {
  if (NAME_PATH.test(path)) {
    return new GatewayError('not-found', {
      detail: 'a name is one path segment',
      hint: 'write a slash in a name as %2F',
    });
  }
  const nearest = paths.nearestTo(path);
  const question = nearest === undefined ? '' : `did you mean ${shorten(nearest)}? `;
  return new GatewayError('not-found', {
    detail: `there is nothing at ${shorten(path)}`,
    hint: `${question}${APIS_HINT}`,
  });
}

function shorten(path: string): string {
  return path.length > PATH_SHOWN_CHARACTERS_MAX
    ? `${path.slice(0, PATH_SHOWN_CHARACTERS_MAX)}…`
    : path;
}
