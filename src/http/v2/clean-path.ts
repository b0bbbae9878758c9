// Before every path of v2: as Go's mux does, paths that are not clean are sent to the one that is.
import type { NextFunction, Request, Response } from 'express';
import { noteErrorCode } from '../response/error-code.js';
import { sendText } from './responses.js';
import { cleanPath, decodePath, encodePath, rawPathOf, rawQueryOf } from './go-paths.js';

export function redirectUnclean(req: Request, res: Response, next: NextFunction): void {
  const path = decodePath(rawPathOf(req));
  if (path === undefined && req.url.startsWith('/v2/')) {
    // Go's server never shows such a request to anybody.
    res.setHeader('Connection', 'close');
    noteErrorCode(res, 'invalid-request');
    sendText(res, 400, '400 Bad Request');
    return;
  }
  const clean = path === undefined ? '' : cleanPath(path);
  if (clean === path || !clean.startsWith('/v2/')) next();
  else redirect(req, res, clean);
}

function redirect(req: Request, res: Response, path: string): void {
  const query = rawQueryOf(req);
  const location = encodePath(path) + (query === '' ? '' : `?${query}`);
  res.statusCode = 301;
  res.setHeader('Location', location);
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  if (isRead) res.setHeader('Content-Type', 'text/html; charset=utf-8');
  res.end(
    req.method === 'GET' ? `<a href="${escapeHtml(location)}">Moved Permanently</a>.\n\n` : '',
  );
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

/** As Go's http.Redirect escapes the target of its page. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ESCAPES[character] ?? '');
}
