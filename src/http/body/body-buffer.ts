// The bytes of one body while it arrives. A body of very many small chunks takes the memory of its bytes, not that of as many objects.

const CAPACITY_BYTES_MIN = 16 * 1024;

export class BodyBuffer {
  readonly #bytesMax: number;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  /** `bytesMax`: what the body may have at most; the buffer never grows past it. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes of memory that it takes with one more chunk. */
  bytesWith(chunk: Buffer): number {
    const length = this.#length + chunk.length;
    // Most bodies are one chunk, which is kept as it is.
    if (this.#length === 0 || length <= this.#bytes.length)
      return Math.max(length, this.#bytes.length);
    return Math.max(length, Math.min(this.#bytesMax, Math.max(CAPACITY_BYTES_MIN, 2 * length)));
  }

  append(chunk: Buffer): void {
    if (this.#length === 0 && this.#bytes.length === 0) this.#bytes = chunk;
    else {
      const capacity = this.bytesWith(chunk);
      if (capacity > this.#bytes.length) {
        const grown = Buffer.allocUnsafe(capacity);
        this.#bytes.copy(grown, 0, 0, this.#length);
        this.#bytes = grown;
      }
      chunk.copy(this.#bytes, this.#length);
    }
    this.#length += chunk.length;
  }

  /** All of them. Empties it. */
  take(): Buffer {
    const whole = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return whole;
  }
}
