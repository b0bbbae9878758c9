// Writes the types of the requests and schemas in openapi/latchkey.yaml to src/http/generated/latchkey.ts.
// With --check it writes nothing and exits with 1 if that file is out of date.
//
// The types describe validated requests only:
// - A query parameter with a default is always present.
// - `x-latchkey-body` is a JSON body.
// - Texts and responses are omitted, so that a reworded document changes no type.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import { parse } from 'yaml';

const source = new URL('../openapi/latchkey.yaml', import.meta.url);
const target = new URL('../src/http/generated/latchkey.ts', import.meta.url);
const HEAD =
  '// Generated from openapi/latchkey.yaml by `npm run generate`: change that file, not this one.\n';
const DECLARATIONS = ['components', 'operations'];
const TEXTS = ['description', 'summary', 'title'];
const EXAMPLES = ['example', 'examples'];

const document = withoutTexts(parse(await readFile(source, 'utf8')));
delete document.components.responses;
delete document.components.headers;
for (const item of Object.values(document.paths)) {
  for (const operation of Object.values(item)) describeValidated(operation);
}
for (const parameter of Object.values(document.components.parameters)) requireDefault(parameter);

// `defaultNonNullable: false`: the validator fills in no defaults in bodies.
const nodes = await openapiTS(document, { immutable: true, defaultNonNullable: false });
const text = HEAD + astToString(nodes.filter((node) => DECLARATIONS.includes(node.name?.text)));

if (process.argv.includes('--check')) {
  const current = await readFile(target, 'utf8').catch(() => '');
  if (current !== text) {
    console.error('src/http/generated/latchkey.ts is out of date: run npm run generate');
    process.exitCode = 1;
  }
} else {
  await mkdir(new URL('.', target), { recursive: true });
  await writeFile(target, text);
}

function describeValidated(operation) {
  operation.parameters?.forEach(requireDefault);
  const body = operation['x-latchkey-body'];
  if (body !== undefined) {
    const content = { ...operation.requestBody?.content, 'application/json': { schema: body } };
    operation.requestBody = { required: true, content };
  }
  delete operation.responses;
}

function requireDefault(parameter) {
  if (parameter.in === 'query' && parameter.schema?.default !== undefined) {
    parameter.required = true;
  }
}

function withoutTexts(value) {
  if (Array.isArray(value)) return value.map(withoutTexts);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name, member]) => {
    // `title` can also be the name of a field. Its value is then a schema, not a text.
    const isText = TEXTS.includes(name) && typeof member === 'string';
    return !isText && !EXAMPLES.includes(name);
  });
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutTexts(member)]));
}
