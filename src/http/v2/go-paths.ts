// Paths as Go's net/http takes them: decoded to bytes, and sent back with 301 when they are not clean.
import type { Request } from 'express';
import { decodeBytes } from './form.js';

/** The decoded path, one character a byte. `undefined` when an escape is broken. */
export function decodePath(rawPath: string): string | undefined {
  return /%(?![0-9A-Fa-f]{2})/.test(rawPath) ? undefined : decodeBytes(rawPath);
}

/** Without empty names, `.` and `..`; a slash at the end stays. */
export function cleanPath(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  const isSlashed = path.endsWith('/') && names.length > 0;
  return `/${names.join('/')}${isSlashed ? '/' : ''}`;
}

/** The path for a Location. */
export function encodePath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~$&+,/:;=@!'()*]/g, (character) => {
    const hex = character.charCodeAt(0).toString(16).toUpperCase();
    return `%${hex.padStart(2, '0')}`;
  });
}

export function rawPathOf(req: Request): string {
  return req.url.split('?', 1)[0] ?? '';
}

export function rawQueryOf(req: Request): string {
  const mark = req.url.indexOf('?');
  return mark < 0 ? '' : req.url.slice(mark + 1);
}
