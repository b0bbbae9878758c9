// Handlers around all routes: OPTIONS of known paths; at the end 405 for a method that a known path does not have, and 404 with the nearest
// path. The known paths are those of the OpenAPI documents.
import type { RequestHandler } from 'express';
import { GatewayError } from '../../core/errors.js';
import { contextOf } from '../request/context.js';
import type { KnownPaths } from './known-paths.js';

const APIS_HINT =
  'use /v1, / (the simple lock), /v2 or /v3, which /docs describes; pass a key that begins with a slash as /v1/kv?key=';
const NAME_PATH = /^\/v1\/(?:locks|elections)\/./;
const PATH_SHOWN_CHARACTERS_MAX = 200;

/** Responds to OPTIONS for a known path with 204 and `Allow`. Mount it before the routes: Express would send a body of its own. */
export function handleOptions(paths: KnownPaths): RequestHandler {
  return (req, res, next) => {
    const methods =
      req.method === 'OPTIONS' ? paths.methodsOf(contextOf(req).requestClass.path) : [];
    if (methods.length === 0) {
      next();
      return;
    }
    res.statusCode = 204;
    res.setHeader('Allow', [...methods, 'OPTIONS'].join(', '));
    res.end();
  };
}

/** Throws `method-not-allowed` with `Allow`, or `not-found`. Mount it after all routes. */
export function rejectUnmatched(paths: KnownPaths): RequestHandler {
  return (req) => {
    const { path } = contextOf(req).requestClass;
    const methods = paths.methodsOf(path);
    // A path of a document whose parameter names nothing, such as /openapi/unknown.yaml, is a missing resource.
    if (methods.length === 0 || methods.includes(req.method)) throw notFound(paths, path);
    const allow = methods.join(', ');
    throw new GatewayError('method-not-allowed', {
      detail: `${truncate(path)} does not accept ${req.method}`,
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
  const suggestion = nearest === undefined ? '' : `did you mean ${truncate(nearest)}? `;
  return new GatewayError('not-found', {
    detail: `there is no operation at ${truncate(path)}`,
    hint: `${suggestion}${APIS_HINT}`,
  });
}

function truncate(path: string): string {
  return path.length > PATH_SHOWN_CHARACTERS_MAX
    ? `${path.slice(0, PATH_SHOWN_CHARACTERS_MAX)}…`
    : path;
}
