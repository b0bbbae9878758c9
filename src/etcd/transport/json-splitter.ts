// Splits a stream of bytes into JSON objects. A chunk may contain several objects or a part of one, with or without line breaks between
// them (etcd before 3.6 writes none after an error). Recognizes only braces and strings; the parser checks the rest.

const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** An object in more pieces is concatenated early, because each piece needs much more memory than its bytes. */
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

  /** `bytesMax`: for one object. `errorOf`: creates the error for a text that is not an object, or an object that is too long. */
  constructor(bytesMax: number, errorOf: (what: string) => Error) {
    this.#bytesMax = bytesMax;
    this.#errorOf = errorOf;
  }

  /** Whether the stream is inside an object. */
  get isInObject(): boolean {
    return this.#depth > 0;
  }

  /**
   * Yields the bytes of each object that ends in this chunk. A consumer that stops early skips the rest of the chunk. Throws the error of
   * `errorOf`; the splitter is then unusable.
   */
  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    let start = 0;
    while (start < chunk.length) {
      if (this.#depth === 0) {
        start = skipWhiteSpace(chunk, start);
        if (start === chunk.length) return;
        if (chunk[start] !== OPENING_BRACE) {
          throw this.#errorOf('a message is not a JSON object');
        }
      }
      const end = this.#findEnd(chunk, start);
      this.#keep(chunk.subarray(start, end));
      if (this.#depth === 0) yield this.#take();
      start = end;
    }
  }

  // All significant bytes are ASCII, and no byte of a longer UTF-8 sequence is, so a split character does no harm.
  #findEnd(chunk: Buffer, start: number): number {
    // Local variables for speed: every byte of every watch passes here.
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
