// What the README promises about settings, errors, commands and files is what there is.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultOf } from '../../src/config/help.js';
import { SETTINGS } from '../../src/config/settings.js';
import { ERROR_CODES, GatewayError } from '../../src/errors.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The body of the table whose first heading is `heading`, without its rule. */
function rowsOf(heading: string): string[] {
  const lines = README.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  const rest = lines.slice(start + 2);
  return rest.slice(
    0,
    rest.findIndex((line) => !line.startsWith('|')),
  );
}

describe('README', () => {
  it('has one row for each setting, in the order and with the words of the settings table', () => {
    const expected = Object.values(SETTINGS).map((setting) => {
      const byDefault = setting.default === '' ? defaultOf(setting) : `\`${setting.default}\``;
      return `| \`${setting.env}\` | \`--${setting.flag}\` | ${byDefault} | ${setting.describe} |`;
    });
    expect(rowsOf('environment')).toEqual(expected);
  });

  it('has one row for each error, with its status, in the order of the catalogue', () => {
    const rows = rowsOf('code').map((row) => row.split(' | ').map((cell) => cell.trim()));
    expect(rows.map(([code, status]) => [code, status])).toEqual(
      ERROR_CODES.map((code) => [`| \`${code}\``, String(new GatewayError(code).status)]),
    );
    expect(rows.filter((cells) => cells.length !== 4 || cells.some((cell) => cell === ''))).toEqual(
      [],
    );
  });

  it('names only files and folders that exist', () => {
    const paths = rowsOf('where').map((row) => /^\| `([^`]+)`/.exec(row)?.[1] ?? row);
    const links = [...README.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, path]) => path ?? '');
    const sources = [...README.matchAll(/`(src\/[\w/.-]+)`/g)].map(([, path]) => path ?? '');
    const all = [...paths, ...links, ...sources];
    expect(all.length).toBeGreaterThan(10);
    expect(all.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...README.matchAll(/npm (?:run )?(start|test|cluster|bench|check|[\w:]+)/g)]
      .map(([, name]) => name ?? '')
      .filter((name) => name !== 'run');
    expect(named).toContain('start');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('opens with the start, before anything else is explained', () => {
    const headings = README.split('\n').filter((line) => line.startsWith('#'));
    expect(headings.slice(0, 2)).toEqual(['# Latchkey', '## Thirty seconds']);
  });
});
