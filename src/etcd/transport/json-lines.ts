// Cuts a stream of bytes into JSON objects: one a line, several in one chunk, one over many chunks, with or without a line break between
// or behind them (etcd before 3.6 writes none behind an error). Knows braces and strings only; JSON.parse judges the rest.
import { asJson, garbage } from '../json-values.js';
import type { Json } from '../json-values.js';

const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const WHITE_SPACE: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];

export class JsonLines {
  readonly #bytesMax: number;
  /** The beginning of an object that has not ended yet: at most `bytesMax`. */
  #pieces: Buffer[] = [];
  #length = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  /** `bytesMax`: of one object. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * The objects that end in this chunk, as they are found: whoever stops asking skips the rest of it. Throws `etcd-refused` for what is
   * no JSON object and for one that is too long; the stream is of no use then.
   */
  *push(chunk: Buffer): Generator<Json, void, undefined> {
    let start = 0;
    while (start < chunk.length) {
      if (this.#depth === 0) {
        start = skipWhiteSpace(chunk, start);
        if (start === chunk.length) return;
        if (chunk[start] !== OPENING_BRACE) throw garbage('what should be an object is none');
      }
      const end = this.#findEnd(chunk, start);
      this.#keep(chunk.subarray(start, end));
      if (this.#depth === 0) yield this.#take();
      start = end;
    }
  }

  // All bytes that matter are ASCII, and no byte of a longer UTF-8 sequence looks like one: cut characters do no harm.
  #findEnd(chunk: Buffer, start: number): number {
    // Locals, as every byte of every watch passes here.
    let depth = this.#depth;
    let isInString = this.#isInString;
    let isEscaped = this.#isEscaped;
    let at = start;
    do {
      const byte = chunk[at++];
      if (isEscaped) isEscaped = false;
      else if (byte === QUOTE) isInString = !isInString;
      else if (isInString) isEscaped = byte === BACKSLASH;
      else if (byte === OPENING_BRACE) depth++;
      else if (byte === CLOSING_BRACE) depth--;
    } while (depth > 0 && at < chunk.length);
    this.#depth = depth;
    this.#isInString = isInString;
    this.#isEscaped = isEscaped;
    return at;
  }

  #keep(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > this.#bytesMax) {
      throw garbage(`one message is longer than ${this.#bytesMax} bytes`);
    }
    this.#pieces.push(piece);
  }

  #take(): Json {
    const [first] = this.#pieces;
    const whole = this.#pieces.length === 1 && first ? first : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#length = 0;
    let value: unknown;
    try {
      value = JSON.parse(whole.toString('utf8'));
    } catch {
      throw garbage('a message is no JSON');
    }
    return asJson(value);
  }
}

function skipWhiteSpace(chunk: Buffer, start: number): number {
  let at = start;
  while (at < chunk.length && WHITE_SPACE.includes(chunk[at] ?? 0)) at++;
  return at;
}
