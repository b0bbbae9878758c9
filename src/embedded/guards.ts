// System programs that end a child process with its parent, and keep its lock until then: util-linux' `setpriv` and `flock`, and a shell.
import { onPath, runCommand } from './command.js';

const TRIAL_LIMIT_MS = 5_000;

/** Used together or not at all. */
export interface SystemGuards {
  readonly flock: string;
  readonly setpriv: string;
  readonly shell: string;
}

/** Only Linux has the parent-death signal, and not every `setpriv` supports it (busybox' does not). */
export async function systemGuards(path: string): Promise<SystemGuards | undefined> {
  if (process.platform !== 'linux') return undefined;
  const [flock, setpriv, shell] = await Promise.all(
    ['flock', 'setpriv', 'sh'].map((name) => onPath(name, path)),
  );
  if (flock === undefined || setpriv === undefined || shell === undefined) return undefined;
  const trial = await runCommand(setpriv, ['--pdeathsig', 'KILL', shell, '-c', ':'], {
    env: {},
    timeoutMs: TRIAL_LIMIT_MS,
  });
  return trial.kind === 'done' ? { flock, setpriv, shell } : undefined;
}

/**
 * Returns a command that runs `command` as a child, which the kernel kills when this process dies. setpriv requests the signal. The shell
 * then checks that this process had not died before, and executes the program. Each step keeps the process ID. Spawn it on the main thread:
 * the kernel sends the signal when the spawning thread ends.
 */
export function endingWithParent(
  guards: SystemGuards | undefined,
  command: readonly [string, ...string[]],
): [string, ...string[]] {
  if (guards === undefined) return [...command];
  const parentCheck = 'test "$PPID" = "$0" && exec "$@"';
  const shell = [guards.shell, '-c', parentCheck, String(process.pid)];
  return [guards.setpriv, '--pdeathsig', 'KILL', ...shell, ...command];
}
