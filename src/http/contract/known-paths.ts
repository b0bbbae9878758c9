// What the OpenAPI documents have on a path: its methods, and the nearest path to one that does not exist. Pure.
import { nearestName } from '../../core/nearest-name.js';
import { operationsOf } from './openapi.js';
import type { OpenApiDocument, Operation } from './openapi.js';

export interface KnownPaths {
  /** As `Allow` lists them; empty for a path that no document has. `path` is as it was sent, with its escapes. */
  methodsOf(path: string): string[];
  /** The path that was probably meant; undefined if none is near. */
  nearestTo(path: string): string | undefined;
}

interface Template {
  /** Undefined takes any segment that is not empty. */
  readonly segments: readonly (string | undefined)[];
  /** Whether the last segment takes all that are left: keys have slashes. */
  readonly isOpen: boolean;
  readonly methods: ReadonlySet<string>;
}

const METHODS_IN_ORDER = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const;
const OPEN_PATHS: readonly string[] = ['/v1/kv/{key}', '/v2/keys/{path}'];
/** Longer paths are not compared. */
const SEGMENTS_COMPARED_MAX = 8;

export function createKnownPaths(documents: readonly OpenApiDocument[]): KnownPaths {
  const templates = toTemplates(documents.flatMap(operationsOf));
  return {
    methodsOf(path) {
      const segments = path.split('/');
      const matching = templates.filter((template) => isMatch(template, segments));
      return METHODS_IN_ORDER.filter((each) => matching.some(({ methods }) => methods.has(each)));
    },
    nearestTo(path) {
      const segments = path.split('/', SEGMENTS_COMPARED_MAX + 1);
      if (segments.length > SEGMENTS_COMPARED_MAX) return undefined;
      const corrected = templates.flatMap((template) => correct(template, segments) ?? []);
      corrected.sort((a, b) => a.changes - b.changes);
      return corrected[0]?.path;
    },
  };
}

function toTemplates(operations: readonly Operation[]): Template[] {
  const methodsByPath = new Map<string, Set<string>>();
  for (const { path, method, hasHead } of operations) {
    const methods = methodsByPath.get(path) ?? new Set();
    methods.add(method);
    // Express serves HEAD where it serves GET.
    if (method === 'GET' && hasHead) methods.add('HEAD');
    methodsByPath.set(path, methods);
  }
  return [...methodsByPath].map(([path, methods]) => ({
    segments: path.split('/').map((segment) => (segment.startsWith('{') ? undefined : segment)),
    isOpen: OPEN_PATHS.includes(path),
    methods,
  }));
}

function isMatch({ segments, isOpen }: Template, asked: readonly string[]): boolean {
  const hasLength = isOpen ? asked.length >= segments.length : asked.length === segments.length;
  return hasLength && segments.every((segment, at) => fits(segment, asked[at] ?? '', isOpen));
}

function fits(segment: string | undefined, asked: string, isOpen: boolean): boolean {
  if (segment === undefined) return isOpen || asked !== '';
  return segment === asked;
}

interface Correction {
  readonly path: string;
  readonly changes: number;
}

/** The asked path with the words of a template of the same length that are near to its own. */
function correct({ segments }: Template, asked: readonly string[]): Correction | undefined {
  if (asked.length !== segments.length) return undefined;
  let changes = 0;
  const path: string[] = [];
  for (const [at, word] of segments.entries()) {
    const own = asked[at] ?? '';
    const isSame = word === undefined ? own !== '' : word === own;
    if (!isSame && (word === undefined || nearestName(own, [word]) === undefined)) return undefined;
    if (!isSame) changes++;
    path.push(isSame ? own : (word ?? ''));
  }
  return changes === 0 ? undefined : { path: path.join('/'), changes };
}
