// Processes that tests start and stop, such as the built gateway. Each gets an empty environment plus the given variables.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../src/embedded/command.js';
import { startTimeOf } from '../../src/embedded/process-identity.js';
import { withReservedPorts } from './ports.js';

const GONE_LIMIT_MS = 30_000;
const GONE_POLL_MS = 20;
const PS_LIMIT_MS = 10_000;
const SERVING_LIMIT_MS = 90_000;
const SERVING_POLL_MS = 50;
const ANSWER_LIMIT_MS = 2_000;
const STOP_LIMIT_MS = 30_000;
const OUTPUT_CHARACTERS_MAX = 4 * 1024 * 1024;

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const mainFile = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface GatewayOptions {
  /** Flags. `--listen` defaults to a free port. */
  readonly args?: readonly string[];
  /** Environment variables in addition to PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Limit of open files of the process, as `ulimit -n` sets it. */
  readonly openFiles?: number;
  /** What to wait for: `ready` = /readyz, `live` = /livez (for gateways whose etcd is down), `nothing`. */
  readonly until?: 'ready' | 'live' | 'nothing';
}

export interface RunningProcess {
  readonly pid: number;
  /** The standard output and standard error so far. */
  output(): string;
  /** Resolves with the exit status or the signal's name when the process has exited. */
  readonly ended: Promise<number | string>;
  /** Sends the signal at once. Resolves when the process has exited, at once for SIGSTOP and SIGCONT. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Sends SIGTERM, and SIGKILL after a limit. */
  stop(): Promise<void>;
}

export interface Gateway extends RunningProcess {
  readonly baseUrl: string;
}

/** Starts `node dist/main.js`. Throws with its output if it exits or does not serve in time. */
export async function spawnGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const address = listenAddress(options.args ?? []);
  if (address !== undefined) return spawnAt(address, [], options);
  return withReservedPorts(1, ([port]) => {
    const own = `127.0.0.1:${port!}`;
    return spawnAt(own, [`--listen=${own}`], options);
  });
}

async function spawnAt(
  address: string,
  listen: readonly string[],
  options: GatewayOptions,
): Promise<Gateway> {
  const { args = [], until = 'ready' } = options;
  const gateway = {
    ...spawnNode([mainFile, ...listen, ...args], options),
    baseUrl: `http://${address}`,
  };
  if (until !== 'nothing') {
    await untilAnswering(gateway, until === 'ready' ? '/readyz' : '/livez');
  }
  return gateway;
}

/** Starts a program of Node with an empty environment plus PATH, HOME and what `env` names. */
export function spawnNode(
  args: readonly string[],
  {
    env = {},
    cwd = projectRoot,
    openFiles,
  }: Pick<GatewayOptions, 'env' | 'cwd' | 'openFiles'> = {},
): RunningProcess {
  const { PATH = '', HOME = '/nonexistent' } = process.env;
  const [program, ...words] =
    openFiles === undefined
      ? [process.execPath, ...args]
      : ['/bin/sh', '-c', `ulimit -n ${openFiles} && exec "$0" "$@"`, process.execPath, ...args];
  const child = spawn(program, words, {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return follow(child);
}

/** Whether no process with that ID runs. A zombie, which waits for its parent, does not count as running. */
export async function isGone(pid: number): Promise<boolean> {
  return (await startTimeOf(pid)) === undefined;
}

/** Returns the other processes with this text in their command lines, from /proc if it exists, otherwise from `ps`. */
export async function processesNaming(text: string): Promise<number[]> {
  const lines = process.platform === 'linux' ? await linesInProc() : await linesOfPs();
  return lines
    .filter(([pid, line]) => pid !== process.pid && line.includes(text))
    .map(([pid]) => pid);
}

async function linesInProc(): Promise<[pid: number, commandLine: string][]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return [Number(pid), line] as [number, string];
    }),
  );
}

async function linesOfPs(): Promise<[pid: number, commandLine: string][]> {
  const options = { env: { LC_ALL: 'C' }, timeoutMs: PS_LIMIT_MS };
  const result = await runCommand('/bin/ps', ['-axww', '-o', 'pid=,command='], options);
  if (result.kind === 'failed') throw new Error(`ps: ${result.reason}`);
  return result.stdout
    .split('\n')
    .map((line) => [Number.parseInt(line, 10), line] as [number, string]);
}

/** Resolves when the process has exited. Throws if it exceeds the limit. */
export async function untilGone(pid: number, limitMs = GONE_LIMIT_MS): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await isGone(pid))) {
    if (Date.now() > deadline) throw new Error(`process ${pid} runs still after ${limitMs} ms`);
    await pause(GONE_POLL_MS);
  }
}

function follow(child: ChildProcess): RunningProcess {
  let text = '';
  const collect = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, signal) => resolve(signal ?? status ?? 'unknown'));
  });
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await ended;
  };
  return {
    pid: child.pid ?? 0,
    output: () => text,
    ended,
    kill,
    async stop() {
      const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await kill('SIGTERM');
      clearTimeout(limit);
    },
  };
}

async function untilAnswering(gateway: Gateway, path: string): Promise<void> {
  const deadline = Date.now() + SERVING_LIMIT_MS;
  const end = gateway.ended.then((status) => ({ status }));
  for (;;) {
    if (await answers(`${gateway.baseUrl}${path}`)) return;
    const ended = await Promise.race([end, pause(SERVING_POLL_MS)]);
    if (ended !== undefined) {
      throw new Error(`the gateway ended with ${ended.status}:\n${gateway.output()}`);
    }
    if (Date.now() > deadline) {
      await gateway.kill('SIGKILL');
      throw new Error(`the gateway does not answer ${path}:\n${gateway.output()}`);
    }
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) })).ok;
  } catch {
    return false;
  }
}

function listenAddress(args: readonly string[]): string | undefined {
  const index = args.findIndex((arg) => arg === '--listen' || arg.startsWith('--listen='));
  const arg = args[index];
  return arg === '--listen' ? args[index + 1] : arg?.slice('--listen='.length);
}
