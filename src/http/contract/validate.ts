// Compiles the checks of requests out of an OpenAPI document, so that what is documented and what is accepted cannot drift apart.
// Headers and path segments are the doors' own: what they mean depends on more than a schema can say.
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { AnySchemaObject, ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { invalidRequest } from '../../core/errors.js';
import { isNode, operationsOf } from './openapi.js';
import type { OpenApiDocument, Operation } from './openapi.js';
import { readDocumentText } from './openapi-files.js';
import type { DocumentName } from './openapi-files.js';
import { parseQuery } from './query.js';
import type { QueryValue } from './query.js';
import { PATTERN_IN_WORDS, toInvalidRequest } from './validation-errors.js';

export interface OperationValidator {
  /**
   * The query parameters of `rawQueryString` (without its `?`; empty for none), decoded, typed, checked, defaults filled in. Parameters
   * that are absent and have no default are absent in the answer, which must not be changed. Throws invalid-request.
   */
  query(rawQueryString: string): Readonly<Record<string, QueryValue>>;
  /** `parsed`, a parsed JSON body (`undefined` for none), once it fits its schema. Throws invalid-request with one entry in `errors` per mistake. */
  body(parsed: unknown): unknown;
}

export interface Validator {
  /** Throws when the document has no such operation: a mistake of the program, found at start. */
  operation(operationId: string): OperationValidator;
  operationIds(): string[];
}

const DOCUMENT_ID = 'latchkey:/document';
/** Formats that are names for the reader only; what they promise is checked by patterns and limits beside them. */
const FORMATS = ['int32', 'int64', 'double', 'uri-reference', 'date-time', 'byte', 'binary'];
const OPENAPI_WORDS = ['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'components'];
/** Bodies with more values than this are told their first mistake only, so that a hostile body cannot make a long list. */
const ALL_ERRORS_VALUES_MAX = 1_000;

/** One of our own documents, parsed. */
export function loadDocument(name: DocumentName): OpenApiDocument {
  return parse(readDocumentText(name)) as OpenApiDocument;
}

/** The checks of every operation of `document`, each compiled when it is first needed. */
export function createValidator(document: OpenApiDocument): Validator {
  const operations = new Map(operationsOf(document).map((each) => [each.operationId, each]));
  const compiler = createCompiler(document);
  const validators = new Map<string, OperationValidator>();
  return {
    operationIds: () => [...operations.keys()],
    operation(operationId) {
      const known = validators.get(operationId);
      if (known !== undefined) return known;
      const operation = operations.get(operationId);
      if (operation === undefined) throw new Error(`no operation "${operationId}" is documented`);
      const made = createOperationValidator(operation, compiler);
      validators.set(operationId, made);
      return made;
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
      // An inherited name such as "constructor" is never mistaken for a field of the body.
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

function createOperationValidator(operation: Operation, compiler: Compiler): OperationValidator {
  return {
    query: createQueryCheck(operation, compiler),
    body: createBodyCheck(operation, compiler),
  };
}

function createQueryCheck(operation: Operation, compiler: Compiler): OperationValidator['query'] {
  const parameters = new Map(operation.queryParameters.map((each) => [each.name, each]));
  const required = operation.queryParameters.filter((each) => each.isRequired);
  const defaults: Readonly<Record<string, QueryValue>> = Object.freeze(
    Object.fromEntries(
      operation.queryParameters.flatMap((each) =>
        each.default === undefined ? [] : [[each.name, each.default]],
      ),
    ),
  );
  const checks = lazy(() =>
    bothChecks(compiler, {
      type: 'object',
      required: required.map((each) => each.name),
      properties: Object.fromEntries(
        operation.queryParameters.map((each) => [each.name, documentRef(each.schemaPointer)]),
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

function createBodyCheck(operation: Operation, compiler: Compiler): OperationValidator['body'] {
  const { bodyPointer, operationId } = operation;
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
  // The list grows while it is walked.
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
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: create() }).value;
}
