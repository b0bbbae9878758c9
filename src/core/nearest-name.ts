// Finds the known name that is nearest to a mistyped one. Pure.

/** A name that differs by more edits is unlikely to be the intended one. */
const EDITS_MAX = 2;
/** Longer words are not compared: the time of a comparison grows with the product of both lengths. */
const WORD_LENGTH_MAX = 64;

/** Returns the nearest candidate within two insertions, deletions, replacements or swaps; else the only one that begins with `word`. */
export function nearestName(word: string, names: Iterable<string>): string | undefined {
  const candidates = [...names];
  if (word.length > WORD_LENGTH_MAX) return undefined;
  let best: string | undefined;
  let bestEdits = EDITS_MAX + 1;
  for (const candidate of candidates) {
    const edits = editDistance(word, candidate);
    // Two edits turn any two-letter word into any other one.
    if (edits < bestEdits && edits < word.length - 1) [best, bestEdits] = [candidate, edits];
  }
  if (best !== undefined || word.length < 3) return best;
  const longer = candidates.filter((candidate) => candidate.startsWith(word));
  return longer.length === 1 ? longer[0] : undefined;
}

// Optimal string alignment: Levenshtein's distance with a swap of neighbors as one edit.
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, at(beforeLast, j - 2) + 1);
      }
      row.push(edits);
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
