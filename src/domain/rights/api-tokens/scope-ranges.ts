// Which keys the scope of an API token covers, for reads and for writes: a union of ranges, like the rights of etcd. Pure.
import type { Right, Scope } from '../../../core/caller.js';
import { subtractRanges } from '../../../etcd/range.js';
import type { KeyRange } from '../../../etcd/wire.js';
import type { Area, KeyspaceLayout } from './keyspace-layout.js';

/** `read`: read, compare, watch. `write`: write and delete. */
export type AccessMode = 'read' | 'write';

export class ScopeRanges {
  readonly #ranges: Readonly<Record<AccessMode, readonly KeyRange[]>>;

  constructor(scope: Scope, layout: KeyspaceLayout) {
    this.#ranges = {
      read: rangesOf(scope, 'read', layout),
      write: rangesOf(scope, 'write', layout),
    };
  }

  /** Returns the parts of the range that the scope does not cover; empty if it covers all of it. */
  outside(range: KeyRange, mode: AccessMode): readonly KeyRange[] {
    return subtractRanges(range, this.#ranges[mode]);
  }
}

/** Any one of these rights is enough. No client may write the gateway's own keys. */
export function rightsFor(area: Area, mode: AccessMode): readonly Right[] {
  switch (area) {
    case 'keys':
      return [mode];
    case 'locks':
    case 'elections':
      return mode === 'read' ? ['read', 'lock'] : ['lock'];
    case 'internal':
      return mode === 'read' ? ['read'] : [];
  }
}

export function hasRightFor({ rights }: Scope, area: Area, mode: AccessMode): boolean {
  return rightsFor(area, mode).some((right) => rights.has(right));
}

const AREAS: readonly Area[] = ['keys', 'locks', 'elections', 'internal'];

function rangesOf(scope: Scope, mode: AccessMode, layout: KeyspaceLayout): KeyRange[] {
  return AREAS.filter((area) => hasRightFor(scope, area, mode)).flatMap((area) =>
    scope.prefixes.flatMap((prefix) => layout.rangesFor(area, prefix)),
  );
}
