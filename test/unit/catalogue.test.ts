// Every case that the project promises has tests that begin with its ID, and its line in test/CATALOGUE.md names the files that hold them.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const TESTS = fileURLToPath(new URL('..', import.meta.url));
/** A title, in a call or in the table of one. */
const TITLE = /['"`]([FSL]\d+): /g;
const ROW = /^\| ([FSL]\d+) \| .+ \| (.+) \|$/gm;

const numbered = (letter: string, first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `${letter}${first + index}`);

const CASES = [...numbered('F', 1, 50), ...numbered('S', 1, 24), ...numbered('L', 1, 10)];

/** The files of tests of each ID, relative to test/. */
function filesById(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const names = readdirSync(TESTS, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((each) => each.endsWith('.test.ts'))) {
    for (const [, id = ''] of readFileSync(join(TESTS, name), 'utf8').matchAll(TITLE)) {
      found.set(id, (found.get(id) ?? new Set()).add(name));
    }
  }
  return found;
}

const tests = filesById();
const page = readFileSync(join(TESTS, 'CATALOGUE.md'), 'utf8');
const rows = [...page.matchAll(ROW)].map(([, id = '', files = '']) => ({
  id,
  files: [...files.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file),
}));

describe('the catalogue', () => {
  it('has tests of every case that is promised', () => {
    expect(CASES.filter((id) => !tests.has(id))).toEqual([]);
  });

  it('has one line for each case that is promised, and for no other', () => {
    expect(rows.map(({ id }) => id)).toEqual(CASES);
  });

  it('has no tests of a case that nobody promised', () => {
    expect([...tests.keys()].filter((id) => !CASES.includes(id))).toEqual([]);
  });

  it.each(rows)('names files that hold tests of $id', ({ id, files }) => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => tests.get(id)?.has(file) !== true)).toEqual([]);
  });
});
