// System programs with which a child cannot outlive its parent, nor its lock: util-linux' `setpriv` and `flock`, and a shell.
import { onPath, runCommand } from './command.js';

const TRIAL_LIMIT_MS = 5_000;

/** All of them, or none is used. */
export interface SystemGuards {
  readonly flock: string;
  readonly setpriv: string;
  readonly shell: string;
}

/** Only Linux has the parent-death signal, and not every `setpriv` knows it (busybox' does not). */
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
 * The command that runs `command` as a child which the kernel kills when this process dies. setpriv asks for that; the shell then
 * makes sure that this process had not died before, and becomes the program. Each step keeps the process id. To be spawned on the
 * main thread: the signal comes when the spawning thread ends.
 */
export function endingWithParent(
  guards: SystemGuards | undefined,
  command: readonly [string, ...string[]],
): [string, ...string[]] {
  if (guards === undefined) return [...command];
  const isStillOurs = 'test "$PPID" = "$0" && exec "$@"';
  const shell = [guards.shell, '-c', isStillOurs, String(process.pid)];
  return [guards.setpriv, '--pdeathsig', 'KILL', ...shell, ...command];
}
