// Runs a command line with /bin/sh in a folder, with only the given environment. Stopping it also stops all its children.
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';

const OUTPUT_CHARACTERS_MAX = 4 * 1024 * 1024;

export interface Shell {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ShellRun {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The exit status or the signal's name after the exit. */
  status(): number | string | undefined;
  readonly ended: Promise<number | string>;
  /** Sends Ctrl-C, and SIGKILL after a limit. */
  interrupt(): Promise<void>;
}

const INTERRUPT_LIMIT_MS = 30_000;

export function startInShell(command: string, { cwd, env }: Shell): ShellRun {
  const child = spawn('/bin/sh', ['-c', command], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  let status: number | string | undefined;
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve((status = signal ?? code ?? 'unknown')));
  });
  return {
    pid: child.pid ?? 0,
    stdout,
    stderr,
    status: () => status,
    ended,
    async interrupt() {
      signalGroup(child, 'SIGINT');
      const limit = setTimeout(() => signalGroup(child, 'SIGKILL'), INTERRUPT_LIMIT_MS);
      await ended;
      clearTimeout(limit);
    },
  };
}

/** Resolves when the command has exited. Interrupts it at the limit. */
export async function runInShell(
  command: string,
  shell: Shell,
  limitMs: number,
): Promise<ShellRun> {
  const run = startInShell(command, shell);
  const limit = setTimeout(() => void run.interrupt(), limitMs);
  await run.ended;
  clearTimeout(limit);
  return run;
}

function collect(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-OUTPUT_CHARACTERS_MAX);
  });
  return () => text;
}

function signalGroup(child: ChildProcessByStdio<null, Readable, Readable>, signal: NodeJS.Signals) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // All processes of the group have exited.
  }
}
