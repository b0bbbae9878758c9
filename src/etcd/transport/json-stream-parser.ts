// Parses the JSON objects in the bytes of a stream of etcd.
import { asJson, invalidResponse } from '../json-values.js';
import type { Json } from '../json-values.js';
import { JsonSplitter } from './json-splitter.js';

export class JsonStreamParser {
  readonly #objects: JsonSplitter;

  /** `bytesMax`: for one object. */
  constructor(bytesMax: number) {
    this.#objects = new JsonSplitter(bytesMax, invalidResponse);
  }

  /**
   * Yields the objects that end in this chunk. A consumer that stops early skips the rest of the chunk. Throws `etcd-refused` for a text
   * that is not a JSON object, or an object that is too long; the parser is then unusable.
   */
  *push(chunk: Buffer): Generator<Json, void, undefined> {
    for (const whole of this.#objects.push(chunk)) yield parse(whole);
  }
}

function parse(whole: Buffer): Json {
  let value: unknown;
  try {
    value = JSON.parse(whole.toString('utf8'));
  } catch {
    throw invalidResponse('a message is not JSON');
  }
  return asJson(value);
}
