// Decodes and cleans paths like Go's net/http.
import { decodeBytes } from './form.js';

/** Returns one character for each byte, or `undefined` if an escape is invalid. */
export function decodePath(rawPath: string): string | undefined {
  return /%(?![0-9A-Fa-f]{2})/.test(rawPath) ? undefined : decodeBytes(rawPath);
}

/** Resolves empty names, `.` and `..`. Keeps a trailing slash. */
export function cleanPath(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  const hasTrailingSlash = path.endsWith('/') && names.length > 0;
  return `/${names.join('/')}${hasTrailingSlash ? '/' : ''}`;
}

/** Encodes a path for the Location header. */
export function encodePath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~$&+,/:;=@!'()*]/g, (character) => {
    const hex = character.charCodeAt(0).toString(16).toUpperCase();
    return `%${hex.padStart(2, '0')}`;
  });
}
