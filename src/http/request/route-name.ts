// What a request's route is called in numbers: the template of the documents (`/v1/kv/{key}`), never the path, of which there are
// as many as there are keys.
import type { Request } from 'express';

const NAME = Symbol('route name');

interface WithName {
  [NAME]?: string;
  /** Set by Express for as long as the request lives; its types say any. */
  readonly route?: { readonly path?: unknown };
}

/** Of requests that no route took: refused at a gate, or lost. */
const UNMATCHED = 'unmatched';

/** `:name` and `*key`, as Express writes them -> `{name}`. Routes are few. */
const templates = new Map<string, string>();

/** For doors that route by themselves. `template` is one of a bounded number. */
export function nameRoute(req: object, template: string): void {
  (req as WithName)[NAME] = template;
}

/** Call it when the answer is over: only then all routing is done. */
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
