// The name of a request's route in metrics: the template of the OpenAPI documents (`/v1/kv/{key}`), never the path, because each key has its own.
import type { Request } from 'express';

const NAME = Symbol('route name');

interface WithName {
  [NAME]?: string;
  /** Set by Express, whose type for it is `any`. */
  readonly route?: { readonly path?: unknown };
}

/** For requests without a route: rejected by a check, or not found. */
const UNMATCHED = 'unmatched';

/** Templates by the path of the Express route (`:name`, `*key`). Bounded by the number of routes. */
const templates = new Map<string, string>();

/** Sets the name for APIs that do not use Express routes. The number of different templates must be bounded. */
export function nameRoute(req: object, template: string): void {
  (req as WithName)[NAME] = template;
}

/** Call it at the end of the response, when routing has finished. */
export function routeNameOf(req: Request): string {
  const { [NAME]: name, route } = req as WithName;
  if (name !== undefined) return name;
  const path: unknown = Array.isArray(route?.path) ? route.path[0] : route?.path;
  return typeof path === 'string' ? templateOf(path) : UNMATCHED;
}

function templateOf(path: string): string {
  const known = templates.get(path);
  if (known !== undefined) return known;
  const template = path.replace(/[:*](\w+)/g, '{$1}');
  templates.set(path, template);
  return template;
}
