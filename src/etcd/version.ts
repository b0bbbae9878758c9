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

function numbersOf(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0);
}
