// Checks for behavior that depends on the version of an etcd member.

const ETCD_VERSION_MIN = [3, 4] as const;

/** Versions before 3.4 have another JSON gateway. An empty text counts as too old. */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = numbersOf(version);
  const [majorMin, minorMin] = ETCD_VERSION_MIN;
  return major < majorMin || (major === majorMin && minor < minorMin);
}

/** From etcd 3.5.8 on, the response to a progress request never precedes the events that it covers. On 3.4.23 it did. */
export function isProgressOrdered(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version);
  return major > 3 || (major === 3 && (minor > 5 || (minor === 5 && patch >= 8)));
}

/** The first release of each minor version that checks rights in nested transactions. All later minor versions do. */
const FIRST_TO_CHECK_NESTED = [
  [3, 4, 42],
  [3, 5, 28],
  [3, 6, 9],
] as const;

export const FIRST_TO_CHECK_NESTED_TEXT = FIRST_TO_CHECK_NESTED.map((each) => each.join('.'));

/** Returns whether etcd checks the rights of its users in nested transactions. */
export function checksNestedRights(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version);
  const first = FIRST_TO_CHECK_NESTED.find(
    ([first, second]) => first === major && second === minor,
  );
  if (first !== undefined) return patch >= first[2];
  return major > 3 || (major === 3 && minor > 6);
}

/** Returns whether a member checks write rights while its NOSPACE alarm is raised. Before 3.6 it checks only read rights then. */
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
 * Returns whether the member never expires a renewed lease early. In older versions a leader that was paused and replaced revokes leases that
 * clients renewed at its successor (etcd issue 15247).
 */
export function keepsRenewedLeases(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version);
  const first = FIRST_TO_KEEP_RENEWED_LEASES.find(
    ([first, second]) => first === major && second === minor,
  );
  if (first !== undefined) return patch >= first[2];
  return major > 3 || (major === 3 && minor > 5);
}

function numbersOf(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0);
}
