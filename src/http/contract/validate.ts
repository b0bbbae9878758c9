// Compiles checks of requests from an OpenAPI document, so that documented and accepted requests cannot differ.
// Not here: checks of headers and path parameters, whose rules a schema cannot express.
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { AnySchemaObject, ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { invalidRequest } from '../../core/errors.js';
import { isNode, operationsOf } from './openapi.js';
import type { OpenApiDocument, DocumentedOperation } from './openapi.js';
import { readDocumentText } from './openapi-files.js';
import type { DocumentName } from './openapi-files.js';
import type {
  OperationBody,
  OperationId,
  OperationParams,
  OperationQuery,
} from './operation-types.js';
import { parseQuery } from './query.js';
import type { QueryValue } from './query.js';
import { PATTERN_IN_WORDS, toInvalidRequest } from './validation-errors.js';

/** The checks of one operation in openapi/latchkey.yaml. */
export interface OperationValidator<Id extends OperationId> {
  /**
   * Returns the query parameters of `rawQueryString` (without its `?`): decoded, typed, checked, with defaults. Absent parameters without
   * a default are absent in the result, which must not be changed. Throws `invalid-request`.
   */
  query(rawQueryString: string): OperationQuery<Id>;
  /** Returns the names of the query parameters that differ from their defaults, in the order of the document. */
  given(query: OperationQuery<Id>): readonly (keyof OperationQuery<Id> & string)[];
  /** Returns whether the operation has a query parameter with this name. */
  hasQueryParameter(name: string): boolean;
  /** Returns the path parameters of a route, with the segments of a wildcard joined by slashes. Throws if the route lacks one. */
  params(routeParams: RouteParams): OperationParams<Id>;
  /** Returns `parsed`, a parsed JSON body (`undefined` for none), if it fits its schema. Throws `invalid-request` with one entry in `errors` per mistake. */
  body(parsed: unknown): OperationBody<Id>;
}

/** The checks of openapi/latchkey.yaml. */
export interface Validator {
  operation<Id extends OperationId>(operationId: Id): OperationValidator<Id>;
}

/** The checks of one operation in any document. */
export interface DocumentOperationValidator {
  query(rawQueryString: string): Readonly<Record<string, QueryValue>>;
  given(query: Readonly<Record<string, QueryValue>>): readonly string[];
  hasQueryParameter(name: string): boolean;
  params(routeParams: RouteParams): Readonly<Record<string, string>>;
  body(parsed: unknown): unknown;
}

/** The checks of any document. */
export interface DocumentValidator {
  /** Throws if the document has no such operation: a programming error, found at the start. */
  operation(operationId: string): DocumentOperationValidator;
  operationIds(): string[];
}

/** Path parameters as Express parses them: decoded, a wildcard as its segments. */
type RouteParams = Readonly<Record<string, string | string[] | undefined>>;

const DOCUMENT_ID = 'latchkey:/document';
/** Formats that only inform the reader: patterns and limits next to them are what is checked. */
const FORMATS = ['int32', 'int64', 'double', 'uri-reference', 'date-time', 'byte', 'binary'];
const OPENAPI_WORDS = ['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'components'];
/** For bodies with more values only the first mistake is reported, so that a hostile body cannot cause a long list. */
const ALL_ERRORS_VALUES_MAX = 1_000;

/** Reads and parses one of the gateway's own documents. */
export function loadDocument(name: DocumentName): OpenApiDocument {
  return parse(readDocumentText(name)) as OpenApiDocument;
}

/** Creates the typed checks of openapi/latchkey.yaml. */
export function createValidator(latchkey: OpenApiDocument): Validator {
  // The compiler cannot know that these checks guarantee the types. `npm run check:generated` does: it generates the types of the operations
  // from the document that the checks are compiled from.
  return createDocumentValidator(latchkey) as Validator;
}

/** Creates the checks of every operation of `document`. Each is compiled when it is first needed. */
export function createDocumentValidator(document: OpenApiDocument): DocumentValidator {
  const operations = new Map(operationsOf(document).map((each) => [each.operationId, each]));
  const compiler = createCompiler(document);
  const validators = new Map<string, DocumentOperationValidator>();
  return {
    operationIds: () => [...operations.keys()],
    operation(operationId) {
      const existing = validators.get(operationId);
      if (existing !== undefined) return existing;
      const operation = operations.get(operationId);
      if (operation === undefined) throw new Error(`no operation "${operationId}" is documented`);
      const created = createOperationValidator(operation, compiler);
      validators.set(operationId, created);
      return created;
    },
  };
}

interface Compiler {
  /** Stops at the first mistake. */
  first(schema: AnySchemaObject): ValidateFunction;
  /** Collects every mistake. */
  all(schema: AnySchemaObject): ValidateFunction;
}

function createCompiler(document: OpenApiDocument): Compiler {
  const create = (allErrors: boolean): Ajv2020 => {
    const ajv = new Ajv2020({
      strict: true,
      allowUnionTypes: true,
      allErrors,
      verbose: true,
      // Inherited names such as "constructor" are not fields of the body.
      ownProperties: true,
      formats: Object.fromEntries(FORMATS.map((format) => [format, true])),
    });
    ajv.addVocabulary([...OPENAPI_WORDS, PATTERN_IN_WORDS]);
    ajv.addSchema(document, DOCUMENT_ID);
    return ajv;
  };
  const first = lazy(() => create(false));
  const all = lazy(() => create(true));
  return {
    first: (schema) => first().compile(schema),
    all: (schema) => all().compile(schema),
  };
}

function createOperationValidator(
  operation: DocumentedOperation,
  compiler: Compiler,
): DocumentOperationValidator {
  const { queryParameters } = operation;
  const defaults = new Map(queryParameters.map((each) => [each.name, each.default]));
  return {
    query: createQueryCheck(operation, compiler),
    given: (query) => [...defaults.keys()].filter((name) => query[name] !== defaults.get(name)),
    hasQueryParameter: (name) => defaults.has(name),
    params: (routeParams) => pickParams(operation, routeParams),
    body: createBodyCheck(operation, compiler),
  };
}

function createQueryCheck(
  { queryParameters }: DocumentedOperation,
  compiler: Compiler,
): DocumentOperationValidator['query'] {
  const parameters = new Map(queryParameters.map((each) => [each.name, each]));
  const required = queryParameters.filter((each) => each.isRequired);
  const defaults: Readonly<Record<string, QueryValue>> = Object.freeze(
    Object.fromEntries(
      queryParameters.flatMap((each) =>
        each.default === undefined ? [] : [[each.name, each.default]],
      ),
    ),
  );
  const checks = lazy(() =>
    bothChecks(compiler, {
      type: 'object',
      required: required.map((each) => each.name),
      properties: Object.fromEntries(
        queryParameters.map((each) => [each.name, documentRef(each.schemaPointer)]),
      ),
    }),
  );
  return (rawQueryString) => {
    if (rawQueryString === '' && required.length === 0) return defaults;
    const values = { ...defaults, ...Object.fromEntries(parseQuery(rawQueryString, parameters)) };
    runChecks(checks(), values, (pointer) => pointer.slice(1));
    return values;
  };
}

function pickParams(
  { operationId, pathParameters }: DocumentedOperation,
  routeParams: RouteParams,
): Record<string, string> {
  return Object.fromEntries(
    pathParameters.map((name) => {
      const value = routeParams[name];
      if (value === undefined) throw new Error(`the route of "${operationId}" has no :${name}`);
      return [name, typeof value === 'string' ? value : value.join('/')];
    }),
  );
}

function createBodyCheck(
  { bodyPointer, operationId }: DocumentedOperation,
  compiler: Compiler,
): DocumentOperationValidator['body'] {
  if (bodyPointer === undefined) {
    return () => {
      throw new Error(`the operation "${operationId}" documents no JSON body`);
    };
  }
  const checks = lazy(() => bothChecks(compiler, documentRef(bodyPointer)));
  return (parsed) => {
    if (parsed === undefined) {
      throw invalidRequest('', 'the body is missing', 'send a JSON object');
    }
    runChecks(checks(), parsed, (pointer) => pointer);
    return parsed;
  };
}

interface Checks {
  readonly first: ValidateFunction;
  readonly all: () => ValidateFunction;
}

function bothChecks(compiler: Compiler, schema: AnySchemaObject): Checks {
  return { first: compiler.first(schema), all: lazy(() => compiler.all(schema)) };
}

function runChecks(checks: Checks, value: unknown, toPointer: (pointer: string) => string): void {
  if (checks.first(value)) return;
  const all = hasFewValues(value, ALL_ERRORS_VALUES_MAX) ? checks.all() : undefined;
  all?.(value);
  throw toInvalidRequest(all?.errors ?? checks.first.errors ?? [], toPointer);
}

function hasFewValues(root: unknown, valuesMax: number): boolean {
  const values = [root];
  // The list grows during the loop.
  for (const value of values) {
    if (!isNode(value)) continue;
    for (const name in value) {
      if (values.length >= valuesMax) return false;
      values.push(value[name]);
    }
  }
  return true;
}

function documentRef(pointer: string): AnySchemaObject {
  // In a URI fragment the braces of "/v1/kv/{key}" are percent-encoded, RFC 6901 section 6.
  return { $ref: `${DOCUMENT_ID}${encodeURI(pointer)}` };
}

function lazy<T>(create: () => T): () => T {
  let created: { readonly value: T } | undefined;
  return () => (created ??= { value: create() }).value;
}
