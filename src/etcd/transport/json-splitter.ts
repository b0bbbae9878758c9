// Cuts a stream of bytes into the JSON objects that it is made of: one a line, several in one chunk, one over many chunks, with or without
// a line break between or behind them (etcd before 3.6 writes none behind an error). Knows braces and strings only; who parses a piece
// judges the rest.

const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Of an object that comes in more and smaller pieces, they are put together on the way: each costs far more than its bytes. */
const PIECES_MAX = 1_024;
const WHITE_SPACE: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];

export class JsonSplitter {
  readonly #bytesMax: number;
  readonly #errorOf: (what: string) => Error;
  /** The beginning of an object that has not ended yet: at most `bytesMax`. */
  #pieces: Buffer[] = [];
  #length = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  /** `bytesMax`: of one object. `errorOf`: what is thrown for what is no object, and for one that is too long. */
  constructor(bytesMax: number, errorOf: (what: string) => Error) {
    this.#bytesMax = bytesMax;
    this.#errorOf = errorOf;
  }

  /** Whether an object has begun and not ended. */
  get isInObject(): boolean {
    return this.#depth > 0;
  }

  /**
   * The bytes of each object that ends in this chunk, as they are found: whoever stops asking skips the rest of it. After an error the
   * stream is of no use.
   */
  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    let start = 0;
    while (start < chunk.length) {
      if (this.#depth === 0) {
        start = skipWhiteSpace(chunk, start);
        if (start === chunk.length) return;
        if (chunk[start] !== OPENING_BRACE) {
          throw this.#errorOf('what should be an object is none');
        }
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
      throw this.#errorOf(`one message is longer than ${this.#bytesMax} bytes`);
    }
    this.#pieces.push(piece);
    if (this.#pieces.length > PIECES_MAX) this.#pieces = [Buffer.concat(this.#pieces)];
  }

  #take(): Buffer {
    const [first] = this.#pieces;
    const whole = this.#pieces.length === 1 && first ? first : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#length = 0;
    return whole;
  }
}

function skipWhiteSpace(chunk: Buffer, start: number): number {
  let at = start;
  while (at < chunk.length && WHITE_SPACE.includes(chunk[at] ?? 0)) at++;
  return at;
}
