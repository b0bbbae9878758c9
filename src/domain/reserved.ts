// Which keys are the gateway's own: the locks, the elections, everything else of ours below `\0latchkey/`, and the markers of v2
// directories, which lie below those directories. Pure.
import { GatewayError } from '../core/errors.js';
import { containsKey, prefixRange, subtractRanges } from '../etcd/range.js';
import type { KeyRange } from '../etcd/wire.js';

/** Below every text key, so that no prefix people choose covers it by accident. */
export const PRIVATE_PREFIX = '\0latchkey/';
/** The name of the directory of the v2 tree in which the markers of the directory around it are. */
export const INTERNAL_NAME = '\0latchkey';

/** `pointer` is what the caller called the key, where there are several: it is told in the error. */
export interface ReservedKeys {
  /** True for keys that `/v1` never shows. */
  isHidden(key: Buffer): boolean;
  /** Throws `reserved-prefix` for a key that only the gateway writes. */
  refuseWrite(key: Buffer, pointer?: string): void;
  /** Throws `reserved-prefix` for a key that `/v1` does not show. */
  refuseRead(key: Buffer): void;
  /** Throws `reserved-prefix` for a range that a comparison would have to go around: there is no such comparison. */
  refuseCompare(range: KeyRange, pointer?: string): void;
  /** What of a range a read may show; throws `reserved-prefix` when it begins inside what is hidden. */
  readable(range: KeyRange, pointer?: string): KeyRange[];
  /** What of a range an export holds: all that is readable when it begins inside a reserved prefix, else no reserved key at all. */
  exportable(range: KeyRange): KeyRange[];
  /** What of a range a delete may take; throws `reserved-prefix` when it begins inside a reserved prefix. */
  deletable(range: KeyRange, pointer?: string): KeyRange[];
}

const SLASH = Buffer.from('/');
const MARKER_BELOW = Buffer.from(`/${PRIVATE_PREFIX}`);

/** Whether the key is one of ours below a directory of the v2 tree. */
export function isMarker(key: Buffer): boolean {
  return key.includes(MARKER_BELOW);
}

/** The rules for a gateway with these prefixes; what else is reserved does not depend on settings. */
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
    // Almost every key begins with another byte.
    isHidden: (key) => (key[0] === 0 && containsKey(hidden, key)) || isMarker(key),
    refuseWrite: (key, pointer) => {
      refuseMarker(key, 'written', pointer);
      refuse(key, reserved, 'written', pointer);
    },
    refuseRead: (key) => {
      refuseMarker(key, 'read');
      refuse(key, [hidden], 'read');
    },
    refuseCompare: (range, pointer) => {
      refuseMarkers(range, 'compared', pointer);
      const isApart = subtractRanges(range, [hidden])[0] === range;
      if (!isApart) throw reservedPrefix(hidden, 'compared', pointer);
    },
    readable: (range, pointer) => {
      refuseMarkers(range, 'read', pointer);
      refuse(range.key, [hidden], 'read', pointer);
      return subtractRanges(range, [hidden]);
    },
    exportable: (range) => {
      refuseMarkers(range, 'read');
      refuse(range.key, [hidden], 'read');
      const isInside = reserved.some((each) => containsKey(each, range.key));
      return subtractRanges(range, isInside ? [hidden] : reserved);
    },
    deletable: (range, pointer) => {
      refuseMarkers(range, 'deleted', pointer);
      refuse(range.key, reserved, 'deleted', pointer);
      return subtractRanges(range, reserved);
    },
  };
}

function refuseMarker(key: Buffer, verb: string, pointer?: string): void {
  if (isMarker(key)) throw reservedPrefix({ key }, verb, pointer);
}

/** Of a marker, and of a range that begins or ends among the markers of one directory. */
function refuseMarkers({ key, rangeEnd }: KeyRange, verb: string, pointer?: string): void {
  refuseMarker(key, verb, pointer);
  if (rangeEnd === undefined) return;
  // A prefix may lack the slash.
  refuseMarker(Buffer.concat([key, SLASH]), verb, pointer);
  if (endsInMarkers(rangeEnd)) throw reservedPrefix({ key: rangeEnd }, verb, pointer);
}

/** Not an end right behind the prefix of a directory's markers: a range that begins before them may go around them. */
function endsInMarkers(rangeEnd: Buffer): boolean {
  return isMarker(rangeEnd) && !rangeEnd.subarray(-MARKER_BELOW.length).equals(MARKER_BELOW);
}

function refuse(key: Buffer, ranges: readonly KeyRange[], verb: string, pointer?: string): void {
  const range = ranges.find((candidate) => containsKey(candidate, key));
  if (range !== undefined) throw reservedPrefix(range, verb, pointer);
}

function reservedPrefix(range: KeyRange, verb: string, pointer?: string): GatewayError {
  const detail = `keys below ${JSON.stringify(range.key.toString())} belong to the gateway and cannot be ${verb} here`;
  return new GatewayError('reserved-prefix', {
    detail,
    hint: 'use /v1/locks for locks and /v1/elections for elections',
    fields: pointer === undefined ? {} : { errors: [{ pointer, detail }] },
  });
}
