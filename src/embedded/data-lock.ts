// Allows one gateway per data directory. If the previous gateway was killed, its etcd is still stopping, and the lock waits for it. If the
// other gateway runs, the lock fails immediately.
import { ftruncateSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { takeKernelLock } from './kernel-lock.js';
import { identityOf, isAlive, parseOwnership } from './ownership.js';
import type { Ownership } from './ownership.js';
import { readOwnFile } from './trust.js';
import { removePidFile, takePidFile, updatePidFile } from './pid-file.js';

const RETRY_MS = 100;

export interface DataLock {
  readonly kind: 'held';
  /** The open file that etcd inherits, so that the lock lives as long as etcd does; `undefined` for the pid file. */
  readonly fd: number | undefined;
  setEtcd(pid: number): Promise<void>;
  release(): Promise<void>;
}

export type DataLockResult =
  | DataLock
  /** `gatewayPid` is that of a running gateway; without it, the etcd of a previous gateway did not stop in time. */
  | { readonly kind: 'taken'; readonly gatewayPid?: number }
  | { readonly kind: 'failed'; readonly reason: string };

export interface DataLockRequest {
  readonly lockFile: string;
  readonly gatewayPid: number;
  /** The path of `flock`, to use the kernel's lock. */
  readonly flock: string | undefined;
  /** How long the etcd of a previous gateway may take to stop. */
  readonly waitLimitMs: number;
  /** Called before each retry; false gives up. */
  readonly isWanted: () => boolean;
}

export async function takeDataLock(request: DataLockRequest): Promise<DataLockResult> {
  const self: Ownership = {
    gateway: await identityOf(request.gatewayPid),
    supervisor: await identityOf(process.pid),
  };
  const { flock, lockFile } = request;
  const deadline = performance.now() + request.waitLimitMs;
  for (;;) {
    const result = await (flock === undefined
      ? withPidFile(`${lockFile}.pid`, self)
      : withKernel(flock, lockFile, self));
    if (result.kind !== 'taken') return result;
    const owner = result.owner?.gateway;
    if (owner !== undefined && (await isAlive(owner)))
      return { kind: 'taken', gatewayPid: owner.pid };
    if (performance.now() > deadline || !request.isWanted()) return { kind: 'taken' };
    await pause(RETRY_MS);
  }
}

type Attempt =
  | DataLock
  | { readonly kind: 'taken'; readonly owner: Ownership | undefined }
  | { readonly kind: 'failed'; readonly reason: string };

async function withKernel(flock: string, file: string, self: Ownership): Promise<Attempt> {
  const lock = await takeKernelLock({ flock, file, waitSeconds: 0 });
  if (lock.kind === 'failed') return lock;
  if (lock.kind === 'taken') {
    return { kind: 'taken', owner: parseOwnership(readOwnFile(file)) };
  }
  ftruncateSync(lock.fd);
  writeSync(lock.fd, JSON.stringify(self));
  const nothingToDo = (): Promise<void> => Promise.resolve();
  return { kind: 'held', fd: lock.fd, setEtcd: nothingToDo, release: nothingToDo };
}

async function withPidFile(file: string, self: Ownership): Promise<Attempt> {
  const lock = await takePidFile(file, self);
  if (lock.kind !== 'held') return lock;
  return {
    kind: 'held',
    fd: undefined,
    setEtcd: async (pid) => updatePidFile(file, { ...self, etcd: await identityOf(pid) }),
    release: () => removePidFile(file),
  };
}
