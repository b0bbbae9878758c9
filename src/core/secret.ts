// Passwords and tokens in memory: texts that no log, no error and no JSON shows, and the one comparison of secrets. Imports nothing of ours.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = '********';
/** New in each process: fingerprints mean nothing to another one. */
const FINGERPRINT_KEY = randomBytes(32);

/** A text that shows itself to `reveal` alone. */
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

/** Whether two secrets, or digests of secrets, are the same. Takes as long for a near miss as for a far one, whatever their lengths. */
export function isSameSecret(a: string | Buffer, b: string | Buffer): boolean {
  return isSameDigest(
    createHash('sha256').update(a).digest(),
    createHash('sha256').update(b).digest(),
  );
}

/** The same for digests of one length, which are kept instead of secrets. */
export function isSameDigest(a: Buffer, b: Buffer): boolean {
  return timingSafeEqual(a, b);
}

/**
 * A name for what holds secrets, to find it again in a map: how long the look-up takes tells nothing about them, since nobody outside
 * this process can compute it.
 */
export function fingerprint(...parts: readonly string[]): string {
  return createHmac('sha256', FINGERPRINT_KEY).update(JSON.stringify(parts)).digest('base64url');
}
