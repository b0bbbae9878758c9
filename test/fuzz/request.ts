// Requests to the operations of an OpenAPI document: valid ones, and what careless and hostile callers make of them.
import fc from 'fast-check';
import { isNode, operationsOf, resolvePointer, valueAt } from '../../src/http/contract/openapi.js';
import type { OpenApiDocument, DocumentedOperation } from '../../src/http/contract/openapi.js';
import { someOf } from './schema-values.js';
import type { SchemaValues } from './schema-values.js';
import type { Values } from './pools.js';

export interface FuzzRequest {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** The request may not reach its operation any more: its answer is held against no operation's description. */
  readonly isAstray: boolean;
}

type Change = (request: FuzzRequest) => FuzzRequest;

/** Of every operation but the excluded ones, each as often as the others. */
export function requestsTo(
  document: OpenApiDocument,
  values: SchemaValues,
  excluded: readonly string[],
): fc.Arbitrary<FuzzRequest> {
  const operations = operationsOf(document).filter(
    ({ operationId }) => !excluded.includes(operationId),
  );
  return fc.oneof(...operations.map((operation) => requestTo(document, values, operation)));
}

function requestTo(
  document: OpenApiDocument,
  values: SchemaValues,
  operation: DocumentedOperation,
): fc.Arbitrary<FuzzRequest> {
  const { operationId, method, path, pointer } = operation;
  const parts = fc.record({
    inPath: record(parametersOf(document, pointer, 'path'), values),
    query: record(parametersOf(document, pointer, 'query'), values),
    headers: record(parametersOf(document, pointer, 'header'), values),
    accept: fc.constantFrom(...ACCEPTED),
    body: bodyOf(document, values, operation),
  });
  const valid = parts.map(({ inPath, query, headers, accept, body }) => ({
    operationId,
    method,
    path: fill(path, inPath) + queryText(query),
    headers: {
      ...Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, headerText(value)]),
      ),
      ...(accept !== '' && { accept }),
      ...body.headers,
    },
    body: body.text,
    isAstray: false,
  }));
  return fc.oneof(
    { weight: 3, arbitrary: valid },
    { weight: 2, arbitrary: fc.tuple(valid, changes).map(([request, change]) => change(request)) },
  );
}

const ACCEPTED = [
  '',
  '*/*',
  'application/json',
  'application/x-ndjson',
  'text/event-stream',
  'application/octet-stream',
  'text/html',
  'x',
];

interface Parameter {
  readonly name: string;
  readonly isRequired: boolean;
  readonly schemaPointer: string;
}

function parametersOf(document: OpenApiDocument, pointer: string, where: string): Parameter[] {
  const { parameters = [] } = valueAt(document, pointer) as { parameters?: unknown[] };
  return parameters.flatMap((_, index) => {
    const at = resolvePointer(document, `${pointer}/parameters/${index}`);
    const parameter = valueAt(document, at) as { name: string; in: string; required?: boolean };
    if (parameter.in !== where) return [];
    const { name, required = false } = parameter;
    return [{ name, isRequired: required, schemaPointer: `${at}/schema` }];
  });
}

function record(
  parameters: readonly Parameter[],
  values: SchemaValues,
): fc.Arbitrary<Record<string, unknown>> {
  return someOf(
    Object.fromEntries(
      parameters.map(({ name, schemaPointer }) => [name, values.at(schemaPointer, name)]),
    ),
    parameters.flatMap(({ name, isRequired }) => (isRequired ? [name] : [])),
  );
}

interface Body {
  readonly text: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const TYPES = ['application/json', 'application/json', 'application/x-www-form-urlencoded', ''];

function bodyOf(
  document: OpenApiDocument,
  values: SchemaValues,
  { pointer, bodyPointer }: DocumentedOperation,
): fc.Arbitrary<Body> {
  if (bodyPointer === undefined) return fc.constant({ text: undefined, headers: {} });
  const json = values.at(bodyPointer);
  if (takesLines(document, pointer))
    return fc.array(json, { maxLength: 5 }).map((lines) => ({
      text: lines.map((line) => JSON.stringify(line)).join('\n'),
      headers: { 'content-type': 'application/x-ndjson' },
    }));
  return fc.tuple(json, fc.constantFrom(...TYPES)).map(([body, type]) => ({
    text: JSON.stringify(body),
    headers: type === '' ? {} : { 'content-type': type },
  }));
}

function takesLines(document: OpenApiDocument, pointer: string): boolean {
  const { requestBody } = valueAt(document, pointer) as { requestBody?: { content?: unknown } };
  return isNode(requestBody?.content) && 'application/x-ndjson' in requestBody.content;
}

function fill(path: string, values: Readonly<Record<string, unknown>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(values[name]));
}

function queryText(query: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encoded(value)}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function encoded(value: unknown): string {
  return encodeURIComponent(Buffer.from(String(value)).toString());
}

/** What may stand in a header at all. */
function headerText(value: unknown): string {
  return String(value).replace(/[^\x20-\x7e]/g, '?');
}

const HOSTILE_VALUES: Values = fc.oneof(
  fc.constantFrom(null, true, -1, 0, 1.5, 2 ** 63, 1e308, '', '\0', [], {}, 'x'.repeat(1_000)),
  fc.jsonValue({ maxDepth: 3 }),
);

const changes: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(HOSTILE_VALUES, fc.nat())
    .map(([value, place]) => inBody((body) => replaced(body, value, place))),
  fc.nat().map((place) => inBody((body) => without(body, place))),
  HOSTILE_VALUES.map((value) =>
    inBody((body) => (isNode(body) ? { ...body, unknown: value } : value)),
  ),
  fc.nat().map((length) => ({ body, ...request }: FuzzRequest) => ({
    ...request,
    body: body?.slice(0, length % (body.length + 1)),
  })),
  fc
    .constantFrom(
      '',
      '{',
      '[]',
      'null',
      '"',
      '{"a":1,"a":2}',
      '['.repeat(20_000),
      '{"__proto__":{}}',
      '\ufeff{}',
      '{"value":"\\ud800"}',
      '1e999',
    )
    .map((body) => (request: FuzzRequest) => ({ ...request, body })),
  fc
    .constantFrom(
      'text/html',
      'application/json; charset=utf-16',
      'multipart/form-data',
      'x',
      'application/octet-stream',
    )
    .map((type) => withHeaders({ 'content-type': type })),
  fc
    .constantFrom(
      'unknown=1',
      'limit=1&limit=2',
      'limit=',
      'wait=-1',
      'raw=maybe',
      'ttl=5',
      '=',
      'key=%ff',
      'keyEncoding=base64url',
      'revision=99999999999999999999',
      '__proto__=1',
    )
    .map((pair) => withQuery(pair)),
  fc
    .constantFrom<Record<string, string>>(
      { host: 'evil.example' },
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { 'content-encoding': 'gzip' },
      { 'sec-fetch-site': 'cross-site' },
      { expect: 'x' },
      { authorization: 'Basic !' },
      { 'transfer-encoding': 'gzip' },
    )
    .map((headers) => astray(withHeaders(headers))),
  fc
    .constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS', 'TRACE')
    .map((method) => astray((request) => ({ ...request, method }))),
  fc
    .constantFrom('/', '//', '/%', '/%ff', '/..', '/%2e%2e', '/%00', ';x', '/extra', '%2F')
    .map((tail) => astray((request) => ({ ...request, path: tailed(request.path, tail) }))),
);

function inBody(change: (body: unknown) => unknown): Change {
  return (request) => {
    if (request.body === undefined) return request;
    const [first = ''] = request.body.split('\n');
    const changed = change(first === '' ? {} : JSON.parse(first));
    return { ...request, body: JSON.stringify(changed) };
  };
}

function withHeaders(headers: Readonly<Record<string, string>>): Change {
  return (request) => ({ ...request, headers: { ...request.headers, ...headers } });
}

function withQuery(pair: string): Change {
  return (request) => ({
    ...request,
    path: `${request.path}${request.path.includes('?') ? '&' : '?'}${pair}`,
  });
}

function astray(change: Change): Change {
  return (request) => ({ ...change(request), isAstray: true });
}

function tailed(path: string, tail: string): string {
  const [place = '', query] = path.split('?');
  return `${place}${tail}${query === undefined ? '' : `?${query}`}`;
}

/** The value at the n-th place of all, counted around, is another one. */
function replaced(root: unknown, value: unknown, place: number): unknown {
  const places = placesOf(root);
  const at = places[place % Math.max(1, places.length)];
  if (at === undefined) return value;
  const copy: unknown = structuredClone(root);
  parentOf(copy, at)[at.at(-1)!] = value;
  return copy;
}

function without(root: unknown, place: number): unknown {
  const places = placesOf(root);
  const at = places[place % Math.max(1, places.length)];
  if (at === undefined) return {};
  const copy: unknown = structuredClone(root);
  Reflect.deleteProperty(parentOf(copy, at), at.at(-1)!);
  return copy;
}

function placesOf(value: unknown): string[][] {
  if (!isNode(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    [name],
    ...placesOf(inner).map((rest) => [name, ...rest]),
  ]);
}

function parentOf(root: unknown, place: readonly string[]): Record<string, unknown> {
  let parent = root as Record<string, any>;
  for (const name of place.slice(0, -1)) parent = parent[name];
  return parent;
}
