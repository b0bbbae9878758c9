// The process between the gateway and etcd. It holds the data directory's lock, runs etcd, and stops it when its standard input closes,
// which happens whenever the gateway exits. If the supervisor itself is killed, the kernel kills etcd (setpriv --pdeathsig).
// A separate process: started as `node supervisor.js SPEC`, it writes one JSON report per line.
import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, renameSync, writeSync } from 'node:fs';
import { systemReason } from '../core/system-reason.js';
import { prepareSocketFolder, removeSocketFolder } from './addresses.js';
import { takeDataLock } from './data-lock.js';
import type { DataLock } from './data-lock.js';
import { endingWithParent } from './guards.js';
import type { Report, SupervisorSpec } from './supervision.js';
import { APPEND, REPLACE, openOwnFile } from './trust.js';

const REPORT_FD = 1;
const LOCK_WAIT_MARGIN_MS = 2_000;

let etcd: ChildProcess | undefined;
let isEnding = false;
let hasSockets = false;

const spec = JSON.parse(process.argv[2] ?? '{}') as SupervisorSpec;
watchTheGateway();
await run();

async function run(): Promise<void> {
  const { lockFile, gatewayPid, guards, stopLimitMs } = spec;
  const lock = await takeDataLock({
    lockFile,
    gatewayPid,
    flock: guards?.flock,
    waitLimitMs: stopLimitMs + LOCK_WAIT_MARGIN_MS,
    isWanted: () => !isEnding,
  });
  if (lock.kind !== 'held') return finish(lock);
  if (isEnding) return finish(undefined, lock);
  try {
    writeDataVersion();
    if (spec.socketFolder !== undefined) {
      prepareSocketFolder(spec.socketFolder);
      hasSockets = true;
    }
    await runEtcd(lock);
  } catch (error) {
    await finish({ kind: 'failed', reason: systemReason(error) }, lock);
  }
}

function watchTheGateway(): void {
  process.stdin.on('end', endEtcd).on('close', endEtcd).on('error', endEtcd).resume();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, endEtcd);
}

function endEtcd(): void {
  if (isEnding) return;
  isEnding = true;
  if (etcd === undefined) return;
  etcd.kill('SIGTERM');
  setTimeout(() => etcd?.kill('SIGKILL'), spec.stopLimitMs);
}

// Written before etcd opens the data, because an older etcd may be unable to read them from then on.
function writeDataVersion(): void {
  const next = `${spec.versionFile}.new`;
  const fd = openOwnFile(next, REPLACE);
  writeSync(fd, `${spec.version}\n`);
  closeSync(fd);
  renameSync(next, spec.versionFile);
}

async function runEtcd(lock: DataLock): Promise<void> {
  const log = openOwnFile(spec.logFile, APPEND);
  const stdio: StdioOptions = ['ignore', log, log];
  if (lock.fd !== undefined) stdio.push(lock.fd);
  const { etcdFile, etcdArgs, guards, socketFolder } = spec;
  const [file, ...args] = endingWithParent(guards, [etcdFile, ...etcdArgs]);
  const child = spawn(file, args, { env: {}, stdio, cwd: socketFolder ?? '/' });
  child.once(
    'error',
    (error) => void finish({ kind: 'failed', reason: systemReason(error) }, lock),
  );
  child.once('exit', (status, signal) => void finish({ kind: 'ended', status, signal }, lock));
  if (child.pid === undefined) return;
  etcd = child;
  await lock.setEtcd(child.pid);
  report({ kind: 'started', pid: child.pid });
}

async function finish(last: Report | undefined, lock?: DataLock): Promise<void> {
  if (last !== undefined) report(last);
  // Before the lock is released, because the next etcd uses the same folder.
  if (hasSockets && spec.socketFolder !== undefined) removeSocketFolder(spec.socketFolder);
  await lock?.release();
  process.exit(0);
}

function report(line: Report): void {
  try {
    writeSync(REPORT_FD, `${JSON.stringify(line)}\n`);
  } catch {
    // The gateway has exited; standard input closes as well.
  }
}
