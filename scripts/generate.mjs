// Writes the TypeScript types of openapi/latchkey.yaml to src/http/generated/latchkey.ts.
// With --check it writes nothing and exits with 1 when that file is not what it would write.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const source = new URL('../openapi/latchkey.yaml', import.meta.url);
const target = new URL('../src/http/generated/latchkey.ts', import.meta.url);
const HEAD =
  '// Generated from openapi/latchkey.yaml by `npm run generate`: change that file, not this one.\n';

const text = HEAD + astToString(await openapiTS(source, { alphabetize: false, immutable: true }));

if (process.argv.includes('--check')) {
  const present = await readFile(target, 'utf8').catch(() => '');
  if (present !== text) {
    console.error('src/http/generated/latchkey.ts is not fresh: run npm run generate');
    process.exitCode = 1;
  }
} else {
  await mkdir(new URL('.', target), { recursive: true });
  await writeFile(target, text);
}
