// Chooses the format of the gateway's errors by the request target: each API of etcd has its own. Pure.

/** `v2Key` has a v2 error number, `v2` only a message; `raw` is the format of etcd's JSON gateway. */
export type ErrorFormat = 'v2Key' | 'v2' | 'raw' | 'problem';

/** The start of an absolute-form target, accepted or not. */
const SCHEME_AND_AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;
const FORMATS: readonly (readonly [RegExp, ErrorFormat])[] = [
  [/^\/v2\/keys(?:[/?]|$)/, 'v2Key'],
  [/^\/v2(?:[/?]|$)/, 'v2'],
  [/^\/v3(?:alpha|beta)?(?:[/?]|$)/, 'raw'],
];

export function errorFormatOf(target: string): ErrorFormat {
  const path = target.replace(SCHEME_AND_AUTHORITY, '');
  return FORMATS.find(([pattern]) => pattern.test(path))?.[1] ?? 'problem';
}
