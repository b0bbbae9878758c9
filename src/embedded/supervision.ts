// The gateway's side of the supervisor: starts it, reads its reports, stops it. When the supervisor's standard input closes, it stops etcd.
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemReason } from '../core/system-reason.js';
import type { SystemGuards } from './guards.js';
import { startTimeOf } from './process-identity.js';
import { APPEND, openOwnFile } from './trust.js';

const ETCD_STOP_LIMIT_MS = 5_000;
const SUPERVISOR_STOP_LIMIT_MS = 10_000;
const GONE_POLL_MS = 10;
const GONE_POLLS_MAX = 500;

/** The supervisor's argument on its command line, as JSON. */
export interface SupervisorSpec {
  readonly gatewayPid: number;
  readonly etcdFile: string;
  readonly etcdArgs: readonly string[];
  readonly version: string;
  readonly versionFile: string;
  readonly lockFile: string;
  readonly logFile: string;
  /** The folder of the unix sockets, which is then etcd's working directory. */
  readonly socketFolder?: string;
  /** How long etcd may take to exit after SIGTERM. */
  readonly stopLimitMs: number;
  readonly guards?: SystemGuards;
}

export type Report =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'taken'; readonly gatewayPid?: number }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'ended'; readonly status: number | null; readonly signal: string | null };

/** Why etcd does not run: `taken` = another process has the lock, `ended` = etcd exited, `lost` = the supervisor exited. */
export type Ending =
  Exclude<Report, { kind: 'started' }> | { readonly kind: 'lost'; readonly reason: string };

export interface SupervisedEtcd {
  readonly supervisorPid: number;
  /** Resolves with etcd's process ID, or `undefined` if it never ran. */
  readonly started: Promise<number | undefined>;
  /** Resolves when etcd and its supervisor have exited, after `stop` or unexpectedly. */
  readonly ended: Promise<Ending>;
  /** Stops etcd (SIGTERM, after a timeout SIGKILL) and waits until both processes have exited. */
  stop(): Promise<void>;
}

export function superviseEtcd(
  spec: Omit<SupervisorSpec, 'gatewayPid' | 'stopLimitMs'>,
): SupervisedEtcd {
  const complete: SupervisorSpec = {
    ...spec,
    gatewayPid: process.pid,
    stopLimitMs: ETCD_STOP_LIMIT_MS,
  };
  // Unexpected output of the supervisor goes to etcd's log.
  const log = openOwnFile(spec.logFile, APPEND);
  // A process group of its own, so that Ctrl-C in a terminal does not end etcd before the gateway has drained.
  const child = spawn(process.execPath, [supervisorFile(), JSON.stringify(complete)], {
    env: {},
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'pipe', log],
    // The typings have no overload for a file descriptor next to pipes.
  }) as ChildProcessByStdio<Writable, Readable, null>;
  closeSync(log);
  child.stdin.on('error', () => undefined);
  const { started, ended } = follow(child);
  return {
    supervisorPid: child.pid ?? 0,
    started,
    ended,
    async stop() {
      child.stdin.destroy();
      const limit = setTimeout(() => child.kill('SIGKILL'), SUPERVISOR_STOP_LIMIT_MS);
      await ended;
      clearTimeout(limit);
    },
  };
}

function follow(child: ChildProcessByStdio<Writable, Readable, null>): {
  started: Promise<number | undefined>;
  ended: Promise<Ending>;
} {
  const reports = createInterface({ input: child.stdout });
  let last: Ending | undefined;
  let etcd: Promise<{ pid: number; startTime: string | undefined }> | undefined;
  let resolveStarted: (pid: number | undefined) => void = () => undefined;
  const started = new Promise<number | undefined>((resolve) => (resolveStarted = resolve));
  reports.on('line', (line) => {
    const report = JSON.parse(line) as Report;
    if (report.kind !== 'started') {
      last = report;
      return;
    }
    etcd = startTimeOf(report.pid).then((startTime) => ({ pid: report.pid, startTime }));
    resolveStarted(report.pid);
  });
  const ended = new Promise<Ending>((resolve) => {
    const finish = (lost: string): void => {
      resolveStarted(undefined);
      void endLeftOver(etcd).then(() => resolve(last ?? { kind: 'lost', reason: lost }));
    };
    child.once('error', (error) => finish(systemReason(error)));
    // 'close' comes after the last report has been read; 'exit' might come before.
    child.once('close', (status, signal) =>
      finish(
        signal === null
          ? `it ended with status ${status ?? 'unknown'}`
          : `it was ended by ${signal}`,
      ),
    );
  });
  return { started, ended };
}

/** Kills etcd after its supervisor exited, on systems where the kernel does not. */
async function endLeftOver(
  etcd: Promise<{ pid: number; startTime: string | undefined }> | undefined,
): Promise<void> {
  const known = await etcd;
  if (known?.startTime === undefined) return;
  if ((await startTimeOf(known.pid)) !== known.startTime) return;
  try {
    process.kill(known.pid, 'SIGKILL');
  } catch {
    // It exited between the check and the signal.
  }
  for (let poll = 0; poll < GONE_POLLS_MAX; poll += 1) {
    if ((await startTimeOf(known.pid)) !== known.startTime) return;
    await pause(GONE_POLL_MS);
  }
}

function supervisorFile(): string {
  const sibling = new URL('./supervisor.js', import.meta.url);
  if (existsSync(sibling)) return fileURLToPath(sibling);
  // Run from the TypeScript sources, as tests do: the built supervisor of the same project.
  return fileURLToPath(new URL('../../dist/embedded/supervisor.js', import.meta.url));
}
