// Which keys the scope of an API token reaches, by what is to be done with them: as etcd's own rights are, a union of ranges. A prefix
// stands for keys, lock names and election names alike, so that a key below the lock prefix belongs to its lock, not to its bytes. Pure.
import type { Right, Scope } from '../../../core/caller.js';
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

/** `look`: read, compare, watch. `change`: write and delete. */
export type AccessMode = 'look' | 'change';

/** Keys that people name, keys of locks and elections, and what else is the gateway's own. */
export type Area = 'keys' | 'locks' | 'elections' | 'own';

export interface LockPrefixes {
  readonly lockPrefix: string;
  readonly electionPrefix: string;
}

export class ScopeRanges {
  readonly #reach: Readonly<Record<AccessMode, readonly KeyRange[]>>;

  constructor(scope: Scope, land: KeyspaceLayout) {
    this.#reach = { look: reachOf(scope, 'look', land), change: reachOf(scope, 'change', land) };
  }

  /** What of the range the scope does not reach; nothing when it reaches all. */
  outside(range: KeyRange, deed: AccessMode): readonly KeyRange[] {
    return subtractRanges(range, this.#reach[deed]);
  }
}

const FIRST_KEY = Buffer.from([0]);
const OWN = prefixRange(Buffer.from(PRIVATE_PREFIX));

/** Where the areas lie. */
export class KeyspaceLayout {
  readonly #prefixes: LockPrefixes;

  constructor(prefixes: LockPrefixes) {
    this.#prefixes = prefixes;
  }

  static isInternal(key: Buffer): boolean {
    return containsKey(OWN, key);
  }

  areaOf(key: Buffer): Area {
    if (KeyspaceLayout.isInternal(key)) return 'own';
    if (containsKey(this.#namesIn('locks', ''), key)) return 'locks';
    return containsKey(this.#namesIn('elections', ''), key) ? 'elections' : 'keys';
  }

  /** What people call it: a key, a lock, an election, or many of them. */
  describe(range: KeyRange): string {
    const area = this.areaOf(range.key);
    const text = range.key.toString('utf8');
    switch (area) {
      case 'own':
        return "the gateway's own keys";
      case 'keys':
        return keysTitle(range);
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

  /** What a prefix of a scope stands for in an area. Only the empty one covers what is the gateway's own. */
  rangesFor(area: Area, prefix: string): readonly KeyRange[] {
    switch (area) {
      case 'keys':
        return subtractRanges(prefixRange(Buffer.from(prefix)), [
          OWN,
          this.#namesIn('locks', ''),
          this.#namesIn('elections', ''),
        ]);
      case 'locks':
      case 'elections':
        return [this.#namesIn(area, prefix)];
      case 'own':
        return prefix === '' ? [OWN] : [];
    }
  }

  // Names are encoded character by character: those that begin with a prefix are those whose encoded form begins with its encoded form.
  #namesIn(area: 'locks' | 'elections', prefix: string): Span {
    return prefixRange(Buffer.from(this.#below(area) + encodeName(prefix)));
  }

  #below(area: 'locks' | 'elections'): string {
    return area === 'locks' ? this.#prefixes.lockPrefix : this.#prefixes.electionPrefix;
  }
}

/** In the order of bytes; a range that begins at the first key or goes to the last one is named by its other end. */
function keysTitle(range: KeyRange): string {
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

/** Any one of them is enough. What is the gateway's own no caller changes. */
export function rightsFor(area: Area, deed: AccessMode): readonly Right[] {
  switch (area) {
    case 'keys':
      return [deed === 'look' ? 'read' : 'write'];
    case 'locks':
    case 'elections':
      return deed === 'look' ? ['read', 'lock'] : ['lock'];
    case 'own':
      return deed === 'look' ? ['read'] : [];
  }
}

export function hasRightFor({ rights }: Scope, area: Area, deed: AccessMode): boolean {
  return rightsFor(area, deed).some((right) => rights.has(right));
}

const AREAS: readonly Area[] = ['keys', 'locks', 'elections', 'own'];

function reachOf(scope: Scope, deed: AccessMode, land: KeyspaceLayout): KeyRange[] {
  return AREAS.filter((area) => hasRightFor(scope, area, deed)).flatMap((area) =>
    scope.prefixes.flatMap((prefix) => land.rangesFor(area, prefix)),
  );
}
