// The gateway of `npm run cluster`: dist/main.js as a separate process that stops with the cluster program.
import { spawn } from 'node:child_process';
import { closeSync, ftruncateSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endingWithParent, systemGuards } from '../../embedded/guards.js';
import { APPEND, openOwnFile } from '../../embedded/trust.js';

const READY_LIMIT_MS = 30_000;
const READY_POLL_MS = 100;
const RESPONSE_LIMIT_MS = 2_000;
const STOP_LIMIT_MS = 20_000;
const OUTPUT_LINES_SHOWN = 5;

export interface GatewayStart {
  readonly listen: string;
  readonly endpoints: readonly string[];
  readonly logFile: string;
  readonly args: readonly string[];
  readonly path: string;
  readonly home: string;
  readonly signal: AbortSignal;
}

export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
  /** Resolves with the exit status or signal. */
  readonly ended: Promise<string>;
  /** Sends SIGTERM, so that it drains, and SIGKILL after a timeout. */
  stop(): Promise<void>;
}

/** Resolves when the gateway is ready. Throws an error with its last lines of output otherwise. */
export async function startGateway(start: GatewayStart): Promise<GatewayProcess> {
  const gateway = await spawnGateway(start);
  const problem = await untilReady(gateway, start.signal);
  if (problem === undefined) return gateway;
  await gateway.stop();
  throw new Error(`The gateway ${problem}:\n${lastLines(start.logFile)}`);
}

async function spawnGateway(start: GatewayStart): Promise<GatewayProcess> {
  const { listen, endpoints, args, logFile, path, home } = start;
  const main = fileURLToPath(new URL('../../main.js', import.meta.url));
  const flags = ['--listen', listen, '--endpoints', endpoints.join(','), ...args];
  const [file, ...rest] = endingWithParent(await systemGuards(path), [
    process.execPath,
    main,
    ...flags,
  ]);
  const log = openOwnFile(logFile, APPEND);
  ftruncateSync(log);
  // A separate process group: Ctrl-C reaches only the cluster program, which lets the gateway drain before etcd stops.
  const child = spawn(file, rest, {
    env: { PATH: path, HOME: home },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (status, signal) => resolve(signal ?? `status ${status ?? 'unknown'}`));
  });
  return {
    url: `http://${listen}`,
    pid: child.pid ?? 0,
    ended,
    async stop() {
      child.kill('SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(limit);
    },
  };
}

/** Resolves with `undefined` when the gateway is ready, else with the reason why it is not. */
async function untilReady(
  { url, ended }: GatewayProcess,
  signal: AbortSignal,
): Promise<string | undefined> {
  const deadline = performance.now() + READY_LIMIT_MS;
  const end = ended.then((how) => `ended with ${how}`);
  while (performance.now() < deadline) {
    if (signal.aborted) return 'was stopped';
    if (await isReady(url)) return undefined;
    const problem = await Promise.race([end, pause(READY_POLL_MS)]);
    if (problem !== undefined) return problem;
  }
  return `is not ready after ${READY_LIMIT_MS / 1000} s`;
}

async function isReady(url: string): Promise<boolean> {
  const target = new URL('/readyz', url);
  // Replaces the addresses for all interfaces, which are not addresses to connect to.
  if (target.hostname === '0.0.0.0') target.hostname = '127.0.0.1';
  if (target.hostname === '[::]') target.hostname = '[::1]';
  try {
    return (await fetch(target, { signal: AbortSignal.timeout(RESPONSE_LIMIT_MS) })).ok;
  } catch {
    return false;
  }
}

function lastLines(logFile: string): string {
  return readFileSync(logFile, 'utf8').trim().split('\n').slice(-OUTPUT_LINES_SHOWN).join('\n');
}
