// etcd's version numbers: read out of `etcd --version`, compared number by number.

const VERSION_PATTERN = /(\d+)\.(\d+)\.(\d+)/;

/** The first `major.minor.patch` in a text, or `undefined` where there is none. */
export function versionIn(text: string): string | undefined {
  return VERSION_PATTERN.exec(text)?.[0];
}

/** Negative when `a` is older than `b`, 0 when they are the same, positive when it is newer. */
export function compareVersions(a: string, b: string): number {
  const numbersOfB = b.split('.').map(Number);
  const differences = a.split('.').map((part, index) => Number(part) - (numbersOfB[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}

export function isOlder(a: string, b: string): boolean {
  return compareVersions(a, b) < 0;
}
