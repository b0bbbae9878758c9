// Converts ajv's errors to sentences with the field and the rule. Pure.
import type { ErrorObject } from 'ajv/dist/2020.js';
import { decimalLeaseHint } from '../../domain/leases/lease-id.js';
import { GatewayError } from '../../core/errors.js';
import { nearestName } from '../../core/nearest-name.js';
import { escapePointer, isNode } from './openapi.js';

export interface FieldError {
  /** A JSON pointer into the body, or the name of a query parameter. */
  readonly pointer: string;
  readonly detail: string;
}

/** The keyword for a pattern in words, which follow "must". */
export const PATTERN_IN_WORDS = 'x-pattern-in-words';

interface Mistake extends FieldError {
  readonly hint?: string;
}

const ERRORS_MAX = 20;
const NAME_SHOWN_CHARACTERS_MAX = 100;

/** Returns one `invalid-request` for all errors of ajv (run with `verbose`). `toPointer` converts their pointers, for bodies or queries. */
export function toInvalidRequest(
  errors: readonly ErrorObject[],
  toPointer: (jsonPointer: string) => string,
): GatewayError {
  const mistakes = uniqueMistakes(errors);
  const hint = mistakes.find((mistake) => mistake.hint !== undefined)?.hint;
  return new GatewayError('invalid-request', {
    detail: mistakes.map((mistake) => mistake.detail).join('; '),
    ...(hint === undefined ? {} : { hint }),
    fields: {
      errors: mistakes.map(({ pointer, detail }) => ({ pointer: toPointer(pointer), detail })),
    },
  });
}

/** Returns at most `ERRORS_MAX` mistakes, because describing them takes time. */
function uniqueMistakes(errors: readonly ErrorObject[]): Mistake[] {
  const byText = new Map<string, Mistake>();
  for (const error of errors) {
    if (byText.size >= ERRORS_MAX) break;
    const mistake = toMistake(error);
    byText.set(`${mistake.pointer} ${mistake.detail}`, mistake);
  }
  return [...byText.values()];
}

function toMistake(error: ErrorObject): Mistake {
  const field = nameOf(error.instancePath);
  const parameters = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'required':
      return missingField(error.instancePath, String(parameters.missingProperty));
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownField(error);
    default: {
      const hint = hintOf(error, parameters);
      const detail = `${field} ${describeRule(error, parameters)}`;
      return { pointer: error.instancePath, detail, ...(hint !== undefined && { hint }) };
    }
  }
}

const LEASE_PATTERN = '^[0-9a-fA-F]{1,16}$';

function hintOf(
  { keyword, data }: ErrorObject,
  { pattern }: Readonly<Record<string, unknown>>,
): string | undefined {
  const isLease = keyword === 'pattern' && pattern === LEASE_PATTERN && typeof data === 'string';
  return isLease ? decimalLeaseHint(data) : undefined;
}

function missingField(parent: string, name: string): Mistake {
  return { pointer: `${parent}/${escapePointer(name)}`, detail: `"${name}" is missing` };
}

function unknownField(error: ErrorObject): Mistake {
  const parameters = error.params as Readonly<Record<string, unknown>>;
  const name = String(parameters.additionalProperty ?? parameters.unevaluatedProperty);
  const shown = name.slice(0, NAME_SHOWN_CHARACTERS_MAX);
  const schema: unknown = error.parentSchema;
  const properties = isNode(schema) ? schema.properties : undefined;
  const known = isNode(properties) ? Object.keys(properties) : [];
  const guess = nearestName(name, known);
  return {
    pointer: `${error.instancePath}/${escapePointer(shown)}`,
    detail: `unknown field ${JSON.stringify(shown)}`,
    hint:
      guess === undefined
        ? `use only ${known.join(', ')}`
        : `did you mean ${JSON.stringify(guess)}?`,
  };
}

function describeRule(error: ErrorObject, parameters: Readonly<Record<string, unknown>>): string {
  const limit = Number(parameters.limit);
  switch (error.keyword) {
    case 'type':
      return `must be ${typesOf(parameters.type)}, not ${kindOf(error.data)}`;
    case 'enum':
      return `must be ${alternatives(parameters.allowedValues)}`;
    case 'const':
      return `must be ${JSON.stringify(parameters.allowedValue)}`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'exclusiveMinimum':
      return `must be more than ${limit}`;
    case 'exclusiveMaximum':
      return `must be less than ${limit}`;
    case 'minLength':
      return limit === 1 ? 'must not be empty' : `must have at least ${limit} characters`;
    case 'maxLength':
      return `must have at most ${limit} characters`;
    case 'minItems':
      return limit === 1 ? 'must not be empty' : `must have at least ${limit} items`;
    case 'maxItems':
      return `must have at most ${limit} items`;
    case 'minProperties':
      return `must have ${limit === 1 ? 'a field' : `at least ${limit} fields`}`;
    case 'maxProperties':
      return `must have ${limit === 1 ? 'one field only' : `at most ${limit} fields`}`;
    case 'pattern':
      return `must ${inWords(error.parentSchema) ?? `match ${String(parameters.pattern)}`}`;
    default:
      return error.message ?? `breaks the rule "${error.keyword}"`;
  }
}

function inWords(schema: unknown): string | undefined {
  const words = isNode(schema) ? schema[PATTERN_IN_WORDS] : undefined;
  return typeof words === 'string' ? words : undefined;
}

function nameOf(instancePath: string): string {
  if (instancePath === '') return 'the body';
  const segments = instancePath.slice(1).split('/');
  const readable = segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  return JSON.stringify(readable.join('.').slice(0, NAME_SHOWN_CHARACTERS_MAX));
}

function typesOf(types: unknown): string {
  const names: Readonly<Record<string, string>> = {
    object: 'a JSON object',
    array: 'an array',
    string: 'a string',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    null: 'null',
  };
  const list = Array.isArray(types) ? types.map(String) : [String(types)];
  return list.map((type) => names[type] ?? type).join(' or ');
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'object':
      return 'an object';
    case 'number':
      return Number.isFinite(value) ? `the number ${value}` : 'a number that is too large';
    case 'boolean':
      return String(value);
    case 'string':
      return 'a string';
    default:
      return 'nothing';
  }
}

function alternatives(values: unknown): string {
  const list = (Array.isArray(values) ? values : [values]).map((value) => JSON.stringify(value));
  return list.length === 1 ? String(list[0]) : `one of ${list.join(', ')}`;
}
