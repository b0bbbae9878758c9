// Redirects paths with empty names, `.` or `..` to the clean path, as Go's ServeMux does.
import type { NextFunction, Request, Response } from 'express';
import { recordErrorCode } from '../response/error-code.js';
import { sendPlainText } from './responses.js';
import { pathOf, queryOf } from '../request/target.js';
import { cleanPath, decodePath, encodePath } from './go-paths.js';

export function redirectUncleanPath(req: Request, res: Response, next: NextFunction): void {
  const path = decodePath(pathOf(req.url));
  if (path === undefined && req.url.startsWith('/v2/')) {
    // Go's server rejects such a request before it reaches a handler.
    res.setHeader('Connection', 'close');
    recordErrorCode(res, 'invalid-request');
    sendPlainText(res, 400, '400 Bad Request');
    return;
  }
  const clean = path === undefined ? '' : cleanPath(path);
  if (clean === path || !clean.startsWith('/v2/')) next();
  else redirect(req, res, clean);
}

function redirect(req: Request, res: Response, path: string): void {
  const query = queryOf(req.url);
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

/** Escapes like Go's http.Redirect. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ESCAPES[character] ?? '');
}
