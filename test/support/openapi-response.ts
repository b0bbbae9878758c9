// Validates an actual response against openapi/latchkey.yaml: its status, headers, content type and body must be documented.
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import {
  escapePointer,
  isNode,
  operationsOf,
  resolvePointer,
  valueAt,
} from '../../src/http/contract/openapi.js';
import type { DocumentedOperation } from '../../src/http/contract/openapi.js';
import { loadDocument } from '../../src/http/contract/validate.js';

export interface ActualResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Headers with a meaning for clients. Each must be documented where it is sent. */
const MEANINGFUL_HEADER = /^(etcd-.*|etag|retry-after|location|allow|x-request-id)$/;
const TEXT_SHOWN_CHARACTERS_MAX = 500;
const FORMATS = ['int32', 'int64', 'uri-reference', 'date-time'];

const document = loadDocument('latchkey');
const operations = new Map(operationsOf(document).map((each) => [each.operationId, each]));
const ajv = new Ajv2020({
  strict: true,
  allowUnionTypes: true,
  allErrors: true,
  formats: Object.fromEntries(FORMATS.map((format) => [format, true])),
});
ajv.addVocabulary([
  'openapi',
  'info',
  'servers',
  'security',
  'tags',
  'paths',
  'components',
  'x-pattern-in-words',
]);
ajv.addSchema(document, 'document');
/** By the pointer to the schema. */
const compiled = new Map<string, ValidateFunction>();

/** Fails the test with every deviation if `response` is not documented for the operation. */
export function expectDocumentedResponse(operationId: string, response: ActualResponse): void {
  const deviations = deviationsFrom(operationId, response);
  const answer = `${response.status} ${response.text.slice(0, TEXT_SHOWN_CHARACTERS_MAX)}`;
  expect(deviations, `${operationId}: ${deviations.join('; ')} in ${answer}`).toEqual([]);
}

/** Returns every deviation of the response from the operation, as a sentence. */
export function deviationsFrom(operationId: string, response: ActualResponse): string[] {
  const operation = operations.get(operationId);
  if (operation === undefined) throw new Error(`no operation "${operationId}" is documented`);
  return deviationsOf(operation, response);
}

/** The same for a problem of any operation. */
export function deviationsOfProblem({ status, text }: ActualResponse): string[] {
  const problem = JSON.parse(text) as { status?: unknown };
  const deviations = schemaDeviations('#/components/schemas/Problem', problem, 'the problem');
  return problem.status === status ? deviations : [...deviations, 'it names another status'];
}

/** Fails the test if the event, with its data and its ID, is not documented for the operation's event stream. */
export function expectDocumentedEvent(
  operationId: string,
  event: { readonly event: string; readonly id?: string; readonly data: unknown },
): void {
  expectStreamed(operationId, 'text/event-stream', event);
}

/** Fails the test if the line is not documented for the operation's stream of JSON lines. */
export function expectDocumentedLine(operationId: string, line: object): void {
  expectStreamed(operationId, 'application/x-ndjson', line);
}

function expectStreamed(operationId: string, type: string, item: object): void {
  const operation = operations.get(operationId);
  if (operation === undefined) throw new Error(`no operation "${operationId}" is documented`);
  const media = `${operation.pointer}/responses/200/content/${escapePointer(type)}`;
  const pointer = resolvePointer(document, `${media}/schema/contentSchema`);
  const deviations = schemaDeviations(pointer, [item], 'the event');
  expect(deviations, `${operationId}: ${JSON.stringify(item)}`).toEqual([]);
}

/** Returns every deviation of the response from its description, as a sentence. */
function deviationsOf(operation: DocumentedOperation, response: ActualResponse): string[] {
  const pointer = responsePointer(operation, response.status);
  if (pointer === undefined) return [`the status ${response.status} is not documented`];
  return [
    ...headerDeviations(pointer, response),
    ...(operation.method === 'HEAD' || response.status === 304
      ? emptyBodyDeviations(response)
      : bodyDeviations(pointer, response)),
  ];
}

function responsePointer(operation: DocumentedOperation, status: number): string | undefined {
  const responses = `${operation.pointer}/responses`;
  const documented = Object.keys(valueAt(document, responses) as object);
  const candidates = [String(status), `${String(status).charAt(0)}XX`, 'default'];
  const key = candidates.find((candidate) => documented.includes(candidate));
  return key === undefined ? undefined : resolvePointer(document, `${responses}/${key}`);
}

function headerDeviations(pointer: string, response: ActualResponse): string[] {
  const documented = new Map(
    membersOf(pointer, 'headers').map(([name, at]) => [name.toLowerCase(), at]),
  );
  const wrong = [...documented].flatMap(([name, at]) => {
    const value = response.headers[name];
    const isRequired = (valueAt(document, at) as { required?: boolean }).required === true;
    if (value === undefined) return isRequired ? [`the header ${name} is missing`] : [];
    return schemaDeviations(`${at}/schema`, value, `the header ${name}`);
  });
  const unknown = Object.keys(response.headers)
    .filter((name) => MEANINGFUL_HEADER.test(name) && !documented.has(name))
    .map((name) => `the header ${name} is not documented`);
  return [...wrong, ...unknown];
}

function bodyDeviations(pointer: string, response: ActualResponse): string[] {
  const contents = new Map(membersOf(pointer, 'content'));
  if (contents.size === 0) return emptyBodyDeviations(response);
  const type = String(response.headers['content-type']).split(';', 1)[0] ?? '';
  const at = contents.get(type);
  if (at === undefined) return [`the content type ${type} is not documented`];
  return /[/+]json$/.test(type)
    ? schemaDeviations(`${at}/schema`, JSON.parse(response.text) as unknown, 'the body')
    : [];
}

function emptyBodyDeviations(response: ActualResponse): string[] {
  return response.text === '' ? [] : ['no body is documented'];
}

function schemaDeviations(pointer: string, value: unknown, what: string): string[] {
  const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `document${encodeURI(pointer)}` });
  compiled.set(pointer, validate);
  if (validate(value)) return [];
  return [`${what}: ${ajv.errorsText(validate.errors, { dataVar: '' })}`];
}

/** Returns the members of an object inside the one at `pointer`, each with its final pointer. */
function membersOf(pointer: string, name: string): [string, string][] {
  const members = (valueAt(document, pointer) as Record<string, unknown>)[name];
  if (!isNode(members)) return [];
  return Object.keys(members).map((member) => [
    member,
    resolvePointer(document, `${pointer}/${name}/${escapePointer(member)}`),
  ]);
}
