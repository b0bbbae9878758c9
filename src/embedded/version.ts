// Reads and compares etcd's version numbers.

const VERSION_PATTERN = /(\d+)\.(\d+)\.(\d+)/;

/** Returns the first `major.minor.patch` in a text, or `undefined`. */
export function versionIn(text: string): string | undefined {
  return VERSION_PATTERN.exec(text)?.[0];
}

/** Returns a negative number if `a` is older than `b`, 0 if they are equal, else a positive number. */
export function compareVersions(a: string, b: string): number {
  const numbersOfB = b.split('.').map(Number);
  const differences = a.split('.').map((part, index) => Number(part) - (numbersOfB[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}

export function isOlder(a: string, b: string): boolean {
  return compareVersions(a, b) < 0;
}
