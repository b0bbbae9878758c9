// Passwords and tokens in memory: values that logs, errors and JSON never contain, and the only comparison of secrets. Imports no other
// file.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = '********';
/** New in each process, so fingerprints are useless outside it. */
const FINGERPRINT_KEY = randomBytes(32);

/** A text that only `reveal` returns. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Compares two secrets, or digests of secrets, in a time that depends on neither their lengths nor where they differ. */
export function isSameSecret(a: string | Buffer, b: string | Buffer): boolean {
  return isSameDigest(
    createHash('sha256').update(a).digest(),
    createHash('sha256').update(b).digest(),
  );
}

/** Compares digests of the same length, which are kept instead of secrets. */
export function isSameDigest(a: Buffer, b: Buffer): boolean {
  return timingSafeEqual(a, b);
}

/**
 * Returns a map key for values that contain secrets. The time of a look-up reveals nothing about them, because only this process can
 * compute the key.
 */
export function fingerprint(...parts: readonly string[]): string {
  return createHmac('sha256', FINGERPRINT_KEY).update(JSON.stringify(parts)).digest('base64url');
}
