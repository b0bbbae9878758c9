// One pass over the bytes of a JSON text that counts its values and its decoded bytes and finds repeated names. It allocates only names and
// stops at the first problem. For a text that is not JSON the result is arbitrary, because JSON.parse rejects it afterwards.

export interface ScanLimits {
  readonly valuesMax: number;
  readonly decodedBytesMax: number;
  readonly depthMax: number;
}

export type ScanProblem =
  | { readonly kind: 'values' | 'bytes' | 'depth' }
  | {
      readonly kind: 'repeated';
      readonly name: string;
      /** The names and indexes from the root to it. */
      readonly path: readonly (string | number)[];
    };

/** An object (with its names so far) or an array between the root and the current position. */
interface Scope {
  readonly names: Set<string> | undefined;
  /** The current field or index. */
  at: string | number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET_OPEN = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_CLOSE = 0x5d;
const LETTER_D = 0x64;
const LETTER_U = 0x75;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const ASCII_END = 0x80;
const UPPER_TO_LOWER = 0x20;

/** The lengths of `\n` and of `\u0041`. */
const ESCAPE_LENGTH = 2;
const UNICODE_ESCAPE_LENGTH = 6;
/** UTF-8 bytes of a code unit above U+07FF that is not half of a surrogate pair, and of one that is. */
const BYTES_OF_LARGE_UNIT = 3;
const BYTES_OF_HALF = 2;
/** A name and a value. */
const STRINGS_PER_VALUE = 2;

export class JsonScan {
  readonly #limits: ScanLimits;
  readonly #scopes: Scope[] = [];
  #values = 1;
  #strings = 0;
  /** The bytes by which decoding shortens the text so far. */
  #saved = 0;
  #isName = false;
  isAscii = true;
  /** Whether an escape is half of a surrogate pair, with or without its other half. */
  hasSurrogates = false;
  problem: ScanProblem | undefined;

  constructor(limits: ScanLimits) {
    this.#limits = limits;
  }

  read(bytes: Buffer): void {
    const { decodedBytesMax } = this.#limits;
    for (let index = 0; index < bytes.length && this.problem === undefined; index++) {
      const byte = bytes[index] ?? 0;
      if (byte === QUOTE) index = this.#readString(bytes, index);
      else if (byte === BRACE_OPEN) this.#enter({ names: new Set(), at: '' });
      else if (byte === BRACKET_OPEN) this.#enter({ names: undefined, at: 0 });
      else if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) this.#leave();
      else if (byte === COMMA) this.#next();
      else if (byte >= ASCII_END) this.isAscii = false;
      if (index - this.#saved > decodedBytesMax) this.problem ??= { kind: 'bytes' };
    }
  }

  /** Returns the index of the closing quote, or of the last byte. */
  #readString(bytes: Buffer, start: number): number {
    const { decodedBytesMax, valuesMax } = this.#limits;
    let saved = this.#saved;
    let isAscii = true;
    let index = start + 1;
    for (; index < bytes.length; index++) {
      const byte = bytes[index] ?? 0;
      if (byte === QUOTE) break;
      if (byte >= ASCII_END) isAscii = false;
      if (byte === BACKSLASH) {
        const length = bytes[index + 1] === LETTER_U ? UNICODE_ESCAPE_LENGTH : ESCAPE_LENGTH;
        saved += length - this.#decodedBytesOf(bytes, index);
        index += length - 1;
      }
      if (index - saved > decodedBytesMax) break;
    }
    const isEscaped = saved > this.#saved;
    this.#saved = saved;
    if (!isAscii) this.isAscii = false;
    if (++this.#strings > STRINGS_PER_VALUE * valuesMax) this.problem = { kind: 'values' };
    else if (this.#isName) this.#readName(bytes.subarray(start, index + 1), isEscaped);
    this.#isName = false;
    return index;
  }

  /** Returns the UTF-8 bytes of the escaped character whose backslash is at `at`. */
  #decodedBytesOf(bytes: Buffer, at: number): number {
    if (bytes[at + 1] !== LETTER_U) return 1;
    const isSmall = bytes[at + 2] === ZERO && isBelowEight(bytes[at + 3]);
    if (isSmall) return bytes[at + 3] === ZERO && isBelowEight(bytes[at + 4]) ? 1 : BYTES_OF_HALF;
    const isHalf =
      ((bytes[at + 2] ?? 0) | UPPER_TO_LOWER) === LETTER_D && !isBelowEight(bytes[at + 3]);
    if (isHalf) this.hasSurrogates = true;
    return isHalf ? BYTES_OF_HALF : BYTES_OF_LARGE_UNIT;
  }

  #readName(quoted: Buffer, isEscaped: boolean): void {
    const scope = this.#scopes.at(-1);
    if (scope?.names === undefined) return;
    const name = isEscaped ? decodeName(quoted) : quoted.toString('utf8', 1, quoted.length - 1);
    scope.at = name;
    if (scope.names.has(name)) {
      this.problem = { kind: 'repeated', name, path: this.#scopes.map(({ at }) => at) };
    }
    scope.names.add(name);
  }

  #enter(scope: Scope): void {
    this.#count();
    this.#scopes.push(scope);
    this.#isName = scope.names !== undefined;
    if (this.#scopes.length > this.#limits.depthMax) this.problem ??= { kind: 'depth' };
  }

  #leave(): void {
    this.#scopes.pop();
    this.#isName = false;
  }

  #next(): void {
    this.#count();
    const scope = this.#scopes.at(-1);
    this.#isName = typeof scope?.at === 'string';
    if (typeof scope?.at === 'number') scope.at++;
  }

  #count(): void {
    if (++this.#values > this.#limits.valuesMax) this.problem = { kind: 'values' };
  }
}

const ZERO = 0x30;
const EIGHT = 0x38;

function isBelowEight(digit: number | undefined): boolean {
  return digit !== undefined && digit < EIGHT;
}

/** Does not throw for a text that is not JSON. */
function decodeName(quoted: Buffer): string {
  try {
    return String(JSON.parse(quoted.toString('utf8')));
  } catch {
    return quoted.toString('latin1');
  }
}
