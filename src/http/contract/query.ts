// Splits and decodes a raw query string by the parameters that an operation documents. Express' own parser turns bad input into other
// input without a word (`%ff` becomes U+FFFD, a second value an array), so it is not used.
import { invalidRequest } from '../../core/errors.js';
import { nearestName } from '../../core/nearest-name.js';
import type { QueryParameter } from './openapi.js';

export type QueryValue = string | number | boolean;

/** Enough digits for 2^53 - 1 with its sign; more would be rounded. */
const INTEGER = /^-?[0-9]{1,16}$/;
const DECIMAL = /^-?[0-9]{1,16}(\.[0-9]{1,16})?$/;
const VALUE_SHOWN_CHARACTERS_MAX = 100;

/**
 * The parameters of `raw` (without its `?`), decoded and of their documented types; nothing is checked against limits yet.
 * Throws invalid-request for unknown and repeated parameters, bad percent-encoding, and text where a number or a flag is due.
 * A flag without a value, or with an empty one, is `true`.
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
      'write % itself as %25; for keys that are not UTF-8 add keyEncoding=base64url and encode the key that way',
    );
  }
}

function unknownParameter(name: string, parameters: ReadonlyMap<string, QueryParameter>): Error {
  const guess = nearestName(name, parameters.keys());
  return invalidRequest(
    name.slice(0, VALUE_SHOWN_CHARACTERS_MAX),
    `unknown query parameter ${shorten(name)}`,
    guess === undefined ? knownParameters(parameters) : `did you mean "${guess}"?`,
  );
}

function knownParameters(parameters: ReadonlyMap<string, QueryParameter>): string {
  const names = [...parameters.keys()];
  return names.length === 0
    ? 'there are no query parameters here'
    : `the query parameters here are ${names.join(', ')}`;
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
      // Number() alone takes "1e2", "0x10" and " 5", too.
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
