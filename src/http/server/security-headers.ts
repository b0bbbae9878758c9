// What every answer tells browsers: take it for what its type says, run nothing, show it in no frame, hand it to no other site.
// /docs, the only page that is made to be looked at, replaces the policy by its own (docs.ts).
import type { Response } from 'express';

export function setSecurityHeaders(res: Response): void {
  res.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  res.setHeader('X-Content-Type-Options', 'nosniff');
}
