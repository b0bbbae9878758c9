// Runs the examples of the documentation: a fresh etcd with a gateway, and a folder with the files that the examples use. `localhost:8888`
// is replaced by the address of that gateway.
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startMember } from './etcd.js';
import { testPath } from './etcd-versions.js';
import { spawnGateway } from './processes.js';
import { runInShell, startInShell } from './shell.js';
import type { ShellRun } from './shell.js';

const COMMAND_LIMIT_MS = 25_000;
const SHOWING_LIMIT_MS = 20_000;
const SHOWING_POLL_MS = 200;
/** The address of the gateway in the documentation. */
const READERS_HOST = 'localhost:8888';
/** The test also receives the status of every response. */
const CURL_SETTINGS = 'silent\nshow-error\nwrite-out = "%{stderr}status %{http_code}\\n"\n';

export interface CommandResult {
  readonly status: number | string | undefined;
  readonly printed: string;
  readonly complaints: string;
  /** The HTTP statuses that curl saw. */
  readonly httpStatuses: readonly number[];
}

export interface DocumentationRunner {
  readonly baseUrl: string;
  /** Runs a command until it exits. */
  run(command: string): Promise<CommandResult>;
  /** Runs a command until its output matches `shows`, for commands that do not exit. Repeats `meanwhile` in the meantime. */
  runUntil(
    command: string,
    shows: RegExp,
    meanwhile: () => Promise<unknown>,
  ): Promise<CommandResult>;
  /** Writes a program into the folder and runs it. */
  runProgram(interpreter: string, name: string, text: string): Promise<CommandResult>;
  /** A file that the examples have written. */
  file(name: string): Promise<Buffer>;
  close(): Promise<void>;
}

export async function startDocumentationRunner(): Promise<DocumentationRunner> {
  const member = await startMember();
  const gateway = await spawnGateway({
    args: ['--endpoints', member.endpoint, '--log-level=warn', '--event-loop-delay=10'],
  });
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-documentation-'));
  await writeFile(join(folder, '.curlrc'), CURL_SETTINGS);
  await symlink(
    fileURLToPath(new URL('../../examples', import.meta.url)),
    join(folder, 'examples'),
  );
  const host = new URL(gateway.baseUrl).host;
  const shell = {
    cwd: folder,
    env: { PATH: testPath(), HOME: folder, LATCHKEY_URL: gateway.baseUrl },
  };
  const here = (text: string): string => text.replaceAll(READERS_HOST, host);
  const run = async (command: string): Promise<CommandResult> =>
    outcomeOf(await runInShell(here(command), shell, COMMAND_LIMIT_MS));
  return {
    baseUrl: gateway.baseUrl,
    run,
    async runUntil(command, shows, meanwhile) {
      const started = startInShell(here(command), shell);
      const deadline = Date.now() + SHOWING_LIMIT_MS;
      while (!shows.test(started.stdout()) && started.status() === undefined) {
        if (Date.now() > deadline) break;
        await meanwhile();
        await pause(SHOWING_POLL_MS);
      }
      await started.interrupt();
      return outcomeOf(started);
    },
    async runProgram(interpreter, name, text) {
      await writeFile(join(folder, name), here(text));
      return run(`'${interpreter}' ${name}`);
    },
    file: (name) => readFile(join(folder, name)),
    async close() {
      await gateway.stop();
      await member.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function outcomeOf(run: ShellRun): CommandResult {
  const complaints = run.stderr();
  return {
    status: run.status(),
    printed: run.stdout(),
    complaints,
    httpStatuses: [...complaints.matchAll(/^status (\d+)$/gm)].map(([, status]) => Number(status)),
  };
}
