// Defines the keys that are reserved for the gateway: locks, elections, everything below `\0latchkey/`, and the internal keys of v2
// directories, which are below those directories. Pure.
import { GatewayError } from '../core/errors.js';
import { containsKey, prefixRange, subtractRanges } from '../etcd/range.js';
import type { KeyRange } from '../etcd/wire.js';

/** Sorts before every text key, so that no prefix that people choose covers it by accident. */
export const PRIVATE_PREFIX = '\0latchkey/';
/** The name of the v2 subdirectory that contains the internal keys of its parent directory. */
export const INTERNAL_NAME = '\0latchkey';

/** `pointer` is the JSON pointer of the key in requests with several keys; the error contains it. */
export interface ReservedKeys {
  /** True for keys that `/v1` never shows. */
  isHidden(key: Buffer): boolean;
  /** Throws `reserved-prefix` for a key that only the gateway writes. */
  refuseWrite(key: Buffer, pointer?: string): void;
  /** Throws `reserved-prefix` for a key that `/v1` does not show. */
  refuseRead(key: Buffer): void;
  /** Throws `reserved-prefix` for a range that contains hidden keys: a comparison cannot leave keys out. */
  refuseCompare(range: KeyRange, pointer?: string): void;
  /** Returns the parts of a range that a read may return. Throws `reserved-prefix` if the range begins at a hidden key. */
  readable(range: KeyRange, pointer?: string): KeyRange[];
  /** Returns the parts of a range to export: without reserved keys, unless the range begins inside a reserved prefix. */
  exportable(range: KeyRange): KeyRange[];
  /** Returns the parts of a range that a delete may remove. Throws `reserved-prefix` if the range begins inside a reserved prefix. */
  deletable(range: KeyRange, pointer?: string): KeyRange[];
}

const SLASH = Buffer.from('/');
const MARKER_BELOW = Buffer.from(`/${PRIVATE_PREFIX}`);

/** Returns whether the key is a marker or an expiry record below a v2 directory. */
export function isV2InternalKey(key: Buffer): boolean {
  return key.includes(MARKER_BELOW);
}

/** Returns the rules for a gateway with these prefixes. The other reserved keys do not depend on settings. */
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
    // Fast path: almost no key begins with a zero byte.
    isHidden: (key) => (key[0] === 0 && containsKey(hidden, key)) || isV2InternalKey(key),
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
      const hasNoHiddenKeys = subtractRanges(range, [hidden])[0] === range;
      if (!hasNoHiddenKeys) throw reservedPrefix(hidden, 'compared', pointer);
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
  if (isV2InternalKey(key)) throw reservedPrefix({ key }, verb, pointer);
}

/** Rejects a marker, and a range that begins or ends among the markers of one directory. */
function refuseMarkers({ key, rangeEnd }: KeyRange, verb: string, pointer?: string): void {
  refuseMarker(key, verb, pointer);
  if (rangeEnd === undefined) return;
  // A prefix may lack the slash.
  refuseMarker(Buffer.concat([key, SLASH]), verb, pointer);
  if (endsInMarkers(rangeEnd)) throw reservedPrefix({ key: rangeEnd }, verb, pointer);
}

/** False for an end at the prefix of a directory's markers: a range that begins before the markers excludes them. */
function endsInMarkers(rangeEnd: Buffer): boolean {
  return isV2InternalKey(rangeEnd) && !rangeEnd.subarray(-MARKER_BELOW.length).equals(MARKER_BELOW);
}

function refuse(key: Buffer, ranges: readonly KeyRange[], verb: string, pointer?: string): void {
  const range = ranges.find((candidate) => containsKey(candidate, key));
  if (range !== undefined) throw reservedPrefix(range, verb, pointer);
}

function reservedPrefix(range: KeyRange, verb: string, pointer?: string): GatewayError {
  const detail = `keys below ${JSON.stringify(range.key.toString())} are reserved for the gateway and cannot be ${verb} through this API`;
  return new GatewayError('reserved-prefix', {
    detail,
    hint: 'use /v1/locks for locks and /v1/elections for elections',
    fields: pointer === undefined ? {} : { errors: [{ pointer, detail }] },
  });
}
