// Types that users generate from the three documents with openapi-typescript and its default options.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { expect, it, onTestFinished } from 'vitest';
import { DOCUMENT_NAMES } from '../../src/http/contract/openapi-files.js';

const TRANSACTIONS_PAGE = new URL('../../docs/transactions.md', import.meta.url);
const TRANSACTION_BODY = /-d '(\{.*\})' localhost:8888\/v1\/txn/g;

/** A program that builds the requests of the documentation, typed by the generated files. */
function programWith(transactions: readonly string[]): string {
  return `
import type { paths as Friendly } from './latchkey.js';
import type { paths as V2 } from './etcd-v2.js';
import type { paths as V3 } from './etcd-v3.js';

type Json<T extends { requestBody?: unknown }> =
  NonNullable<T['requestBody']> extends { content: { 'application/json': infer Body } } ? Body : never;

export const transactions: readonly Json<Friendly['/v1/txn']['post']>[] = [
  ${transactions.join(',\n  ')},
];
export const acquisition: Json<Friendly['/v1/locks/{name}']['put']> = { owner: 'ci-7', wait: 60 };
export const hold: Json<Friendly['/v1/locks/{name}/hold']['post']> = { owner: 'ci-7' };
export const campaign: Json<Friendly['/v1/elections/{name}']['put']> = { candidate: '10.0.0.1' };
export const list: Friendly['/v1/kv']['get']['parameters']['query'] = { prefix: 'app/' };
export const form: NonNullable<
  V2['/v2/keys/{path}']['put']['requestBody']
>['content']['application/x-www-form-urlencoded'] = { value: 'one', ttl: 60 };
export const range: Json<V3['/v3/kv/range']['post']> = { key: 'Zm9v', range_end: 'Zm9w', limit: 10 };
`;
}

function errorsOf(file: string): string[] {
  const program = ts.createProgram([file], {
    strict: true,
    noEmit: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

it('compiles the documented requests with types from openapi-typescript', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-types-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of DOCUMENT_NAMES) {
    const document = new URL(`../../openapi/${name}.yaml`, import.meta.url);
    await writeFile(join(folder, `${name}.ts`), astToString(await openapiTS(document)));
  }
  const page = await readFile(TRANSACTIONS_PAGE, 'utf8');
  const transactions = [...page.matchAll(TRANSACTION_BODY)].map(([, body]) => body ?? '');
  expect(transactions.length).toBeGreaterThanOrEqual(2);
  const file = join(folder, 'program.ts');
  await writeFile(file, programWith(transactions));

  expect(errorsOf(file)).toEqual([]);
}, 60_000);
