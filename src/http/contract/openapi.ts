// Reads an OpenAPI document: its operations, their parameters and the JSON pointers of their schemas.
// Not here: requests. `validate.ts` compiles checks from the schemas.

/** A parsed OpenAPI 3.1 document. Only the fields that this file reads are typed. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

type QueryType = 'string' | 'integer' | 'number' | 'boolean';

export interface QueryParameter {
  readonly name: string;
  readonly type: QueryType;
  readonly isRequired: boolean;
  readonly default: string | number | boolean | undefined;
  /** The JSON pointer of its schema in the document. */
  readonly schemaPointer: string;
}

export interface DocumentedOperation {
  readonly operationId: string;
  /** Upper case. */
  readonly method: string;
  /** As written in the document: `/v1/kv/{key}`. */
  readonly path: string;
  readonly pointer: string;
  /** False for a GET whose response is an endless stream. */
  readonly hasHead: boolean;
  readonly queryParameters: readonly QueryParameter[];
  /** The names in the braces of `path`. */
  readonly pathParameters: readonly string[];
  /** The JSON pointer of the body's schema; `undefined` for operations without a JSON body. */
  readonly bodyPointer: string | undefined;
}

type Node = Readonly<Record<string, unknown>>;

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;
const QUERY_TYPES: readonly string[] = ['string', 'integer', 'number', 'boolean'];
const REF_DEPTH_MAX = 8;
const PATH_PARAMETER = /\{([^}]+)\}/g;

/** The schema of a body that is validated but not a `requestBody`: browsers send no body with GET and DELETE. */
const BODY_EXTENSION = 'x-latchkey-body';
const HEAD_EXTENSION = 'x-latchkey-head';

/** Returns every operation, in the order of the document. Throws for an invalid document, which is an error of the build. */
export function operationsOf(document: OpenApiDocument): DocumentedOperation[] {
  return Object.keys(document.paths).flatMap((path) => {
    const pointer = `#/paths/${escapePointer(path)}`;
    const pathItem = nodeAt(document, pointer);
    return METHODS.filter((method) => method in pathItem).map((method) =>
      readOperation(document, path, method, pointer),
    );
  });
}

/** Returns the value at a JSON pointer of the form `#/a/b`. Throws if there is none. */
export function valueAt(document: OpenApiDocument, pointer: string): unknown {
  let value: unknown = document;
  for (const segment of pointer.split('/').slice(1)) {
    const name = unescapePointer(segment);
    if (!isNode(value) || !Object.hasOwn(value, name)) {
      throw new Error(`the OpenAPI document has nothing at ${pointer}`);
    }
    value = value[name];
  }
  return value;
}

/** Follows `$ref` from the object at `pointer` and returns the last pointer. */
export function resolvePointer(document: OpenApiDocument, pointer: string): string {
  let resolved = pointer;
  for (let depth = 0; depth < REF_DEPTH_MAX; depth++) {
    const reference = nodeAt(document, resolved).$ref;
    if (typeof reference !== 'string') return resolved;
    resolved = reference;
  }
  throw new Error(`$ref at ${pointer} is circular`);
}

/** Returns the object at `pointer`, or the object that its `$ref` leads to. */
function resolvedAt(document: OpenApiDocument, pointer: string): Node {
  return nodeAt(document, resolvePointer(document, pointer));
}

export function escapePointer(segment: string): string {
  return segment.replaceAll('~', '~0').replaceAll('/', '~1');
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

function readOperation(
  document: OpenApiDocument,
  path: string,
  method: string,
  pathPointer: string,
): DocumentedOperation {
  const pointer = `${pathPointer}/${method}`;
  const operationId = nodeAt(document, pointer).operationId;
  if (typeof operationId !== 'string') throw new Error(`${pointer} has no operationId`);
  return {
    operationId,
    method: method.toUpperCase(),
    path,
    pointer,
    hasHead: nodeAt(document, pointer)[HEAD_EXTENSION] !== false,
    // Parameters of the operation override those of its path (OpenAPI 3.1, section 4.8.9.1).
    queryParameters: uniqueByName([
      ...readQueryParameters(document, pointer),
      ...readQueryParameters(document, pathPointer),
    ]),
    pathParameters: Array.from(path.matchAll(PATH_PARAMETER), ([, name]) => name ?? ''),
    bodyPointer: readBodyPointer(document, pointer),
  };
}

function readQueryParameters(document: OpenApiDocument, owner: string): QueryParameter[] {
  const list = nodeAt(document, owner).parameters;
  if (!Array.isArray(list)) return [];
  return list.flatMap((_, index) => {
    const pointer = resolvePointer(document, `${owner}/parameters/${index}`);
    const parameter = nodeAt(document, pointer);
    if (parameter.in !== 'query') return [];
    const schemaPointer = `${pointer}/schema`;
    const schema = resolvedAt(document, schemaPointer);
    return [
      {
        name: String(parameter.name),
        type: readQueryType(schema, pointer),
        isRequired: parameter.required === true,
        default: readDefault(schema, pointer),
        schemaPointer,
      },
    ];
  });
}

function readQueryType(schema: Node, pointer: string): QueryType {
  const type = schema.type;
  if (typeof type === 'string' && QUERY_TYPES.includes(type)) return type as QueryType;
  throw new Error(`the query parameter at ${pointer} has no simple type`);
}

function readDefault(schema: Node, pointer: string): string | number | boolean | undefined {
  const value = schema.default;
  if (value === undefined) return undefined;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  throw new Error(`the default at ${pointer} is not a string, number or boolean`);
}

function readBodyPointer(document: OpenApiDocument, pointer: string): string | undefined {
  const operation = nodeAt(document, pointer);
  if (BODY_EXTENSION in operation) return `${pointer}/${BODY_EXTENSION}`;
  if (!('requestBody' in operation)) return undefined;
  const body = resolvePointer(document, `${pointer}/requestBody`);
  const content = nodeAt(document, `${body}/content`);
  return 'application/json' in content
    ? `${body}/content/${escapePointer('application/json')}/schema`
    : undefined;
}

function uniqueByName(parameters: readonly QueryParameter[]): QueryParameter[] {
  const names = new Set<string>();
  return parameters.filter(({ name }) => !names.has(name) && names.add(name));
}

function nodeAt(document: OpenApiDocument, pointer: string): Node {
  const value = valueAt(document, pointer);
  if (!isNode(value)) throw new Error(`the OpenAPI document has no object at ${pointer}`);
  return value;
}

function unescapePointer(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}
