// The target of the lock contract, and helpers for all its parts.
import { randomBytes } from 'node:crypto';
import type { Answer } from '../../support/http-client.js';
import type { LockClient } from '../../support/lock-client.js';
import type { RawEtcd } from '../../support/raw-etcd.js';

export interface LockTarget {
  /** One client for each replica. */
  readonly replicas: readonly LockClient[];
  readonly etcd: RawEtcd;
}

export type Target = () => LockTarget;

/** The time limit for effects that the contract guarantees within a second, with slack for a loaded machine. */
export const WITHIN_A_SECOND = { timeout: 5_000, interval: 20 } as const;

/** Returns clients of two replicas, or the same client twice. */
export function clientsOf(target: Target): [LockClient, LockClient] {
  const { replicas } = target();
  return [replicas[0]!, replicas[1] ?? replicas[0]!];
}

export function newToken(): string {
  return randomBytes(16).toString('hex');
}

export function codeOf(answer: Answer): [number, string] {
  return [answer.status, answer.json().code];
}

/** Returns the JSON pointers in a 400. */
export function pointersOf(answer: Answer): string[] {
  return (answer.json().errors as { pointer: string }[]).map((error) => error.pointer);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export const HELD = [423, 'lock-held'];
export const EXPIRED = [410, 'lock-expired'];
export const NOT_HOLDER = [409, 'not-holder'];
export const NOT_FOUND = [404, 'lock-not-found'];
export const INVALID = [400, 'invalid-request'];
