// What the documentation states about settings, errors, commands and files matches the code.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultOf } from '../../src/config/help.js';
import { SETTINGS } from '../../src/config/settings.js';
import { ERROR_CODES, GatewayError } from '../../src/core/errors.js';
import { PAGES, ROOT, pageText } from '../support/documentation.js';

const README_LINES_MAX = 200;

/** The rows of the table whose first heading is `heading`. */
function rowsOf(page: string, heading: string): string[] {
  const lines = pageText(page).split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  const rest = lines.slice(start + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end);
}

describe('the documentation', () => {
  it('has one row for each setting, in the order and with the words of the settings table', () => {
    const expected = Object.values(SETTINGS).map((setting) => {
      const byDefault = setting.default === '' ? defaultOf(setting) : `\`${setting.default}\``;
      return `| \`${setting.env}\` | \`--${setting.flag}\` | ${byDefault} | ${setting.describe} |`;
    });
    expect(rowsOf('docs/settings.md', 'environment')).toEqual(expected);
  });

  it('has one row for each error, with its status, in the order of the catalog', () => {
    const rows = rowsOf('docs/errors.md', 'code').map((row) =>
      row.split(' | ').map((cell) => cell.trim()),
    );
    expect(rows.map(([code, status]) => [code, status])).toEqual(
      ERROR_CODES.map((code) => [`| \`${code}\``, String(new GatewayError(code).status)]),
    );
    const isIncomplete = (cells: string[]): boolean => cells.length !== 4 || cells.includes('');
    expect(rows.filter(isIncomplete)).toEqual([]);
  });

  it.each(PAGES)('names only files and folders that exist: $name', ({ name, text }) => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, path = '']) =>
      join(dirname(name), path.split('#')[0] ?? ''),
    );
    const sources = [...text.matchAll(/`((?:src|test|deploy|examples)\/[\w/.-]+)`/g)].map(
      ([, path = '']) => path,
    );
    const all = [...links, ...sources];
    expect(all.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(PAGES)('links only to headings that exist: $name', ({ name, text }) => {
    const anchors = [...text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)];
    const missing = anchors.filter(([, path = '', anchor = '']) => {
      const target = path === '' ? name : join(dirname(name), path);
      return !anchorsOf(pageText(target)).includes(anchor);
    });
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  it('links every page from its index and from the README', () => {
    const index = pageText('docs/README.md');
    const readme = pageText('README.md');
    const names = PAGES.map(({ name }) => name).filter((name) => /^docs\/(?!README)/.test(name));
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !index.includes(`(${name.slice('docs/'.length)})`))).toEqual([]);
    expect(names.filter((name) => !readme.includes(`(${name})`))).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = PAGES.flatMap(({ text }) => [
      ...text.matchAll(/npm (?:run )?(start|test|cluster|bench|check|[\w:]+)/g),
    ])
      .map(([, name]) => name ?? '')
      .filter((name) => name !== 'run');
    expect(named).toContain('start');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('has a short README that begins with the start', () => {
    const lines = pageText('README.md').split('\n');
    expect(lines.length).toBeLessThanOrEqual(README_LINES_MAX);
    const headings = lines.filter((line) => line.startsWith('#'));
    expect(headings.slice(0, 2)).toEqual(['# Latchkey', '## Thirty seconds']);
  });
});

/** The anchors of the headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('#'))
    .map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
}
