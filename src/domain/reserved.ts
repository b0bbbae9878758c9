// Which keys are the gateway's own: the locks, the elections, and everything else of ours below `\0latchkey/`. Pure.
import { GatewayError } from '../errors.js';
import { containsKey, prefixRange, subtractRanges } from '../etcd/range.js';
import type { KeyRange } from '../etcd/wire.js';

/** Below every text key, so that no prefix people choose covers it by accident. */
export const PRIVATE_PREFIX = '\0latchkey/';

export interface ReservedKeys {
  /** Throws `reserved-prefix` for a key that only the gateway writes. */
  refuseWrite(key: Buffer): void;
  /** Throws `reserved-prefix` for a key that `/v1` does not show. */
  refuseRead(key: Buffer): void;
  /** What of a range a read may show; throws `reserved-prefix` when it begins inside what is hidden. */
  readable(range: KeyRange): KeyRange[];
  /** What of a range a delete may take; throws `reserved-prefix` when it begins inside a reserved prefix. */
  deletable(range: KeyRange): KeyRange[];
}

export function createReservedKeys(prefixes: {
  lockPrefix: string;
  electionPrefix: string;
}): ReservedKeys {
  const hidden = prefixRange(Buffer.from(PRIVATE_PREFIX));
  const reserved = [
    hidden,
    ...[prefixes.lockPrefix, prefixes.electionPrefix].map((p) => prefixRange(Buffer.from(p))),
  ];
  return {
    refuseWrite: (key) => refuse(key, reserved, 'written'),
    refuseRead: (key) => refuse(key, [hidden], 'read'),
    readable: (range) => {
      refuse(range.key, [hidden], 'read');
      return subtractRanges(range, [hidden]);
    },
    deletable: (range) => {
      refuse(range.key, reserved, 'deleted');
      return subtractRanges(range, reserved);
    },
  };
}

function refuse(key: Buffer, ranges: readonly KeyRange[], verb: string): void {
  const range = ranges.find((candidate) => containsKey(candidate, key));
  if (range === undefined) return;
  throw new GatewayError('reserved-prefix', {
    detail: `keys below ${JSON.stringify(range.key.toString())} belong to the gateway and cannot be ${verb} here`,
    hint: 'locks are changed at /',
  });
}
