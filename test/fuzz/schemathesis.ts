// Requests that Schemathesis makes up out of openapi/latchkey.yaml: another reader of the document, with other ideas of what is odd.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withHealthyGateway } from './healthy-gateway.js';

const DOCUMENT = fileURLToPath(new URL('../../openapi/latchkey.yaml', import.meta.url));
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];
const EXCLUDED = [
  // They go on for as long as the caller wants.
  'watchKeys',
  'watchLock',
  'watchElection',
  'holdLock',
  // They may wait for an hour, and it asks for that.
  'acquireLock',
  'campaign',
  // It cannot write NDJSON.
  'importKeys',
];
/** Of each operation, beside one request for each limit in the document. */
const EXAMPLES = 50;
const ANSWER_SECONDS_MAX = 60;
export const SCHEMATHESIS_SECONDS_MAX = 15 * 60;

export interface SchemathesisOutcome {
  readonly isPassed: boolean;
  readonly output: string;
}

/** `program`: its executable. */
export async function runSchemathesis(program: string, seed: number): Promise<SchemathesisOutcome> {
  return withHealthyGateway(async ({ gateway: { baseUrl } }) => {
    // It keeps what it learns in the folder that it runs in.
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
    try {
      return await run(program, argumentsFor(baseUrl, seed), folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

function argumentsFor(baseUrl: string, seed: number): string[] {
  return [
    'run',
    DOCUMENT,
    `--url=${baseUrl}`,
    `--checks=${CHECKS.join(',')}`,
    '--phases=coverage,fuzzing',
    `--max-examples=${EXAMPLES}`,
    `--seed=${seed}`,
    `--request-timeout=${ANSWER_SECONDS_MAX}`,
    '--generation-database=none',
    '--continue-on-failure',
    '--warnings=off',
    '--no-color',
    ...EXCLUDED.map((operationId) => `--exclude-operation-id=${operationId}`),
  ];
}

function run(program: string, args: readonly string[], cwd: string): Promise<SchemathesisOutcome> {
  const { PATH = '' } = process.env;
  const child = spawn(program, args, {
    cwd,
    env: { PATH, HOME: cwd, PYTHONUTF8: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: SCHEMATHESIS_SECONDS_MAX * 1_000,
    killSignal: 'SIGKILL',
  });
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      resolve({ isPassed: status === 0, output: Buffer.concat(pieces).toString() });
    });
  });
}
