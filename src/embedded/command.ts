// Runs the system programs that embedded etcd needs, without a shell and with limits in time and output.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, resolve as resolvePath } from 'node:path';
import { systemReason } from '../core/system-reason.js';

const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

export interface CommandOptions {
  /** The complete environment of the program; that of this process is not inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
}

/** `failed`: the program could not be started, reached a limit, or exited with a status other than 0. */
export type CommandResult =
  | { readonly kind: 'done'; readonly stdout: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** Rejects only if `signal` is aborted, with its reason. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { env, cwd, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    execFile(
      file,
      args,
      {
        env,
        cwd,
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: OUTPUT_BYTES_MAX,
        encoding: 'utf8',
        ...(signal === undefined ? {} : { signal }),
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ kind: 'done', stdout });
        else if (signal?.aborted === true) reject(abortReason(signal));
        else resolve({ kind: 'failed', reason: failureOf(error, stderr, timeoutMs) });
      },
    );
  });
}

/** Returns every executable of that name on the PATH, in its order, as absolute paths. */
export async function allOnPath(name: string, path: string): Promise<string[]> {
  const candidates = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => resolvePath(folder, name));
  const usable = await Promise.all(candidates.map(isExecutable));
  return candidates.filter((_, index) => usable[index]);
}

export async function onPath(name: string, path: string): Promise<string | undefined> {
  return (await allOnPath(name, path))[0];
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

function failureOf(
  error: Error & { code?: string | number | null; killed?: boolean; signal?: string | null },
  stderr: string,
  timeoutMs: number,
): string {
  if (typeof error.code === 'string') return systemReason(error);
  const message = errorIn(stderr);
  const ending =
    error.killed === true ? `not finished within ${timeoutMs / 1000} s` : endingOf(error);
  return message === '' ? ending : `${ending}: ${message}`;
}

/** Returns the first error of apt, because later ones are its consequences, else the last line. */
function errorIn(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return (lines.find((line) => line.startsWith('E: ')) ?? lines.at(-1) ?? '').trim();
}

function endingOf(error: { code?: string | number | null; signal?: string | null }): string {
  if (typeof error.signal === 'string') return `ended by ${error.signal}`;
  return `ended with status ${error.code ?? 'unknown'}`;
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}
