// A Caller for tests of the layers below the APIs.
import { GATEWAY_IDENTITY } from '../../src/core/caller.js';
import type { Caller } from '../../src/core/caller.js';

const TIMEOUT_MS = 10_000;

export function callerFor(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Caller {
  const { timeoutMs = TIMEOUT_MS, signal = new AbortController().signal } = options;
  return { identity: GATEWAY_IDENTITY, signal, deadline: performance.now() + timeoutMs };
}
