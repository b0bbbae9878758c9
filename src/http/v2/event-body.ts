// Events and errors of v2 as JSON, in the order and spelling of etcd's own encoder.
import type { Lifetime, V2Event, V2Node } from '../../domain/v2/tree/node.js';
import { textOf } from '../../domain/v2/tree/path.js';
import { textOfBytes } from '../../domain/v2/tree/utf8.js';

/** One line, as v2 clients read them. */
export function eventText({ action, node, prevNode }: V2Event): string {
  return jsonLine({ action, node: nodeBody(node), prevNode: prevNode && nodeBody(prevNode) });
}

/** For `noValueOnSuccess`. */
export function actionText({ action }: V2Event): string {
  return jsonLine({ action });
}

// Go leaves out what is zero: indexes of the root, a ttl that is over, a directory without nodes.
function nodeBody(node: V2Node): Record<string, unknown> {
  const { path, isDirectory, value, lifetime, nodes = [], modifiedIndex, createdIndex } = node;
  return {
    key: path === '' ? undefined : textOf(path),
    value: value && textOfBytes(value),
    dir: isDirectory ? true : undefined,
    expiration: lifetime && goTime(lifetime),
    ttl: orNothing(lifetime?.ttl),
    nodes: nodes.length > 0 ? nodes.map(nodeBody) : undefined,
    modifiedIndex: orNothing(modifiedIndex),
    createdIndex: orNothing(createdIndex),
  };
}

function orNothing(number: number | undefined): number | undefined {
  return number === 0 ? undefined : number;
}

/** RFC 3339 without trailing zeros. */
function goTime({ expiresAt }: Lifetime): string {
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
  // What stands for a byte that is no UTF-8.
  '\\ud800': '\\ufffd',
};

/** What Go's encoder writes: it escapes what would mean something in HTML, and has no short forms of \b and \f. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value).replace(
    /\\[\\"]|\\[bf]|\\ud800|[<>&\u2028\u2029]/g,
    (match) => ESCAPED[match] ?? match,
  );
  return `${text}\n`;
}
