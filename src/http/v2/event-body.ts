// Encodes events and errors of the v2 API as JSON, with the field order and escapes of etcd's own encoder.
import type { Expiration, V2Event, V2Node } from '../../domain/v2/tree/node.js';
import { displayPath } from '../../domain/v2/tree/path.js';
import { decodeUtf8 } from '../../domain/v2/tree/utf8.js';

/** Returns one line of JSON. */
export function encodeEvent({ action, node, prevNode }: V2Event): string {
  return encodeGoJson({ action, node: nodeBody(node), prevNode: prevNode && nodeBody(prevNode) });
}

/** Returns the response to `noValueOnSuccess`. */
export function encodeAction({ action }: V2Event): string {
  return encodeGoJson({ action });
}

// Go omits zero values: the indexes of the root, an expired ttl, an empty list of nodes.
function nodeBody(node: V2Node): Record<string, unknown> {
  const {
    path,
    isDirectory,
    value,
    expiration: lifetime,
    nodes = [],
    modifiedIndex,
    createdIndex,
  } = node;
  return {
    key: path === '' ? undefined : displayPath(path),
    value: value && decodeUtf8(value),
    dir: isDirectory ? true : undefined,
    expiration: lifetime && goTime(lifetime),
    ttl: omitZero(lifetime?.ttl),
    nodes: nodes.length > 0 ? nodes.map(nodeBody) : undefined,
    modifiedIndex: omitZero(modifiedIndex),
    createdIndex: omitZero(createdIndex),
  };
}

function omitZero(number: number | undefined): number | undefined {
  return number === 0 ? undefined : number;
}

/** Returns RFC 3339 without trailing zeros. */
function goTime({ expiresAt }: Expiration): string {
  return new Date(expiresAt).toISOString().replace(/\.?0*Z$/, 'Z');
}

const ESCAPED: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
  '\\b': '\\u0008',
  '\\f': '\\u000c',
  // INVALID_BYTE, see tree/utf8.ts.
  '\\ud800': '\\ufffd',
};

/** Encodes like Go: escapes characters with a meaning in HTML, and writes \b and \f in their long forms. */
export function encodeGoJson(value: unknown): string {
  const text = JSON.stringify(value).replace(
    /\\[\\"]|\\[bf]|\\ud800|[<>&\u2028\u2029]/g,
    (match) => ESCAPED[match] ?? match,
  );
  return `${text}\n`;
}
