// The Markdown pages that users read: the README and docs/.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Page {
  /** The path from the root of the repository. */
  readonly name: string;
  readonly text: string;
}

const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));

export const PAGES: readonly Page[] = [
  'README.md',
  ...docs.sort().map((name) => `docs/${name}`),
].map((name) => ({ name, text: readFileSync(join(ROOT, name), 'utf8') }));

/** Throws if there is no page of that name. */
export function pageText(name: string): string {
  const page = PAGES.find((each) => each.name === name);
  if (page === undefined) throw new Error(`there is no page ${name}`);
  return page.text;
}
