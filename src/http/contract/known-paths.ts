// The paths of the OpenAPI documents: the methods of a path, and the documented path nearest to an unknown one. Pure.
import { nearestName } from '../../core/nearest-name.js';
import { operationsOf } from './openapi.js';
import type { OpenApiDocument, DocumentedOperation } from './openapi.js';

export interface KnownPaths {
  /** Returns the methods for `Allow`; empty for an unknown path. `path` is percent-encoded, as sent. */
  methodsOf(path: string): string[];
  /** Returns the path that was probably meant; `undefined` if none is near. */
  nearestTo(path: string): string | undefined;
}

interface Template {
  /** `undefined` matches any segment that is not empty. */
  readonly segments: readonly (string | undefined)[];
  /** Whether the last segment matches all remaining ones: keys have slashes. */
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

function toTemplates(operations: readonly DocumentedOperation[]): Template[] {
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

function isMatch({ segments, isOpen }: Template, requested: readonly string[]): boolean {
  const hasLength = isOpen
    ? requested.length >= segments.length
    : requested.length === segments.length;
  return (
    hasLength && segments.every((segment, at) => isSegment(segment, requested[at] ?? '', isOpen))
  );
}

function isSegment(segment: string | undefined, requested: string, isOpen: boolean): boolean {
  if (segment === undefined) return isOpen || requested !== '';
  return segment === requested;
}

interface Correction {
  readonly path: string;
  readonly changes: number;
}

/** Replaces segments of `requested` that are near to those of a template with the same length. */
function correct({ segments }: Template, requested: readonly string[]): Correction | undefined {
  if (requested.length !== segments.length) return undefined;
  let changes = 0;
  const path: string[] = [];
  for (const [at, word] of segments.entries()) {
    const sent = requested[at] ?? '';
    const isSame = word === undefined ? sent !== '' : word === sent;
    if (!isSame && (word === undefined || nearestName(sent, [word]) === undefined))
      return undefined;
    if (!isSame) changes++;
    path.push(isSame ? sent : (word ?? ''));
  }
  return changes === 0 ? undefined : { path: path.join('/'), changes };
}
