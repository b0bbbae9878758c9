// Keys that no other test has: files share one store and never wipe it.
import { randomBytes } from 'node:crypto';

export function newKey(name = 'key'): string {
  return `test-${randomBytes(6).toString('hex')}-${name}`;
}
