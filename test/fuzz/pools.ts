// Values that meet each other: requests that are made up out of nothing never find a key, a lock or a lease. Chosen by the name of the
// parameter or field; what has no name here is made from its schema alone.
import fc from 'fast-check';

export type Values = fc.Arbitrary<unknown>;

const from = (...values: unknown[]): Values => fc.constantFrom(...values);

const KEYS = from(
  'fuzz/a',
  'fuzz/b',
  'fuzz/b/c',
  '/fuzz',
  'fuzz//d',
  'ключ',
  'fuzz/😀',
  'locks/a/x',
  '%',
  '\0',
);
const PREFIXES = from('fuzz/', 'fuzz', '', '/', 'locks/', 'elections/', '\0latchkey/', 'nothing/');
const NAMES = from('a', 'b', 'a/b', '%', 'ö', '__proto__', ' ');
const LEASES = from('1', '777', '0000000000000001', '7fffffffffffffff', 'ffffffffffffffff', '0');
const REVISIONS = from(1, 2, 3, 10, 100, 1_000_000);
/** None that makes the test wait, and none that is over before etcd has answered: the machine is slow at times. */
const TTLS = from(60, 600, 7_200);
const WAITS = from(0, 0, 0.05, 0.1);

export const POOLS: Readonly<Record<string, Values>> = {
  key: KEYS,
  prefix: PREFIXES,
  start: PREFIXES,
  end: PREFIXES,
  lock: NAMES,
  guardLock: NAMES,
  name: NAMES,
  token: from('fuzz-token-00000001', 'fuzz-token-00000002', 'fuzz-token-00000003'),
  'Lock-Token': from('fuzz-token-00000001', 'fuzz-token-00000002', 'short'),
  owner: from('me', 'you'),
  lease: LEASES,
  id: LEASES,
  fencingToken: REVISIONS,
  guardToken: REVISIONS,
  revision: REVISIONS,
  createRevision: REVISIONS,
  modRevision: REVISIONS,
  since: from('1', '2', '10.1', '99999999', '0'),
  'Last-Event-ID': from('1', '10.1', '', 'x'),
  'If-Match': from('*', '"1"', '"5"', 'W/"1"', '1', '"x"'),
  'If-None-Match': from('*', '"1"', '"5"', '', '"x"'),
  next: from('eyJrIjoiYXBwL2IifQ', 'x', '%%'),
  ttl: TTLS,
  wait: WAITS,
  confirmEvery: from(1, 10),
  value: from('v', '', 'aGVsbG8=', 'ü\0', 'v'.repeat(5_000)),
  resource: from('/a', '/b', 'a'),
  user_id: from('me', 'you'),
  candidate: from('me', 'you'),
  // Shorter ones may rightly end in 504.
  'Request-Timeout': from('30', '59.5', '45', '30', '0', 'x', '1e400', ''),
  'X-Request-Id': from('mine', 'a'.repeat(65), '{}'),
};

/** Names for which nothing is made up: what a schema allows would let the request, or its lease, take its time. */
export const POOLED_ONLY: readonly string[] = ['wait', 'ttl', 'Request-Timeout', 'TTL'];

/** The same for etcd's own JSON: bytes in base64, numbers as text. */
const bytes = (...texts: string[]): Values =>
  from(...texts.map((text) => Buffer.from(text).toString('base64')));
const ETCD_KEYS = bytes('fuzz/a', 'fuzz/b', 'locks/a', '', '\0', 'elections/a');
const NUMBERS = from('0', '1', '2', '100', '-1', '777', 5, '9223372036854775807');

export const ETCD_POOLS: Readonly<Record<string, Values>> = {
  key: ETCD_KEYS,
  range_end: bytes('fuzz0', '\0', 'a', ''),
  name: ETCD_KEYS,
  value: bytes('v', '', 'v'.repeat(3_000)),
  lease: NUMBERS,
  ID: NUMBERS,
  revision: NUMBERS,
  limit: NUMBERS,
  TTL: from('60', '600', 60),
};
