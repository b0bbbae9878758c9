// The processes that use a data directory, by process ID and start time. They are stored in the lock file for a second gateway.
import { startTimeOf } from './process-identity.js';

export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

export interface Ownership {
  readonly gateway: ProcessIdentity;
  readonly supervisor: ProcessIdentity;
  readonly etcd?: ProcessIdentity;
}

export async function identityOf(pid: number): Promise<ProcessIdentity> {
  return { pid, startTime: (await startTimeOf(pid)) ?? 'gone' };
}

export async function isAlive({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  return (await startTimeOf(pid)) === startTime;
}

/** Returns `undefined` for an invalid text, such as an empty or truncated file. */
export function parseOwnership(text: string): Ownership | undefined {
  try {
    const { gateway, supervisor, etcd } = JSON.parse(text) as Record<string, unknown>;
    if (!isIdentity(gateway) || !isIdentity(supervisor)) return undefined;
    return { gateway, supervisor, ...(isIdentity(etcd) ? { etcd } : {}) };
  } catch {
    return undefined;
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startTime } = value as Record<string, unknown>;
  return Number.isInteger(pid) && (pid as number) > 0 && typeof startTime === 'string';
}
