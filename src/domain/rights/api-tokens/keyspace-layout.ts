// Where keys, locks, elections and the gateway's own keys are in the keyspace of etcd. A prefix of a scope means keys, lock names and
// election names alike. A key below the lock prefix therefore counts by the name of its lock, not by its bytes. Pure.
import {
  containsKey,
  containsRange,
  isOpenEnded,
  prefixEnd,
  prefixRange,
  subtractRanges,
} from '../../../etcd/range.js';
import type { KeyRange, Span } from '../../../etcd/wire.js';
import { decodeName, encodeName } from '../../contention/key.js';
import { PRIVATE_PREFIX } from '../../reserved.js';

/** `keys`: keys of clients. `locks`, `elections`: their entries. `internal`: all other keys of the gateway. */
export type Area = 'keys' | 'locks' | 'elections' | 'internal';

export interface LockPrefixes {
  readonly lockPrefix: string;
  readonly electionPrefix: string;
}

const FIRST_KEY = Buffer.from([0]);
const INTERNAL = prefixRange(Buffer.from(PRIVATE_PREFIX));

export class KeyspaceLayout {
  readonly #prefixes: LockPrefixes;

  constructor(prefixes: LockPrefixes) {
    this.#prefixes = prefixes;
  }

  static isInternal(key: Buffer): boolean {
    return containsKey(INTERNAL, key);
  }

  areaOf(key: Buffer): Area {
    if (KeyspaceLayout.isInternal(key)) return 'internal';
    if (containsKey(this.#namesIn('locks', ''), key)) return 'locks';
    return containsKey(this.#namesIn('elections', ''), key) ? 'elections' : 'keys';
  }

  /** Describes the range for a message: as a key, a lock, an election, or several of them. */
  describe(range: KeyRange): string {
    const area = this.areaOf(range.key);
    const text = range.key.toString('utf8');
    switch (area) {
      case 'internal':
        return "the gateway's own keys";
      case 'keys':
        return describeKeys(range);
      case 'locks':
      case 'elections': {
        const below = this.#below(area);
        const [segment = ''] = text.slice(below.length).split('/');
        const isOne = containsRange(prefixRange(Buffer.from(`${below}${segment}/`)), range);
        const title = area === 'locks' ? 'the lock' : 'the election';
        return isOne
          ? `${title} ${JSON.stringify(decodeName(segment) ?? segment)}`
          : `these ${area}`;
      }
    }
  }

  /** Returns the ranges of an area that a prefix of a scope covers. Only the empty prefix covers internal keys. */
  rangesFor(area: Area, prefix: string): readonly KeyRange[] {
    switch (area) {
      case 'keys':
        return subtractRanges(prefixRange(Buffer.from(prefix)), [
          INTERNAL,
          this.#namesIn('locks', ''),
          this.#namesIn('elections', ''),
        ]);
      case 'locks':
      case 'elections':
        return [this.#namesIn(area, prefix)];
      case 'internal':
        return prefix === '' ? [INTERNAL] : [];
    }
  }

  // Names are encoded character by character, so a name begins with a prefix exactly if its encoded form begins with the encoded prefix.
  #namesIn(area: 'locks' | 'elections', prefix: string): Span {
    return prefixRange(Buffer.from(this.#below(area) + encodeName(prefix)));
  }

  #below(area: 'locks' | 'elections'): string {
    return area === 'locks' ? this.#prefixes.lockPrefix : this.#prefixes.electionPrefix;
  }
}

/** A range that begins at the first key or ends at the last one is described by its other end. */
function describeKeys(range: KeyRange): string {
  const { key, rangeEnd } = range;
  const from = JSON.stringify(key.toString('utf8'));
  if (rangeEnd === undefined) return `the key ${from}`;
  const isFromFirst = containsRange(range, { key: FIRST_KEY });
  if (isFromFirst && isOpenEnded(range)) return 'all keys';
  if (rangeEnd.equals(prefixEnd(key))) return `the keys with the prefix ${from}`;
  if (isOpenEnded(range)) return `the keys from ${from} to the last one`;
  const before = JSON.stringify(rangeEnd.toString('utf8'));
  return isFromFirst ? `the keys before ${before}` : `the keys from ${from} to before ${before}`;
}
