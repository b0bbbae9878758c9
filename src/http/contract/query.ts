// Parses a raw query string by the documented parameters of an operation. Express' own parser is not used, because it silently changes bad
// input: `%ff` becomes U+FFFD, a second value an array.
import { invalidRequest } from '../../core/errors.js';
import { nearestName } from '../../core/nearest-name.js';
import type { QueryParameter } from './openapi.js';

export type QueryValue = string | number | boolean;

/** 16 digits are enough for 2^53 - 1; more would be rounded. */
const INTEGER = /^-?[0-9]{1,16}$/;
const DECIMAL = /^-?[0-9]{1,16}(\.[0-9]{1,16})?$/;
const VALUE_SHOWN_CHARACTERS_MAX = 100;

/**
 * Returns the parameters of `raw` (without its `?`), decoded and with their documented types. Limits are not checked. A boolean without a
 * value, or with an empty one, is `true`. Throws `invalid-request` for unknown and repeated parameters, invalid percent-encoding, and text
 * that is not a number or boolean where one is documented.
 */
export function parseQuery(
  raw: string,
  parameters: ReadonlyMap<string, QueryParameter>,
): Map<string, QueryValue> {
  const values = new Map<string, QueryValue>();
  let start = 0;
  while (start < raw.length) {
    const ampersand = raw.indexOf('&', start);
    const end = ampersand === -1 ? raw.length : ampersand;
    if (end > start) readPair(raw.slice(start, end), parameters, values);
    start = end + 1;
  }
  return values;
}

function readPair(
  pair: string,
  parameters: ReadonlyMap<string, QueryParameter>,
  values: Map<string, QueryValue>,
): void {
  const equals = pair.indexOf('=');
  const rawName = equals === -1 ? pair : pair.slice(0, equals);
  const name = decodePercent(rawName.replaceAll('+', ' '), 'the name of a query parameter');
  const parameter = parameters.get(name);
  if (parameter === undefined) throw unknownParameter(name, parameters);
  if (values.has(name)) {
    throw invalidRequest(name, `the query parameter "${name}" is given more than once`);
  }
  const rawValue = equals === -1 ? '' : pair.slice(equals + 1).replaceAll('+', ' ');
  values.set(name, toValue(parameter, decodePercent(rawValue, name)));
}

function decodePercent(text: string, where: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidRequest(
      where,
      `${where}: ${shorten(text)} is not percent-encoded UTF-8`,
      'write % itself as %25; encode a key that is not UTF-8 as base64url and add keyEncoding=base64url',
    );
  }
}

function unknownParameter(name: string, parameters: ReadonlyMap<string, QueryParameter>): Error {
  const guess = nearestName(name, parameters.keys());
  return invalidRequest(
    name.slice(0, VALUE_SHOWN_CHARACTERS_MAX),
    `unknown query parameter ${shorten(name)}`,
    guess === undefined ? listParameters(parameters) : `did you mean "${guess}"?`,
  );
}

function listParameters(parameters: ReadonlyMap<string, QueryParameter>): string {
  const names = [...parameters.keys()];
  return names.length === 0
    ? 'omit it; this operation has no query parameters'
    : `use only ${names.join(', ')}`;
}

function toValue(parameter: QueryParameter, text: string): QueryValue {
  const { name, type } = parameter;
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      if (text === '' || text === 'true') return true;
      if (text === 'false') return false;
      throw invalidRequest(name, `"${name}" must be true or false, not ${shorten(text)}`);
    case 'integer':
      // Number() alone also accepts "1e2", "0x10" and " 5".
      if (INTEGER.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
      throw invalidRequest(
        name,
        `"${name}" must be a whole number below 2^53, not ${shorten(text)}`,
      );
    case 'number':
      if (DECIMAL.test(text)) return Number(text);
      throw invalidRequest(name, `"${name}" must be a decimal number, not ${shorten(text)}`);
  }
}

function shorten(text: string): string {
  return JSON.stringify(
    text.length > VALUE_SHOWN_CHARACTERS_MAX
      ? `${text.slice(0, VALUE_SHOWN_CHARACTERS_MAX)}…`
      : text,
  );
}
