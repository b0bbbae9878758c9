// A lock that the kernel holds as long as any process has the file open, so that it never becomes stale.
// Node cannot call flock(2); util-linux' `flock` takes the lock on a file that it inherits, and the lock stays with the open file.
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { systemReason } from '../core/system-reason.js';
import { APPEND, openOwnFile } from './trust.js';

const INHERITED_FD = 3;
const STATUS_HELD_BY_ANOTHER = 1;
const START_MARGIN_MS = 5_000;

export type KernelLock =
  | { readonly kind: 'held'; readonly fd: number }
  | { readonly kind: 'taken' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface KernelLockRequest {
  /** The program `flock`. */
  readonly flock: string;
  /** Created if it does not exist; its content belongs to the holder. */
  readonly file: string;
  /** 0 = one attempt. */
  readonly waitSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Takes the lock. It is held until `fd` is closed here and in every process that inherited it. */
export async function takeKernelLock(request: KernelLockRequest): Promise<KernelLock> {
  let fd: number;
  try {
    fd = openOwnFile(request.file, APPEND);
  } catch (error) {
    return { kind: 'failed', reason: systemReason(error) };
  }
  const result = await lockInherited(request, fd);
  if (result.kind !== 'held') closeSync(fd);
  return result;
}

async function lockInherited(
  { flock, waitSeconds, signal }: KernelLockRequest,
  fd: number,
): Promise<KernelLock> {
  const waitArgs = waitSeconds === 0 ? ['-n'] : ['-w', String(waitSeconds)];
  return new Promise((resolve) => {
    const child = spawn(flock, [...waitArgs, String(INHERITED_FD)], {
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', fd],
      timeout: waitSeconds * 1000 + START_MARGIN_MS,
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
    });
    child.once('error', (error) => resolve({ kind: 'failed', reason: systemReason(error) }));
    child.once('exit', (status, cause) => {
      if (status === 0) resolve({ kind: 'held', fd });
      else if (status === STATUS_HELD_BY_ANOTHER) resolve({ kind: 'taken' });
      else
        resolve({ kind: 'failed', reason: `flock ended with ${cause ?? status ?? 'no status'}` });
    });
  });
}
