// Reads etcd's streams: the JSON objects that a stream of bytes is made of.
import { asJson, invalidResponse } from '../json-values.js';
import type { Json } from '../json-values.js';
import { JsonSplitter } from './json-splitter.js';

export class JsonStreamParser {
  readonly #objects: JsonSplitter;

  /** `bytesMax`: of one object. */
  constructor(bytesMax: number) {
    this.#objects = new JsonSplitter(bytesMax, invalidResponse);
  }

  /**
   * The objects that end in this chunk, as they are found: whoever stops asking skips the rest of it. Throws `etcd-refused` for what is
   * no JSON object and for one that is too long; the stream is of no use then.
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
    throw invalidResponse('a message is no JSON');
  }
  return asJson(value);
}
