// 405 with its `Allow` for the methods that a resource does not know. Mounted behind the routes that do.
import type { Router } from 'express';
import { GatewayError } from '../../errors.js';

/** `allowed`: path -> its methods as `Allow` lists them. */
export function refuseOtherMethods(
  router: Router,
  allowed: Readonly<Record<string, string>>,
): void {
  for (const [path, methods] of Object.entries(allowed)) {
    router.all(path, (req) => {
      throw new GatewayError('method-not-allowed', {
        detail: `${req.path} knows ${methods}`,
        headers: { Allow: methods },
      });
    });
  }
}
