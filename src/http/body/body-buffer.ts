// Collects the bytes of one body in one buffer, so that many small chunks do not take the memory of many objects.

const CAPACITY_BYTES_MIN = 16 * 1024;

export class BodyBuffer {
  readonly #bytesMax: number;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  /** The capacity never exceeds `bytesMax`, the size limit of the body. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#length;
  }

  /** Returns the bytes of memory that the buffer would take with `chunk`. */
  bytesWith(chunk: Buffer): number {
    const length = this.#length + chunk.length;
    // Most bodies are one chunk, which is kept without copying.
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

  /** Returns all bytes and empties the buffer. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return bytes;
  }
}
