// Passes on a stream of JSON lines with one HTTP chunk for each line. etcd sends each message as one chunk, and clients rely on that: etcd3gw
// parses each chunk separately. If TCP delivers a line in pieces, they are collected up to its newline, within limits.
import type { Readable, Writable } from 'node:stream';

/** Longer lines are passed on in pieces. An event with its previous value has 4 MiB at etcd's default request limit. */
const LINE_BYTES_MAX = 8 * 1024 * 1024;
/**
 * For all streams together: incomplete lines, and lines that slow clients have not read. Above it lines are passed on in pieces, except
 * short ones, so that a stream with large events does not change the chunks of other streams.
 */
const HELD_BYTES_MAX = 64 * 1024 * 1024;
const SHORT_BYTES_MAX = 64 * 1024;
const NEWLINE = 0x0a;

/** The unsent bytes of all streams of a gateway together. */
export class HeldBytes {
  readonly #max: number;
  #count = 0;

  constructor(max: number = HELD_BYTES_MAX) {
    this.#max = max;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= this.#max;
  }

  add(bytes: number): void {
    this.#count += bytes;
  }
}

export class LineChunks {
  readonly #from: Readable;
  readonly #to: Writable;
  readonly #held: HeldBytes;
  readonly #lineBytesMax: number;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  /** This stream's part of `held`: incomplete, or written and not yet read by the client. */
  #ownBytes = 0;
  #isInPieces = false;
  #isStopped = false;

  constructor(from: Readable, to: Writable, held: HeldBytes, lineBytesMax = LINE_BYTES_MAX) {
    this.#from = from;
    this.#to = to;
    this.#held = held;
    this.#lineBytesMax = lineBytesMax;
  }

  /** Whether a further line may be written, because no incomplete line was written in part. */
  get isAtLineEnd(): boolean {
    return !this.#isInPieces;
  }

  /** Ends `to` with `from`. Stops reading while the client is slow. */
  start(): void {
    this.#from.on('data', (chunk: Buffer) => {
      if (!this.#isStopped) this.#push(chunk);
    });
    this.#from.on('end', () => {
      if (this.#isStopped) return;
      this.#flush();
      this.#to.end();
    });
    this.#to.on('drain', () => {
      this.#release(this.#ownBytes - this.#pieceBytes);
      this.#from.resume();
    });
    this.#to.once('close', () => this.stop());
  }

  /** Drops an incomplete line and everything after it. */
  stop(): void {
    this.#isStopped = true;
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#release(this.#ownBytes);
  }

  #push(chunk: Buffer): void {
    for (let start = 0; start < chunk.length;) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline === -1 ? chunk.length : newline + 1;
      this.#collect(chunk.subarray(start, end));
      if (newline !== -1) {
        this.#flush();
        this.#isInPieces = false;
      } else if (this.#isInPieces || this.#isTooLong) {
        this.#isInPieces = true;
        this.#flush();
      }
      start = end;
    }
  }

  get #isTooLong(): boolean {
    const bytes = this.#pieceBytes;
    return bytes > this.#lineBytesMax || (this.#held.isFull && bytes > SHORT_BYTES_MAX);
  }

  #collect(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#pieceBytes += piece.length;
    this.#ownBytes += piece.length;
    this.#held.add(piece.length);
  }

  #flush(): void {
    if (this.#pieceBytes === 0) return;
    const [first = Buffer.alloc(0)] = this.#pieces;
    const bytes = this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces, this.#pieceBytes);
    this.#pieces = [];
    this.#pieceBytes = 0;
    if (this.#to.write(bytes)) this.#release(this.#ownBytes);
    else this.#from.pause();
  }

  #release(bytes: number): void {
    this.#ownBytes -= bytes;
    this.#held.add(-bytes);
  }
}
