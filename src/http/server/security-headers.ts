// Headers of every response: browsers do not guess the content type, run nothing, and show the response in no frame and to no other site.
// /docs, the only page for people, has a policy of its own (operations/docs.ts).
import type { Response } from 'express';

export function setSecurityHeaders(res: Response): void {
  res.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  res.setHeader('X-Content-Type-Options', 'nosniff');
}
