// Keys that no other test uses, because files share one store and never clear it.
import { randomBytes } from 'node:crypto';

export function newKey(name = 'key'): string {
  return `test-${randomBytes(6).toString('hex')}-${name}`;
}
