// Every case of test/CATALOGUE.md has tests whose names begin with its ID, and its row names the files of these tests.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const TESTS = fileURLToPath(new URL('..', import.meta.url));
/** The title of a test, in a call or in a table of cases. */
const TITLE = /['"`]([FSL]\d+): /g;
const ROW = /^\| ([FSL]\d+) \| .+ \| (.+) \|$/gm;

/** Returns the files with tests of each ID, relative to test/. */
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

const ids = rows.map(({ id }) => id);

describe('the catalog of cases', () => {
  it('has tests for every case', () => {
    expect(ids.filter((id) => !tests.has(id))).toEqual([]);
  });

  it('has one row for each case', () => {
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('keeps the cases F50, S24 and L10', () => {
    expect(ids).toEqual(expect.arrayContaining(['F50', 'S24', 'L10']));
  });

  it('has a row for every case that has tests', () => {
    expect([...tests.keys()].filter((id) => !ids.includes(id))).toEqual([]);
  });

  it.each(rows)('names files with tests of $id', ({ id, files }) => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => tests.get(id)?.has(file) !== true)).toEqual([]);
  });
});
