// Valid and invalid names, values, numbers and booleans for requests.

/** Percent-encoded. There are few, so that requests often use the same one. */
export const NAMES = ['a', 'a', 'a', 'b', 'b', 'a-b', '_h'] as const;
export const ODD_NAMES = [
  'a%20b',
  '%C3%BC',
  'x%2Fy',
  'a.b',
  '%FF',
  'a+b',
  'a;b',
  '%3Cb%3E',
  'a:b',
  '%25',
] as const;

export const VALUES = ['', 'one', 'two', 'three', 'one', 'two'] as const;
export const ODD_VALUES = [
  '<a> & "b"',
  'ü€😀',
  'line\nline\ttab',
  '\\ \b \f \u2028',
  'x=y&z;w',
  '  ',
  '{"json":true}',
  'v'.repeat(3_000),
] as const;

/** Seconds. No sequence lasts that long. */
export const TTLS = ['100', '500', '1000000000', '', '0100'] as const;
export const BAD_NUMBERS = [
  '-1',
  'x',
  '1.5',
  '+5',
  '0x10',
  '5_0',
  '1e3',
  ' 5',
  '18446744073709551616',
] as const;

export const TRUE = ['true', '1', 't', 'T', 'TRUE', 'True'] as const;
export const FALSE = ['false', '0', 'f', 'F', 'FALSE', 'False'] as const;
export const BAD_BOOLEANS = ['', 'yes', 'tRue', '2', 'on', ' true', 'null'] as const;

export const FORM_TYPE = 'application/x-www-form-urlencoded';
export const OTHER_TYPES = [
  'application/json',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'Application/X-WWW-Form-URLencoded; charset=utf-8',
  'application/x-www-form-urlencoded; charset',
  'nonsense',
  'a/b/c',
  '/',
] as const;

/** Parts of a form that are not valid pairs. */
export const ODD_PAIRS = [
  '&',
  '=',
  'value',
  '%zz=1',
  'x=%',
  'a;b=1',
  'value=%gg',
  'x=+%2B',
  '%',
  'é',
] as const;

export const OTHER_METHODS = ['PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'] as const;
