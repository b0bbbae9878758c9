// What the version of an etcd member decides.

const ETCD_VERSION_MIN = [3, 4] as const;

/** Versions before 3.4 have another JSON gateway; an empty text is none that says so. */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = numbersOf(version);
  const [majorMin, minorMin] = ETCD_VERSION_MIN;
  return major < majorMin || (major === majorMin && minor < minorMin);
}

/** From etcd 3.5.8 on the answer to a progress request never runs ahead of the events that it covers; on 3.4.23 it was seen to. */
export function isProgressOrdered(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version);
  return major > 3 || (major === 3 && (minor > 5 || (minor === 5 && patch >= 8)));
}

/** The first of each line that checks the rights of its users in nested transactions; every line after the last one does. */
const FIRST_TO_CHECK_NESTED = [
  [3, 4, 42],
  [3, 5, 28],
  [3, 6, 9],
] as const;

export const FIRST_TO_CHECK_NESTED_TEXT = FIRST_TO_CHECK_NESTED.map((each) => each.join('.'));

/** Whether a user of etcd reaches by a nested transaction what his rights give him, and no more. */
export function checksNestedRights(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version);
  const first = FIRST_TO_CHECK_NESTED.find(([line, sub]) => line === major && sub === minor);
  if (first !== undefined) return patch >= first[2];
  return major > 3 || (major === 3 && minor > 6);
}

/** Whether a member looks at the rights of its users while its NOSPACE alarm is up: before 3.6 at those to read alone. */
export function checksRightsUnderAlarm(version: string): boolean {
  const [major = 0, minor = 0] = numbersOf(version);
  return major > 3 || (major === 3 && minor >= 6);
}

/** The first release of each minor version with the fix; 3.6 and newer have it. */
const FIRST_TO_KEEP_RENEWED_LEASES = [
  [3, 4, 31],
  [3, 5, 13],
] as const;

export const FIRST_TO_KEEP_RENEWED_LEASES_TEXT = FIRST_TO_KEEP_RENEWED_LEASES.map((each) =>
  each.join('.'),
);

/**
 * Whether the member never ends a renewed lease early. In older versions a leader that was paused and replaced revokes leases that
 * clients renewed at its successor (etcd issue 15247).
 */
export function keepsRenewedLeases(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version);
  const first = FIRST_TO_KEEP_RENEWED_LEASES.find(([line, sub]) => line === major && sub === minor);
  if (first !== undefined) return patch >= first[2];
  return major > 3 || (major === 3 && minor > 5);
}

function numbersOf(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0);
}
